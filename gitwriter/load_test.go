package gitwriter_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCompaction: what leaves the store is fetched again when it is needed, and commits never leave it.
func TestCompaction(t *testing.T) {
	t.Parallel()
	s, m := seeded(t, "uploadpack.allowFilter=false")
	big := strings.Repeat("0123456789abcdef\n", 10_000)
	for i := range 3 {
		s.commit(fmt.Sprintf("human %d", i), map[string]string{"big.txt": strconv.Itoa(i) + big})
	}
	old := snapshotOf(t, s, m)
	s.commit("human", map[string]string{"big.txt": "3" + big, "deep/er/file.txt": "x\n"})
	write(t, m, change(t, "www", "v1.0.36"))
	if _, err := m.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, m, change(t, "www", "v1.0.37"))
	before := m.StoreSize()
	m.Compact()
	first := m.StoreSize()
	if first > before/3 {
		t.Errorf("blobs that nobody read, and those of older commits, should be gone: %d bytes of %d left", first, before)
	}
	s.counted()
	write(t, m, change(t, "www", "v1.0.37"))
	if requests := s.counted(); len(requests) != 0 {
		t.Errorf("what the last write read should be here still: %v", requests)
	}
	m.Compact()
	m.Compact()
	if last := m.StoreSize(); last >= first {
		t.Errorf("what nobody reads any more should be gone: %d bytes, were %d", last, first)
	}
	// The older snapshot has lost its trees as well.
	got, err := fs.ReadFile(old.FS(), "big.txt")
	if err != nil || string(got) != "2"+big {
		t.Errorf("big.txt of an older snapshot: %d bytes, %v", len(got), err)
	}
	must(t, old.Prefetch(t.Context(), "."))
	if diff := cmp.Diff([]string{"README.md", valuesFile, "big.txt"}, filesOf(t, old)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	write(t, m, change(t, "www", "v1.0.38"))
	if diff := cmp.Diff(s.git("rev-list", "--count", "main"), "8"); diff != "" {
		t.Errorf("commits: %s", diff)
	}
	s.checkSound()
}

// onlyBranches denies everything that is asked for by its id but the branch's head, and commits if they are given too.
func (s *gitServer) onlyBranches(commits bool) func(w http.ResponseWriter, r *http.Request, kind string) bool {
	wants := regexp.MustCompile(`want ([0-9a-f]{40})`)
	return func(w http.ResponseWriter, r *http.Request, kind string) bool {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			s.t.Error(err)
		}
		r.Body = readCloser{bytes.NewReader(body)}
		if kind != kindFetch {
			return false
		}
		for _, want := range wants.FindAllSubmatch(body, -1) {
			id := string(want[1])
			if id == s.git("rev-parse", "main") || commits && s.git("cat-file", "-t", id) == "commit" {
				continue
			}
			w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
			line := "ERR upload-pack: not our ref " + id
			fmt.Fprintf(w, "%04x%s", len(line)+4, line)
			return true
		}
		return false
	}
}

// TestServerGivesNothingByID plays a server that gives only what a branch points to.
func TestServerGivesNothingByID(t *testing.T) {
	t.Parallel()
	s := newGitServer(t)
	s.commit("start", map[string]string{valuesFile: values("v1.0.35", "v2.0.0", "v3.0.0"), "deep/er/file.txt": "x\n"})
	s.onRequest(s.onlyBranches(true))
	m := newMirror(s)
	write(t, m, change(t, "www", "v1.0.36"))
	s.commit("human", map[string]string{valuesFile: values("v1.0.36", "v2.0.0", "v3.0.9"), "other/file.txt": "y\n"})
	refreshed(t, s, m)
	write(t, m, change(t, "www", "v1.0.37"))
	s.checkFile("main", valuesFile, values("v1.0.37", "v2.0.0", "v3.0.9"))
	s.checkSound()
}

// TestTreeBomb: ten folders in ten folders and so on, all of them the same few objects.
func TestTreeBomb(t *testing.T) {
	t.Parallel()
	s := newGitServer(t)
	tree := s.mktree("100644 blob " + s.blob("www: {tag: v1.0.0}\n") + "\tvalues.yaml\n")
	for range 20 {
		var lines strings.Builder
		for i := range 10 {
			fmt.Fprintf(&lines, "040000 tree %s\td%d\n", tree, i)
		}
		tree = s.mktree(lines.String())
	}
	s.git("update-ref", "refs/heads/main", s.git("commit-tree", "-m", "bomb", tree))
	m := newMirror(s)
	c := change(t, "www", "v1.0.1")
	c.Targets = c.Targets[:0]
	c.Targets = append(c.Targets, target(t, strings.Repeat("d5/", 20)+"values.yaml", "www.tag", c.Tag))
	write(t, m, c)
	snapshot := snapshotOf(t, s, m)
	must(t, snapshot.Prefetch(t.Context(), "."))
	m.Compact()

	for range 200 {
		tree = s.mktree("040000 tree " + tree + "\td\n")
	}
	s.git("update-ref", "refs/heads/main", s.git("commit-tree", "-p", "main", "-m", "deep", tree))
	_, err := m.Refresh(t.Context())
	want := "fetch at " + s.host() + ": unexpected answer: folders are nested more than 128 deep"
	if diff := cmp.Diff(want, errorText(err)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
