package gitwriter_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter"
)

// TestTargetsAreHeldAlone: of one policy's targets one is taken back, and the other goes on.
func TestTargetsAreHeldAlone(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	wish := func(tag string) gitwriter.Change {
		c := change(t, "www", tag)
		c.Targets = append(c.Targets, target(t, valuesFile, "ws.tag", tag))
		return holding(c)
	}
	write(t, m, wish("v4.0.0"))
	s.commit("back with ws", map[string]string{valuesFile: values("v4.0.0", "v2.0.0", "v3.0.0")})
	refreshed(t, s, m)
	for _, mirror := range []*gitwriter.Mirror{m, newMirror(s)} {
		want := []string{"Unchanged v4.0.0", "Kept v3.0.0: v4.0.0 was taken back to v3.0.0 by Ada: back with ws"}
		if diff := cmp.Diff(want, told(write(t, mirror, wish("v4.0.0")), "fairlead/www")); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	// www moves ahead and is taken back in turn: each has its own last word.
	s.commit("www too", map[string]string{valuesFile: values("v3.9.0", "v2.0.0", "v3.0.0")})
	other := newMirror(s)
	want := []string{
		"Kept v3.9.0: v4.0.0 was taken back to v3.9.0 by Ada: www too",
		"Kept v3.0.0: v4.0.0 was taken back to v3.0.0 by Ada: back with ws",
	}
	if diff := cmp.Diff(want, told(write(t, other, wish("v4.0.0")), "fairlead/www")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Committed v4.0.1", "Committed v4.0.1"}, told(write(t, other, wish("v4.0.1")), "fairlead/www")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.checkSound()
}

// TestWhatForwardIsTold: the commits that wrote a target, the newest first, each with what it wrote; the same from memory as
// from Git alone.
func TestWhatForwardIsTold(t *testing.T) {
	t.Parallel()
	const file = "a.yaml"
	s := newGitServer(t)
	s.commit("start", map[string]string{file: "digest: \"\"\nother: x\n"})
	digest := func(i int) string { return "sha256:" + strings.Repeat(strconv.Itoa(i), 64) }
	var asked gitwriter.Standing
	wish := func(i int) gitwriter.Change {
		c := change(t, "www", fmt.Sprintf("v1.0.%d", i))
		c.Digest = digest(i)
		c.Targets = []gitwriter.Target{{File: file, Values: []gitwriter.Value{value(t, gitwriter.PartDigest, "digest", digest(i))}}}
		c.Forward = func(_ int, at gitwriter.Standing) error {
			asked = at
			return nil
		}
		return c
	}
	m := newMirror(s)
	var revisions []string
	for i := 1; i <= 4; i++ {
		revisions = append(revisions, write(t, m, wish(i)).Head.Revision)
	}
	wrote := func(i int) gitwriter.Written {
		return gitwriter.Written{
			Tag: fmt.Sprintf("v1.0.%d", i), Digest: digest(i), Values: []string{digest(i)}, Policy: "fairlead/www",
			Revision: revisions[i-1], Time: clock(),
		}
	}
	// What stands there was written last: that is all there is to know.
	if diff := cmp.Diff(gitwriter.Standing{Current: []string{digest(3)}, Written: []gitwriter.Written{wrote(3)}}, asked); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.commit("back by two", map[string]string{file: "digest: \"" + digest(2) + "\"\nother: x\n"})
	refreshed(t, s, m)
	restarted := newMirror(s)
	want := gitwriter.Standing{Current: []string{digest(2)}, Written: []gitwriter.Written{wrote(4), wrote(3), wrote(2), wrote(1)}}
	for name, mirror := range map[string]*gitwriter.Mirror{"witnessed": m, "restarted": restarted} {
		asked = gitwriter.Standing{}
		c := wish(4)
		told := c.Forward
		c.Forward = func(i int, at gitwriter.Standing) error {
			_ = told(i, at)
			return &heldError{text: "no"}
		}
		write(t, mirror, c)
		if diff := cmp.Diff(want, asked); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

// TestWhoTookBackLongAgo: the commit that took something back lies under a hundred others to the same file. It is found in
// few requests, found again for none, and followed over new commits for what those bring.
func TestWhoTookBackLongAgo(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	wish := holding(change(t, "www", "v1.0.36"))
	write(t, m, wish)
	work := s.clone()
	edited(t, work, "long ago", "v1.0.35")
	for i := range 100 {
		writeFile(t, work, valuesFile, values("v1.0.35", fmt.Sprintf("v2.1.%d", i), "v3.0.0"))
		git(t, work, "commit", "-q", "-a", "-m", fmt.Sprint("api ", i))
	}
	git(t, work, "push", "-q", "origin", "HEAD:main")
	want := []string{"Kept v1.0.35: v1.0.36 was taken back to v1.0.35 by Ada: long ago"}
	restarted := newMirror(s)
	refreshed(t, s, restarted)
	s.counted()
	s.traffic()
	check := func(reason string, mirror *gitwriter.Mirror, most int) {
		t.Helper()
		if diff := cmp.Diff(want, told(write(t, mirror, wish), "fairlead/www")); diff != "" {
			t.Errorf("%s: -want +got:\n%s", reason, diff)
		}
		requests := s.counted()
		_, sent := s.traffic()
		t.Logf("%s: %d requests, %d bytes", reason, len(requests), sent)
		if len(requests) > most {
			t.Errorf("%s: at most %d requests: %v", reason, most, requests)
		}
	}
	// Two commits to prove the write, then 64 and the rest: three folders, and the file.
	check("after a restart", restarted, 3*4)
	check("again", restarted, 0)
	s.commit("ws", map[string]string{valuesFile: values("v1.0.35", "v2.1.299", "v3.0.1")})
	s.commit("ws", map[string]string{valuesFile: values("v1.0.35", "v2.1.299", "v3.0.2")})
	refreshed(t, s, restarted)
	s.counted()
	check("others wrote", restarted, 2)
	write(t, restarted, wish, change(t, "api", "v2.2.0"))
	s.counted()
	check("another policy was committed", restarted, 0)
}

// TestHoldsOnServersWithoutMuch: a server without filters, or that gives nothing by its id, holds as well.
func TestHoldsOnServersWithoutMuch(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{"no filter": "uploadpack.allowFilter=false", "no id": "uploadpack.allowAnySHA1InWant=false"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, m := seeded(t, config)
			wish := holding(change(t, "www", "v1.0.36"))
			write(t, m, wish)
			s.commit("back", map[string]string{valuesFile: values("v1.0.35", "v2.0.0", "v3.0.0")})
			mirror := newMirror(s)
			refreshed(t, s, mirror)
			mirror.Compact()
			want := []string{"Kept v1.0.35: v1.0.36 was taken back to v1.0.35 by Ada: back"}
			if diff := cmp.Diff(want, told(write(t, mirror, wish), "fairlead/www")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestHoldsOnServersOfBranchesOnly plays servers that give only commits, or only the branch's head, after what was older has
// left the store.
func TestHoldsOnServersOfBranchesOnly(t *testing.T) {
	t.Parallel()
	for name, commits := range map[string]bool{"commits": true, "head": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, m := seeded(t)
			wish := holding(change(t, "www", "v1.0.36"))
			write(t, m, wish)
			s.commit("back", map[string]string{valuesFile: values("v1.0.35", "v2.0.0", "v3.0.0")})
			s.commit("note", map[string]string{"note.txt": "x\n"})
			s.onRequest(s.onlyBranches(commits))
			mirror := newMirror(s)
			want := []string{"Kept v1.0.35: v1.0.36 was taken back to v1.0.35 by Ada: back"}
			if diff := cmp.Diff(want, told(write(t, mirror, wish), "fairlead/www")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
