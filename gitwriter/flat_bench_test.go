package gitwriter_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fairlead/fairlead/gitwriter"
)

// flatSizes are a repository of an ordinary size and a tiny one, in files and commits.
func flatSizes() map[string][2]int {
	return map[string][2]int{"small": {20, 10}, "large": {20_000, 10_000}}
}

// slowRounds is how often a checkout of all files is measured: it takes as long as a hundred of the others.
const slowRounds = 3

// sample is what one operation cost.
type sample struct {
	took                                       time.Duration
	allocated, allocations, requests, up, down int64
}

// samples are those of one kind of operation.
type samples struct {
	server *gitServer
	all    []sample
}

// measure does something once, and notes what it cost this process and the server's wire.
func (s *samples) measure(do func()) {
	s.server.counted()
	s.server.traffic()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	do()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	up, down := s.server.traffic()
	s.all = append(s.all, sample{
		took: took, allocated: int64(after.TotalAlloc - before.TotalAlloc), allocations: int64(after.Mallocs - before.Mallocs),
		requests: int64(len(s.server.counted())), up: up, down: down,
	})
}

// report tells the medians: a machine that does other things beside it disturbs a mean.
func (s *samples) report(b *testing.B, name string) {
	b.Helper()
	median := func(of func(sample) int64) float64 {
		values := make([]int64, 0, len(s.all))
		for _, one := range s.all {
			values = append(values, of(one))
		}
		slices.Sort(values)
		return float64(values[len(values)/2])
	}
	b.ReportMetric(median(func(s sample) int64 { return s.took.Microseconds() })/1000, name+"-ms")
	b.ReportMetric(median(func(s sample) int64 { return s.allocated })/1024, name+"-alloc-KiB")
	b.ReportMetric(median(func(s sample) int64 { return s.allocations }), name+"-allocs")
	b.ReportMetric(median(func(s sample) int64 { return s.requests }), name+"-requests")
	b.ReportMetric(median(func(s sample) int64 { return s.up }), name+"-up-B")
	b.ReportMetric(median(func(s sample) int64 { return s.down }), name+"-down-B")
}

// BenchmarkFlat makes one commit in turn on a small and on a large repository: as a Mirror does, that asks for the head before;
// as git does in a clone that it keeps; and as git does in a shallow clone of its own for each. The server runs in this
// process, whose allocations are therefore an upper bound; git's are its own.
func BenchmarkFlat(b *testing.B) {
	kinds := map[string]*samples{}
	var steps []func(round int)
	for name, size := range flatSizes() {
		for kind, start := range map[string]func(*gitServer, *samples) func(int){
			"ours": func(s *gitServer, into *samples) func(int) { return flatOurs(b, s, into) },
			"kept": func(s *gitServer, into *samples) func(int) { return flatKept(b, s, into) },
			"new":  func(s *gitServer, into *samples) func(int) { return flatNew(b, s, into) },
		} {
			s := newGitServer(b)
			s.history(size[0], size[1])
			into := &samples{server: s}
			kinds[name+"-"+kind] = into
			steps = append(steps, start(s, into))
		}
	}
	round := 0
	for b.Loop() {
		round++
		for _, step := range steps {
			step(round)
		}
	}
	for name, all := range kinds {
		all.report(b, name)
	}
}

func flatOurs(b *testing.B, s *gitServer, into *samples) func(int) {
	b.Helper()
	m := newMirror(s)
	write(b, m, change(b, "www", "v1.0.1"))
	return func(round int) {
		wish := change(b, "www", fmt.Sprintf("v1.1.%d", round))
		into.measure(func() {
			if _, err := m.Refresh(b.Context()); err != nil {
				b.Fatal(err)
			}
			write(b, m, wish)
		})
	}
}

func flatKept(b *testing.B, s *gitServer, into *samples) func(int) {
	b.Helper()
	work := b.TempDir()
	git(b, work, "clone", "-q", s.credentialURL(), ".")
	return func(round int) {
		into.measure(func() {
			git(b, work, "fetch", "-q", "origin", "main")
			flatCommit(b, work, round)
		})
	}
}

