package gitwriter_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter"
)

// heldError is a Forward's no because somebody took something back.
type heldError struct{ text string }

func (e *heldError) Error() string { return e.text }

func (e *heldError) OnPurpose() bool { return true }

// holding makes a change that moves forward only, and not again to what was taken back; tags are compared as text.
func holding(c gitwriter.Change) gitwriter.Change {
	c.Forward = func(_ int, at gitwriter.Standing) error {
		current := at.Current[0]
		if len(at.Written) > 0 && current != at.Written[0].Values[0] && current <= at.Written[0].Tag && c.Tag <= at.Written[0].Tag {
			return &heldError{text: at.Written[0].Tag + " was taken back to " + current}
		}
		if current > c.Tag {
			return fmt.Errorf("%s is later than %s", current, c.Tag)
		}
		return nil
	}
	return c
}

// told is an outcome with who took it back.
func told(r gitwriter.WriteResult, policy string) []string {
	var all []string
	for _, o := range r.Outcomes[policy] {
		text := fmt.Sprint(o.State, " ", strings.Join(o.Current, " "))
		if o.Err != nil {
			text += ": " + o.Err.Error()
		}
		if o.TakenBack != nil {
			text += " by " + o.TakenBack.Author + ": " + o.TakenBack.Subject
		}
		all = append(all, text)
	}
	return all
}

// edited writes the values file and commits it.
func edited(t *testing.T, work, message, www string) {
	t.Helper()
	writeFile(t, work, valuesFile, values(www, "v2.0.0", "v3.0.0"))
	git(t, work, "commit", "-q", "-a", "-m", message)
}

