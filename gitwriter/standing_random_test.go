package gitwriter_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter"
)

// TestNothingIsRememberedButGit: whatever people and Fairlead do to a branch, a mirror that saw all of it tells of every target
// the same as one that starts now.
func TestNothingIsRememberedButGit(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 7))
			s, m := seeded(t)
			work := s.clone()
			for step := range 25 {
				what := s.anything(t, random, m, work, step)
				refreshed(t, s, m)
				fresh := newMirror(s)
				refreshed(t, s, fresh)
				if diff := cmp.Diff(standings(t, fresh), standings(t, m)); diff != "" {
					t.Fatalf("step %d, %s: -fresh +grown:\n%s\n%s", step, what, diff, s.git("log", "--graph", "--oneline", "main"))
				}
			}
		})
	}
}

// anything does one thing to the branch, as Fairlead or as somebody else.
func (s *gitServer) anything(t *testing.T, random *rand.Rand, m *gitwriter.Mirror, work string, step int) string {
	t.Helper()
	tag := func() string { return fmt.Sprintf("v1.0.%d", 30+random.IntN(20)) }
	if random.IntN(2) == 0 {
		write(t, m, change(t, "www", tag()), change(t, "ws", tag()))
		return "write"
	}
	git(t, work, "fetch", "-q", "origin")
	git(t, work, "checkout", "-q", "-B", "main", "origin/main")
	what := "edit"
	edit := func(www, ws string) {
		writeFile(t, work, valuesFile, values(www, "v2.0.0", ws))
		git(t, work, "commit", "-q", "-a", "--allow-empty", "-m", fmt.Sprint("edit ", step))
	}
	switch random.IntN(7) {
	case 0:
		what = "reset"
		_, _ = runGit(work, "reset", "-q", "--hard", "HEAD~1")
	case 3:
		what = "rewrite"
		if _, err := runGit(work, "reset", "-q", "--hard", "HEAD~2"); err == nil {
			edit(tag(), tag())
		}
	case 4:
		what = "back and forth"
		stands := git(t, work, "show", "HEAD:"+valuesFile)
		edit(tag(), tag())
		writeFile(t, work, valuesFile, stands)
		git(t, work, "commit", "-q", "-a", "--allow-empty", "-m", fmt.Sprint("forth ", step))
	case 1:
		what = "revert"
		if _, err := runGit(work, "revert", "--no-edit", "-m", "1", "HEAD"); err != nil {
			_, _ = runGit(work, "revert", "--no-edit", "HEAD")
		}
	case 2:
		what = "merge"
		git(t, work, "checkout", "-q", "-B", "side", fmt.Sprintf("HEAD~%d", min(step/3, 2)))
		writeFile(t, work, "note.txt", strconv.Itoa(step))
		git(t, work, "add", "-A")
		git(t, work, "commit", "-q", "-m", fmt.Sprint("note ", step))
		git(t, work, "merge", "-q", "-X", "ours", "-m", fmt.Sprint("merge ", step), "main")
	default:
		edit(tag(), tag())
	}
	git(t, work, "push", "-q", "--force", "origin", "HEAD:main")
	return what
}

// standings is all that a mirror tells of two targets, without writing anything.
func standings(t *testing.T, m *gitwriter.Mirror) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	var changes []gitwriter.Change
	for _, name := range []string{"www", "ws"} {
		c := change(t, name, "v9.9.9")
		c.Forward = func(_ int, at gitwriter.Standing) error {
			all[name] = append(all[name], fmt.Sprintf("%+v", at))
			return &heldError{text: "no"}
		}
		changes = append(changes, c)
	}
	r := write(t, m, changes...)
	for _, name := range []string{"www", "ws"} {
		all[name] = append(all[name][len(all[name])-1:], told(r, "fairlead/"+name)...)
	}
	return all
}
