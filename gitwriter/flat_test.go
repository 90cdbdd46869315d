package gitwriter_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter"
)

// foreign lets somebody else commit contents of one file, one after the other, in one process and without a clone.
func (s *gitServer) foreign(path string, contents ...string) {
	s.t.Helper()
	var stream strings.Builder
	from := "from refs/heads/main^0\n"
	for _, content := range contents {
		fmt.Fprintf(&stream, "commit refs/heads/main\ncommitter Ada <ada@example.com> 1700000000 +0000\ndata 6\nhuman\n%sM 100644 inline %s\ndata %d\n%s\n",
			from, path, len(content), content)
		from = "" // The branch that the process itself moved.
	}
	cmd := exec.Command("git", "-C", s.bare, "fast-import", "--quiet")
	cmd.Stdin = strings.NewReader(stream.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("fast-import: %v: %s", err, out)
	}
}

// TestStoreStaysBounded commits again and again, with others' commits in between, in a folder whose tree is large: what the
// store holds beside the commits themselves stays below its bound, and of the commits there is one each.
func TestStoreStaysBounded(t *testing.T) {
	t.Parallel()
	const (
		bound  = 128 << 10
		rounds = 50
	)
	for name, step := range map[string]func(s *gitServer, m *gitwriter.Mirror, round int){
		"Writing": func(_ *gitServer, m *gitwriter.Mirror, round int) {
			write(t, m, change(t, "www", fmt.Sprintf("v1.1.%d", round)))
		},
		"Following": func(s *gitServer, m *gitwriter.Mirror, round int) {
			s.foreign(fmt.Sprintf("apps/webhooks/f%d.txt", round), strings.Repeat("x", 10_000))
			if _, err := m.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
		"Reading": func(s *gitServer, m *gitwriter.Mirror, round int) {
			s.foreign("apps/webhooks/big.txt", strings.Repeat(strconv.Itoa(round), 5_000))
			head, err := m.Refresh(t.Context())
			must(t, err)
			snapshot, err := m.Snapshot(t.Context(), head.Revision)
			must(t, err)
			must(t, snapshot.Prefetch(t.Context(), "."))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newGitServer(t)
			files := map[string]string{valuesFile: values("v1.0.0", "v2.0.0", "v3.0.0")}
			for i := range 400 {
				files[fmt.Sprintf("apps/webhooks/f%d.txt", i)] = "x\n"
			}
			s.commit("start", files)
			m := gitwriter.NewMirror(s.remote(), gitwriter.WithClock(clock), gitwriter.WithStoreBound(bound))
			var most int64
			for round := range rounds {
				step(s, m, round)
				_, trees := m.StoreHolds("tree")
				_, blobs := m.StoreHolds("blob")
				most = max(most, trees+blobs)
			}
			// It is compacted when half of the bound was added to what the head needs; one step more may have come before.
			if most > 2*bound {
				t.Errorf("the store held up to %d bytes of trees and blobs, more than twice its bound", most)
			}
			commits, _ := m.StoreHolds("commit")
			if diff := cmp.Diff(s.git("rev-list", "--count", "main"), strconv.Itoa(commits)); diff != "" {
				t.Errorf("commits: -want +got:\n%s", diff)
			}
			s.checkSound()
		})
	}
}