// TestRevertHolds: whatever way somebody takes back what was written, it isn't written again, until something newer comes or
// it is put there again; found by a mirror that saw it happen as well as by one that starts afterwards.
func TestRevertHolds(t *testing.T) {
	t.Parallel()
	const deploy = "deploy(www): v1.0.35 -> v1.0.36"
	const held = "Kept v1.0.35: v1.0.36 was taken back to v1.0.35 by Ada: "
	cases := map[string]struct {
		reason string
		// humans do something in a clone of the branch whose head is the commit that wrote v1.0.36; what stands in HEAD then
		// becomes the branch.
		humans func(t *testing.T, work string)
		want   string
	}{
		"Revert": {
			reason: "the plain way",
			humans: func(t *testing.T, work string) { t.Helper(); git(t, work, "revert", "--no-edit", "HEAD") },
			want:   held + `Revert "` + deploy + `"`,
		},
		"RevertLater": {
			reason: "others commit in between and afterwards, to the same file too",
			humans: func(t *testing.T, work string) {
				t.Helper()
				writeFile(t, work, valuesFile, values("v1.0.36", "v2.0.1", "v3.0.0"))
				git(t, work, "commit", "-q", "-a", "-m", "api")
				edited(t, work, "all back", "v1.0.35")
				writeFile(t, work, valuesFile, values("v1.0.35", "v2.0.0", "v3.0.1"))
				git(t, work, "commit", "-q", "-a", "-m", "ws")
				git(t, work, "commit", "-q", "--allow-empty", "-m", "nothing")
			},
			want: held + "all back",
		},
		"ManualEdit": {
			reason: "an edit to a version that never was is the same word",
			humans: func(t *testing.T, work string) { t.Helper(); edited(t, work, "back to 34", "v1.0.34") },
			want:   "Kept v1.0.34: v1.0.36 was taken back to v1.0.34 by Ada: back to 34",
		},
		"Squash": {
			reason: "the squash's message repeats those of the commits in it, trailers included",
			humans: func(t *testing.T, work string) {
				t.Helper()
				git(t, work, "checkout", "-q", "-b", "feature", "HEAD~1")
				git(t, work, "commit", "-q", "--allow-empty", "-m", "a feature")
				git(t, work, "cherry-pick", "-x", "main")
				git(t, work, "revert", "--no-edit", "HEAD")
				git(t, work, "checkout", "-q", "main")
				git(t, work, "merge", "-q", "-X", "theirs", "--squash", "feature")
				// The merge took both sides' equal changes; the reverted value is what the branch ends with.
				writeFile(t, work, valuesFile, values("v1.0.35", "v2.0.0", "v3.0.0"))
				git(t, work, "commit", "-q", "-a", "--no-edit")
			},
			want: held + "Squashed commit of the following:",
		},
		"WrittenInSquash": {
			reason: "only a squash is left of our commit, and of its trailers what stands indented in the middle of a message",
			humans: func(t *testing.T, work string) {
				t.Helper()
				git(t, work, "checkout", "-q", "-b", "squash", "HEAD~1")
				git(t, work, "commit", "-q", "--allow-empty", "-m", "nothing")
				git(t, work, "merge", "-q", "--squash", "main")
				git(t, work, "commit", "-q", "--no-edit")
				edited(t, work, "back", "v1.0.35")
			},
			want: held + "back",
		},
		"WrittenInSquashOfTwo": {
			reason: "a squash of several of our commits wrote what the last of them did",
			humans: func(t *testing.T, work string) {
				t.Helper()
				git(t, work, "reset", "-q", "--hard", "HEAD~1")
				first := "Image-Policy: fairlead/www\nImage-Target: " + valuesFile + "#www.tag\nImage-From: v1.0.35\nImage-To: v1.0.36\n"
				second := strings.NewReplacer("v1.0.36", "v1.0.37", "v1.0.35", "v1.0.36").Replace(first)
				edited(t, work, "Release (#7)\n\n* one\n\n"+first+"\n* two\n\n"+second, "v1.0.37")
				edited(t, work, "back", "v1.0.35")
			},
			want: "Kept v1.0.35: v1.0.37 was taken back to v1.0.35 by Ada: back",
		},
		"CherryPick": {
			reason: "a revert that was made elsewhere",
			humans: func(t *testing.T, work string) {
				t.Helper()
				git(t, work, "checkout", "-q", "-b", "hotfix")
				git(t, work, "revert", "--no-edit", "HEAD")
				git(t, work, "checkout", "-q", "main")
				git(t, work, "commit", "-q", "--allow-empty", "-m", "nothing")
				git(t, work, "cherry-pick", "hotfix")
			},
			want: held + `Revert "` + deploy + `"`,
		},
		"MergedRevert": {
			reason: "the revert came with a branch: it is the revert that is named, not the merge",
			humans: func(t *testing.T, work string) {
				t.Helper()
				git(t, work, "checkout", "-q", "-b", "hotfix")
				git(t, work, "revert", "--no-edit", "HEAD")
				git(t, work, "checkout", "-q", "main")
				git(t, work, "commit", "-q", "--allow-empty", "-m", "nothing")
				git(t, work, "merge", "-q", "--no-ff", "-m", "merge the hotfix", "hotfix")
			},
			want: held + `Revert "` + deploy + `"`,
		},
		"MergePrefersOther": {
			reason: "a branch that never had it wins the merge: the merge took it back",
			humans: func(t *testing.T, work string) {
				t.Helper()
				git(t, work, "checkout", "-q", "-b", "other", "HEAD~1")
				git(t, work, "commit", "-q", "--allow-empty", "-m", "nothing")
				git(t, work, "merge", "-q", "-s", "ours", "-m", "merge, ours wins", "main")
			},
			want: held + "merge, ours wins",
		},
		"WrittenOnMergedLine": {
			reason: "what was written is reached through a second parent",
			humans: func(t *testing.T, work string) {
				t.Helper()
				git(t, work, "checkout", "-q", "-b", "other", "HEAD~1")
				git(t, work, "commit", "-q", "--allow-empty", "-m", "nothing")
				git(t, work, "merge", "-q", "--no-ff", "-m", "merge main", "main")
				edited(t, work, "back", "v1.0.35")
			},
			want: held + "back",
		},
		"RevertOfRevert": {
			reason: "the same value stands there again: the hold is over",
			humans: func(t *testing.T, work string) {
				t.Helper()
				git(t, work, "revert", "--no-edit", "HEAD")
				git(t, work, "revert", "--no-edit", "HEAD")
			},
			want: "Unchanged v1.0.36",
		},
		"RevertOfRevertOfRevert": {
			reason: "the last word counts, and the last commit is named",
			humans: func(t *testing.T, work string) {
				t.Helper()
				git(t, work, "revert", "--no-edit", "HEAD")
				git(t, work, "revert", "--no-edit", "HEAD")
				edited(t, work, "and back", "v1.0.35")
			},
			want: held + "and back",
		},
		"Reset": {
			reason: "a history without the write knows nothing of it, and neither does anybody who clones it",
			humans: func(t *testing.T, work string) { t.Helper(); git(t, work, "reset", "-q", "--hard", "HEAD~1") },
			want:   "Committed v1.0.36",
		},
		"ResetAndEdit": {
			reason: "a rewritten history that keeps the write keeps the hold",
			humans: func(t *testing.T, work string) {
				t.Helper()
				git(t, work, "revert", "--no-edit", "HEAD")
				git(t, work, "commit", "-q", "--amend", "-m", "amended")
			},
			want: held + "amended",
		},
		"Forward": {
			reason: "somebody moved it forward: that is what stands there, and nobody's word against anything",
			humans: func(t *testing.T, work string) { t.Helper(); edited(t, work, "forward", "v1.0.40") },
			want:   "Kept v1.0.40: v1.0.40 is later than v1.0.36",
		},
		"ForgedLater": {
			reason: "trailers that say what the commit didn't do",
			humans: func(t *testing.T, work string) {
				t.Helper()
				edited(t, work, "forged\n\nImage-Policy: fairlead/www\nImage-Target: "+valuesFile+"#www.tag\nImage-From: v1.0.36\nImage-To: v1.0.20", "v1.0.35")
			},
			want: held + "forged",
		},
		"ForgedSame": {
			reason: "an old commit of ours is picked again over a newer value: its own words give another start",
			humans: func(t *testing.T, work string) {
				t.Helper()
				edited(t, work, "picked\n\nImage-Policy: fairlead/www\nImage-Target: "+valuesFile+"#www.tag\nImage-From: v1.0.34\nImage-To: v1.0.35", "v1.0.35")
			},
			want: held + "picked",
		},
		"FileMoved": {
			reason: "a place where nothing was ever written remembers nothing",
			humans: func(t *testing.T, work string) {
				t.Helper()
				git(t, work, "mv", valuesFile, "moved.yaml")
				git(t, work, "commit", "-q", "-m", "moved away")
				git(t, work, "mv", "moved.yaml", valuesFile)
				git(t, work, "commit", "-q", "-m", "and back")
			},
			want: "Unchanged v1.0.36",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, m := seeded(t)
			write(t, m, holding(change(t, "www", "v1.0.36")))
			work := s.clone()
			c.humans(t, work)
			git(t, work, "push", "-q", "--force", "origin", "HEAD:main")
			for _, mirror := range map[string]*gitwriter.Mirror{"witnessed": m, "restarted": newMirror(s)} {
				refreshed(t, s, mirror)
				if strings.HasPrefix(c.want, "Committed") && mirror != m {
					continue // It was committed by the other one.
				}
				if diff := cmp.Diff([]string{c.want}, told(write(t, mirror, holding(change(t, "www", "v1.0.36"))), "fairlead/www")); diff != "" {
					t.Fatalf("%s: -want +got:\n%s", c.reason, diff)
				}
				s.counted()
				write(t, mirror, holding(change(t, "www", "v1.0.36")))
				if requests := s.counted(); len(requests) != 0 {
					t.Errorf("nothing that is known is asked again: %v", requests)
				}
			}
			if diff := cmp.Diff([]string{"Committed v1.0.50"}, told(write(t, m, holding(change(t, "www", "v1.0.50"))), "fairlead/www")); diff != "" {
				t.Errorf("something newer ends it: -want +got:\n%s", diff)
			}
		})
	}
}

// TestRevertBetweenScanAndPush: the decision is made at the head that the push names, so a revert that lands while the push
// is on its way holds, although the file is what it was when the push was decided.
func TestRevertBetweenScanAndPush(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	var once sync.Once
	s.onRequest(func(_ http.ResponseWriter, _ *http.Request, kind string) bool {
		if kind == kindPush {
			once.Do(func() {
				other := newMirror(s)
				s.onRequest(nil)
				write(t, other, holding(change(t, "www", "v1.0.36")))
				work := s.clone()
				git(t, work, "revert", "--no-edit", "HEAD")
				git(t, work, "push", "-q", "origin", "HEAD:main")
			})
		}
		return false
	})
	got := told(write(t, m, holding(change(t, "www", "v1.0.36"))), "fairlead/www")
	want := []string{`Kept v1.0.35: v1.0.36 was taken back to v1.0.35 by Ada: Revert "deploy(www): v1.0.35 -> v1.0.36"`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff("3", s.git("rev-list", "--count", "main")); diff != "" {
		t.Errorf("commits: -want +got:\n%s", diff)
	}
}
