package gitwriter

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"
)

func TestParseClaims(t *testing.T) {
	t.Parallel()
	www := claim{policy: "fairlead/www", targets: []string{"a.yaml#www.tag"}, froms: []string{"v1"}, tag: "v2"}
	const text = "Image-Policy: fairlead/www\nImage-Target: a.yaml#www.tag\nImage-From: v1\nImage-To: v2\n"
	cases := map[string]struct {
		reason, message string
		want            []claim
	}{
		"Trailers": {reason: "as they are written", message: "deploy(www): v1 -> v2\n\n" + text, want: []claim{www}},
		"Indented": {reason: "git merge --squash indents", message: "Squashed\n\n    " + strings.ReplaceAll(text, "\n", "\n    "), want: []claim{www}},
		"CRLF":     {reason: "web forms send such line ends", message: strings.ReplaceAll("x\n\n"+text, "\n", "\r\n"), want: []claim{www}},
		"Several":  {reason: "a squash repeats those of several commits", message: "x\n\n* one\n\n" + text + "\n* two\n\n" + text, want: []claim{www, www}},
		"Digest": {
			reason: "both in one", message: "x\n\nImage-Policy: p\nImage-Target: a#t\nImage-Target: a#d\nImage-To: v2@sha256:aa",
			want: []claim{{policy: "p", targets: []string{"a#t", "a#d"}, tag: "v2", digest: "sha256:aa"}},
		},
		"Cut":      {reason: "what has no end says nothing", message: "x\n\nImage-Policy: p\nImage-Target: a#t\n"},
		"NoStart":  {reason: "nor what has no beginning", message: "x\n\nImage-Target: a#t\nImage-To: v2\n"},
		"NoTarget": {reason: "nor what has no place", message: "x Image-Target:\n\nImage-Policy: p\nImage-To: v2\n"},
		"NoTag":    {reason: "nor what has no tag", message: "x\n\nImage-Policy: p\nImage-Target: a#t\nImage-To: a tag\n"},
		"Nothing":  {reason: "most commits", message: "Fix it\n"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, parseClaims([]byte(c.message)), cmp.AllowUnexported(claim{})); diff != "" {
				t.Errorf("%s: -want +got:\n%s", c.reason, diff)
			}
		})
	}
}

func TestClaimNames(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		froms  []string
		want   string
		ok     bool
	}{
		"None":      {reason: "nothing stood there", ok: true},
		"ForAll":    {reason: "the same stood everywhere", froms: []string{"v1"}, want: "v1", ok: true},
		"ForEach":   {reason: "one for each, in order", froms: []string{"v1", "v2"}, want: "v2", ok: true},
		"Otherwise": {reason: "nobody can say which is whose", froms: []string{"v1", "v2", "v3"}},
	}
	for name, c := range cases {
		claim := claim{targets: []string{"a#x", "a#y"}, froms: c.froms}
		if got, ok := claim.names([]string{"a#y"}); got != c.want || ok != c.ok {
			t.Errorf("%s: %s: got %q, %v", name, c.reason, got, ok)
		}
	}
	if _, ok := (&claim{targets: []string{"a#x"}}).names([]string{"a#z"}); ok {
		t.Error("a place that isn't named")
	}
}

// TestTold: a trailer about a target of other parts is understood as far as it speaks of the same.
func TestTold(t *testing.T) {
	t.Parallel()
	cases := []struct {
		held reference
		from string
		want bool
	}{
		{reference{}, "", true},
		{reference{tag: "v1"}, "v1", true},
		{reference{tag: "v1"}, "v2", false},
		{reference{tag: "v1"}, "", false},
		{reference{}, "v1", false},
		{reference{tag: "v1", digest: "sha256:a"}, "v1@sha256:a", true},
		{reference{tag: "v1", digest: "sha256:a"}, "v1", true},
		{reference{tag: "v1", digest: "sha256:a"}, "sha256:a", true},
		{reference{tag: "v1", digest: "sha256:a"}, "v1@sha256:b", false},
		{reference{tag: "v1", digest: "sha256:a"}, "sha256:b", false},
		{reference{digest: "sha256:a"}, "v1@sha256:a", true},
		{reference{tag: "v1"}, "sha256:a", false},
		{reference{tag: "a @ b"}, "a @ b", true},
		{reference{tag: "a\nb"}, "a b", true},
	}
	for _, c := range cases {
		if got := c.held.told(c.from); got != c.want {
			t.Errorf("%+v told as %q: %v", c.held, c.from, got)
		}
	}
}

// graph makes commits in a store.
type graph struct {
	t     testing.TB
	store *store
}

func (g graph) commit(when int64, message string, parents ...plumbing.Hash) plumbing.Hash {
	g.t.Helper()
	by := object.Signature{Name: "Ada", Email: "ada@example.com", When: time.Unix(when, 0).UTC()}
	id, body, err := encodeCommit(&object.Commit{Author: by, Committer: by, Message: message, ParentHashes: parents})
	if err != nil {
		g.t.Fatal(err)
	}
	g.store.put(map[plumbing.Hash]*stored{id: {kind: plumbing.CommitObject, body: body}})
	return id
}

func trailersFor(place, tag string) string {
	return fmt.Sprintf("deploy\n\nImage-Policy: p\nImage-Target: %s\nImage-From: v0\nImage-To: %s\n", place, tag)
}

