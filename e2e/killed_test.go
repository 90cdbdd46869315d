package e2e_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fairlead/fairlead/e2e/stack"
	"github.com/fairlead/fairlead/failpoint"
)

var (
	kills    = flag.Int("kills", 10, "how many seeds TestKilled runs, from 1 on")
	killSeed = flag.Uint64("kill-seed", 0, "the one seed that TestKilled runs; 0: as many as -kills says")
)

// killedTimeout bounds one seed.
const killedTimeout = 90 * time.Second

// TestKilled has two replicas write to the same branch without electing a leader, beside a human, while tags are pushed. At a
// step that the seed chooses a replica kills itself, and is started again. In the end every change stands exactly once in Git,
// and nobody's commit is lost.
func TestKilled(t *testing.T) {
	s, err := stack.Start(t.Context(), stack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	binary := filepath.Join(s.Dir(), "fairlead-failpoint")
	if err := stack.Build(t.Context(), binary, "-tags=failpoint"); err != nil {
		t.Fatal(err)
	}
	all := &figures{kills: map[string]int{}}
	replicas := []*replica{{stack: s, binary: binary, name: "a", figures: all}, {stack: s, binary: binary, name: "b", figures: all}}
	t.Cleanup(func() {
		for _, r := range replicas {
			r.leave()
		}
	})
	seeds := []uint64{*killSeed}
	if *killSeed == 0 {
		seeds = seeds[:0]
		for i := range *kills {
			seeds = append(seeds, uint64(i)+1)
		}
	}
	s.Git.Observe(all.observe)
	began := time.Now()
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), killedTimeout)
			defer cancel()
			k := newKilling(s, replicas, seed)
			if err := k.run(ctx); err != nil {
				t.Errorf("%v\nthe plan: %s\nwhat happened:\n%s\nalone: go test -count 1 ./e2e -run 'TestKilled$' -kill-seed %d", err, k, k.journal(), seed)
			}
			t.Logf("%s: %d commits, %d of them by hand, in %.1f s", k, k.commits+len(k.humans), len(k.humans), time.Since(k.began).Seconds())
			all.add(k)
			if err := k.remove(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	if all.total() < (len(seeds)+1)/2 { // Some live: the other replica may be faster each time.
		t.Errorf("%d replicas were killed by %d seeds: too few to prove anything", all.total(), len(seeds))
	}
	t.Logf("%d seeds in %.1f s: %s", len(seeds), time.Since(began).Seconds(), all)
}

// TestShipped holds that the product can't be told to kill itself.
func TestShipped(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "fairlead")
	if err := stack.Build(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(binary, []byte(failpoint.Variable)) {
		t.Errorf("the binary holds %s: failpoints are for builds with the tag failpoint", failpoint.Variable)
	}
}

// figures count what all seeds came to.
type figures struct {
	mu                               sync.Mutex
	kills                            map[string]int
	commits, humans, asked, accepted int
}

// observe counts the pushes that replicas ask for.
func (f *figures) observe(e stack.Exchange) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.Kind == stack.KindPush {
		f.asked++
	}
}

func (f *figures) killed(where string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kills[where]++
}

// total is how often a replica was killed at a step.
func (f *figures) total() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	total := 0
	for _, n := range f.kills {
		total += n
	}
	return total
}

func (f *figures) add(k *killing) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commits += k.commits
	f.humans += len(k.humans)
	f.accepted += k.accepted
}

// String lists them for a person.
func (f *figures) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	total := 0
	var steps []string
	for _, step := range slices.Sorted(maps.Keys(f.kills)) {
		total += f.kills[step]
		steps = append(steps, fmt.Sprintf("%s %d", step, f.kills[step]))
	}
	return fmt.Sprintf("%d kills (%s), %d commits in %d pushes, %d pushes refused or cut off, %d commits by hand",
		total, strings.Join(steps, ", "), f.commits, f.accepted, f.asked-f.accepted, f.humans)
}