// TestSearchStaysBounded proves and searches in a history of large files: they pass through the store, and don't stay there.
func TestSearchStaysBounded(t *testing.T) {
	t.Parallel()
	const bound = 1 << 20
	s := newGitServer(t)
	filler := strings.Repeat("# a comment that makes the file large\n", 2000)
	s.commit("start", map[string]string{valuesFile: filler + values("v1.0.35", "v2.0.0", "v3.0.0")})
	m := newMirror(s)
	write(t, m, change(t, "www", "v1.0.36"))
	var after []string
	for i := range 100 {
		after = append(after, filler+values("v1.0.35", fmt.Sprintf("v2.0.%d", i), "v3.0.0"))
	}
	s.foreign(valuesFile, after...)
	restarted := gitwriter.NewMirror(s.remote(), gitwriter.WithClock(clock), gitwriter.WithStoreBound(bound))
	r := write(t, restarted, holding(change(t, "www", "v1.0.36")))
	if diff := cmp.Diff([]string{"Kept v1.0.35: v1.0.36 was taken back to v1.0.35 by Ada: human"}, told(r, "fairlead/www")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, blobs := restarted.StoreHolds("blob"); blobs > bound {
		t.Errorf("%d bytes of blobs stayed", blobs)
	}
}

// TestRestartFetchesWhatIsNeeded counts what a start brings of a history: its commits, the head's trees, and the files that
// are read; nothing of what else there was and is.
func TestRestartFetchesWhatIsNeeded(t *testing.T) {
	t.Parallel()
	s := newGitServer(t)
	s.history(300, 400)
	m := newMirror(s)
	if _, err := m.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	holds := func() map[string]int {
		all := map[string]int{}
		for _, kind := range []string{"commit", "tree", "blob"} {
			all[kind], _ = m.StoreHolds(kind)
		}
		return all
	}
	trees := len(strings.Split(s.git("ls-tree", "-r", "-t", "-d", "main"), "\n")) + 1
	if diff := cmp.Diff(map[string]int{"commit": 401, "tree": trees, "blob": 0}, holds()); diff != "" {
		t.Errorf("after the first look: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{kindInfoUpload, kindRefs, kindFetch, kindFetch}, s.counted()); diff != "" {
		t.Errorf("requests: -want +got:\n%s", diff)
	}
	write(t, m, change(t, "www", "v1.0.0")) // It stands there.
	if diff := cmp.Diff(map[string]int{"commit": 401, "tree": trees, "blob": 1}, holds()); diff != "" {
		t.Errorf("after a decision: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{kindFetch}, s.counted()); diff != "" {
		t.Errorf("requests: -want +got:\n%s", diff)
	}
}

// TestHungServerDelaysNobody writes to nine repositories while a tenth server doesn't answer.
func TestHungServerDelaysNobody(t *testing.T) {
	t.Parallel()
	hung, _ := seeded(t)
	patient := hung.remote()
	patient.Timeout = time.Hour // however long the others take here
	stuck := gitwriter.NewMirror(patient, gitwriter.WithClock(clock))
	if _, err := stuck.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	arrived := make(chan struct{})
	hung.onRequest(func(_ http.ResponseWriter, r *http.Request, _ string) bool {
		close(arrived)
		<-r.Context().Done()
		return true
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	wish, ended := change(t, "www", "v1.0.36"), make(chan error, 1)
	go func() {
		_, err := stuck.Write(ctx, gitwriter.WriteRequest{Changes: []gitwriter.Change{wish}})
		ended <- err
	}()
	<-arrived
	for range 9 {
		s, m := seeded(t)
		write(t, m, change(t, "www", "v1.0.36"))
		s.checkFile("main", valuesFile, values("v1.0.36", "v2.0.0", "v3.0.0"))
	}
	select {
	case err := <-ended:
		t.Fatalf("the hung one ended before the others: %v", err)
	default:
	}
	if head, ok := stuck.Head(); !ok || head.Revision != hung.git("rev-parse", "main") {
		t.Error("what is known of the hung one can be read meanwhile")
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("a write that was given up should say so")
	}
}

// TestReadingWhileCompacting reads files that leave the store again and again: each is there, at the latest for a request.
func TestReadingWhileCompacting(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	snapshot := snapshotOf(t, s, m)
	ctx, stop := context.WithCancel(t.Context())
	compacted := make(chan struct{})
	go func() {
		defer close(compacted)
		for ctx.Err() == nil {
			m.Compact()
		}
	}()
	for range 100 {
		if got, err := fs.ReadFile(snapshot.FS(), "README.md"); err != nil || string(got) != "read me\n" {
			t.Errorf("README.md: %q, %v", got, err)
			break
		}
	}
	stop()
	<-compacted
}

// TestRewrittenWhileAway starts anew on a branch of which the head was known before.
func TestRewrittenWhileAway(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reason string
		// happens changes the branch while nobody looks, and gives what Replaces should say by then.
		happens func(s *gitServer, before string) string
	}{
		"Nothing": {reason: "the head is what it was", happens: func(*gitServer, string) string { return "" }},
		"OnTop": {reason: "somebody committed", happens: func(s *gitServer, _ string) string {
			s.foreign("README.md", "more\n")
			return ""
		}},
		"Replaced": {reason: "another commit stands in its place", happens: func(s *gitServer, before string) string {
			s.git("update-ref", "refs/heads/main", "main~1")
			s.foreign("README.md", "other\n")
			return before
		}},
		"SetBack": {reason: "the branch is set back", happens: func(s *gitServer, before string) string {
			s.git("update-ref", "refs/heads/main", "main~1")
			return before
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, m := seeded(t)
			before := write(t, m, change(t, "www", "v1.0.36")).Head.Revision
			want := tc.happens(s, before)
			restarted := gitwriter.NewMirror(s.remote(), gitwriter.WithClock(clock), gitwriter.WithKnownHead(before))
			head, err := restarted.Refresh(t.Context())
			must(t, err)
			if head.Replaces != want {
				t.Errorf("%s: want %q replaced, got %q", tc.reason, want, head.Replaces)
			}
			// It is told once: what comes on top replaces nothing.
			s.foreign("README.md", "and more\n")
			if head, err = restarted.Refresh(t.Context()); err != nil || head.Replaces != "" {
				t.Errorf("%s: afterwards %q is replaced, %v", tc.reason, head.Replaces, err)
			}
		})
	}
}