// told is what a history says, for comparison.
func (h *history) told() map[string][]string {
	told := map[string][]string{}
	for place, all := range h.claims {
		for _, c := range all {
			told[place] = append(told[place], fmt.Sprint(c.id, c.order, c.says))
		}
	}
	return told
}

// TestHistoryIsTheGraphs: however the head came to where it is, by small steps and large ones, merges and rewritten branches,
// the history is what a fresh reading of the same commits gives; clocks that lie included.
func TestHistoryIsTheGraphs(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 1))
		g := graph{t, newStore()}
		commits := []plumbing.Hash{g.commit(1000, "start")}
		grown := &history{}
		for i := range 300 {
			message := "note " + strconv.Itoa(i)
			if random.IntN(2) == 0 {
				message = trailersFor(fmt.Sprintf("a.yaml#p%d", random.IntN(4)), fmt.Sprintf("v%d", i))
			}
			pick := func() plumbing.Hash { return commits[max(0, len(commits)-1-random.IntN(5))] }
			parents := []plumbing.Hash{pick()}
			if random.IntN(4) == 0 {
				parents = append(parents, pick())
			}
			commits = append(commits, g.commit(1000+random.Int64N(500), message, slices.Compact(parents)...))
			if random.IntN(3) > 0 {
				continue
			}
			head := commits[len(commits)-1-random.IntN(2)]
			grown.read(g.store, head)
			fresh := &history{}
			fresh.read(g.store, head)
			if diff := cmp.Diff(fresh.told(), grown.told()); diff != "" {
				t.Fatalf("seed %d, commit %d: -fresh +grown:\n%s", seed, i, diff)
			}
			if diff := cmp.Diff(fresh.order, grown.order); diff != "" {
				t.Fatalf("seed %d, commit %d: order: -fresh +grown:\n%s", seed, i, diff)
			}
		}
	}
}

// TestHistoryOrder: descent counts before clocks, clocks before nothing, and a claim is kept as long as it is among the newest.
func TestHistoryOrder(t *testing.T) {
	t.Parallel()
	g := graph{t, newStore()}
	start := g.commit(5000, "start")
	early := g.commit(100, trailersFor("a#t", "v1"), start)
	late := g.commit(9000, trailersFor("a#t", "v2"), start)
	onEarly := g.commit(200, trailersFor("a#t", "v3"), early)
	h := &history{}
	h.read(g.store, g.commit(300, "merge", onEarly, late))
	var tags []string
	for _, c := range h.claims["a#t"] {
		tags = append(tags, c.says[0].tag)
	}
	if diff := cmp.Diff([]string{"v1", "v3", "v2"}, tags); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	head := h.head
	for i := range 2 * keptClaims {
		head = g.commit(10_000, trailersFor("a#t", fmt.Sprintf("v%d", 10+i)), head)
	}
	h.read(g.store, head)
	all := h.claims["a#t"]
	if len(all) != keptClaims || all[len(all)-1].says[0].tag != fmt.Sprintf("v%d", 9+2*keptClaims) {
		t.Errorf("%d claims are kept, the newest %s", len(all), all[len(all)-1].says[0].tag)
	}
	h.read(g.store, onEarly)
	if got := len(h.claims["a#t"]); got != 2 {
		t.Errorf("the head went back to two claims, and %d are known", got)
	}
}

func FuzzScanCommit(f *testing.F) {
	f.Add([]byte("tree 0000000000000000000000000000000000000000\nparent 1111111111111111111111111111111111111111\n" +
		"author A <a@example.com> 1 +0000\ncommitter A <a@example.com> 2 +0000\ngpgsig x\n y\n\n" + trailersFor("a#t", "v1")))
	f.Add([]byte("parent x\ncommitter > 99999999999999999999 x\n\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		c := scanCommit(body)
		if c.when < 0 || c.when > maxCommitTime || !bytes.HasSuffix(body, c.message) {
			t.Errorf("%d, %q", c.when, c.message)
		}
		for _, said := range parseClaims(body) {
			if len(said.targets) == 0 || !isTag(said.tag) {
				t.Errorf("%+v", said)
			}
			said.names([]string{said.targets[0]})
		}
	})
}

// BenchmarkHistory reads a branch of 50,000 commits, every second one a deployment of one of 300 services; then one more.
func BenchmarkHistory(b *testing.B) {
	const commits, services = 50_000, 300
	g := graph{b, newStore()}
	head := g.commit(1_700_000_000, "start")
	for i := range commits {
		message := "Raise the limits of service " + strconv.Itoa(i)
		if i%2 == 0 {
			message = trailersFor(fmt.Sprintf("apps/webhooks/values.yaml#s%d.tag", i/2%services), fmt.Sprintf("v1.0.%d", i))
		}
		head = g.commit(1_700_000_000+int64(i)*60, message, head)
	}
	held := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	b.Run("All", func(b *testing.B) {
		before := held()
		var h *history
		for b.Loop() {
			h = &history{}
			h.read(g.store, head)
		}
		b.ReportMetric(float64(held()-before)/(1<<20), "MB")
		runtime.KeepAlive(h)
	})
	b.Run("OneMore", func(b *testing.B) {
		h := &history{}
		h.read(g.store, head)
		for i := 0; b.Loop(); i++ {
			head = g.commit(1_800_000_000+int64(i), trailersFor("apps/webhooks/values.yaml#s1.tag", fmt.Sprintf("v2.0.%d", i)), head)
			h.read(g.store, head)
		}
	})
}