func flatNew(b *testing.B, s *gitServer, into *samples) func(int) {
	b.Helper()
	return func(round int) {
		if round > slowRounds {
			return
		}
		work := b.TempDir()
		into.measure(func() {
			git(b, work, "clone", "-q", "--depth", "1", s.credentialURL(), ".")
			flatCommit(b, work, round)
		})
		must(b, os.RemoveAll(work))
	}
}

func flatCommit(b *testing.B, work string, round int) {
	b.Helper()
	must(b, os.WriteFile(filepath.Join(work, valuesFile), []byte(values(fmt.Sprintf("v1.1.%d", round), "v1.0.0", "v1.0.0")), 0o600))
	git(b, work, "commit", "-q", "-a", "-m", "deploy")
	git(b, work, "push", "-q", "origin", "HEAD:main")
}

// credentialURL is the repository's address for git itself.
func (s *gitServer) credentialURL() string {
	return strings.Replace(s.url(), "://", "://"+username+":"+password+"@", 1)
}

// BenchmarkFlatFirst is what a start costs: ours up to the first head, and git's clones of various kinds. kept-MiB is what
// stays in memory, or on disk for git.
func BenchmarkFlatFirst(b *testing.B) {
	for name, size := range flatSizes() {
		s := newGitServer(b)
		s.history(size[0], size[1])
		b.Run(name+"/ours", func(b *testing.B) {
			into := &samples{server: s}
			var kept []*gitwriter.Mirror
			before := heap()
			for b.Loop() {
				m := newMirror(s)
				into.measure(func() {
					if _, err := m.Refresh(b.Context()); err != nil {
						b.Fatal(err)
					}
				})
				kept = append(kept, m)
			}
			b.ReportMetric(float64(heap()-before)/float64(len(kept))/(1<<20), "kept-MiB")
			b.ReportMetric(float64(kept[0].StoreSize())/(1<<20), "store-MiB")
			runtime.KeepAlive(kept)
			into.report(b, "first")
		})
		for kind, arguments := range map[string][]string{
			"full": nil, "depth1": {"--depth", "1"}, "blobless": {"--filter=blob:none", "--no-checkout"}, "treeless": {"--filter=tree:0", "--no-checkout"},
		} {
			b.Run(name+"/git-"+kind, func(b *testing.B) {
				into := &samples{server: s}
				for b.Loop() {
					work := b.TempDir()
					into.measure(func() {
						git(b, work, append(append([]string{"clone", "-q"}, arguments...), s.credentialURL(), ".")...)
					})
					must(b, os.RemoveAll(work))
				}
				into.report(b, "first")
			})
		}
	}
}

// BenchmarkFlatRun makes a thousand commits on a large repository, with one of somebody else before every tenth, and tells the
// most that the store and the heap held.
func BenchmarkFlatRun(b *testing.B) {
	s := newGitServer(b)
	size := flatSizes()["large"]
	s.history(size[0], size[1])
	m := newMirror(s)
	write(b, m, change(b, "www", "v1.0.1"))
	first, start := m.StoreSize(), heap()
	var most, mostHeap int64
	round := 0
	for b.Loop() {
		for range 1000 {
			round++
			if round%10 == 0 {
				tree := s.git("rev-parse", "main^{tree}")
				s.git("update-ref", "refs/heads/main", s.git("commit-tree", "-p", "main", "-m", "human", tree))
			}
			write(b, m, change(b, "www", fmt.Sprintf("v1.1.%d", round)))
			most = max(most, m.StoreSize())
			if round%100 == 0 {
				mostHeap = max(mostHeap, heap())
			}
		}
	}
	commits, bytes := m.StoreHolds("commit")
	b.ReportMetric(float64(bytes)/float64(commits), "B/commit")
	b.ReportMetric(float64(first)/(1<<20), "store-first-MiB")
	b.ReportMetric(float64(most)/(1<<20), "store-most-MiB")
	b.ReportMetric(float64(m.StoreSize())/(1<<20), "store-last-MiB")
	b.ReportMetric(float64(start)/(1<<20), "heap-first-MiB")
	b.ReportMetric(float64(mostHeap)/(1<<20), "heap-most-MiB")
	b.ReportMetric(float64(heap())/(1<<20), "heap-last-MiB")
	runtime.KeepAlive(m)
}
