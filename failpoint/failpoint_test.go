package failpoint_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/failpoint"
)

// once is what walk prints until it has reached all steps.
const once = "before-edit\nafter-objects\nduring-push\nabcdef <nil>\nafter-push\nbefore-status\nbetween-status\nafter-status\n"

func TestReach(t *testing.T) {
	t.Parallel()
	killing, product := build(t, "-tags=failpoint"), build(t)
	for name, c := range map[string]struct {
		reason          string
		binary, planned string
		want            string
		killed          bool
	}{
		"product":    {"it takes no word that would kill it", product, "before-edit:1", once + once + once, false},
		"unset":      {"nothing is killed unless it is said", killing, "", once + once + once, false},
		"first":      {"the first hit", killing, "before-edit:1", "before-edit\n", true},
		"later":      {"hits are counted by step", killing, "after-push:2", once + strings.SplitAfter(once, "after-push\n")[0], true},
		"halfway":    {"a body ends in its middle", killing, "during-push:1", strings.SplitAfter(once, "during-push\n")[0], true},
		"late half":  {"each body counts once", killing, "during-push:3", once + once + strings.SplitAfter(once, "during-push\n")[0], true},
		"never":      {"more hits than there are", killing, "after-status:4", once + once + once, false},
		"other step": {"a step that nobody reaches", killing, "elsewhere:1", once + once + once, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, state := run(t, c.binary, c.planned)
			if diff := cmp.Diff(c.want, out); diff != "" {
				t.Errorf("%s: -want +got:\n%s", c.reason, diff)
			}
			status, ok := state.Sys().(syscall.WaitStatus)
			if killed := ok && status.Signaled() && status.Signal() == syscall.SIGKILL; killed != c.killed {
				t.Errorf("%s: ended with %s, killed by SIGKILL: want %t", c.reason, state, c.killed)
			}
		})
	}
	t.Run("unreadable", func(t *testing.T) {
		t.Parallel()
		if _, state := run(t, killing, "before-edit:x"); state.Success() {
			t.Error("a plan that can't be read is none: the test that made it would pass")
		}
	})
}

// TestProduct holds that nothing of it is in a build without the tag, the word that would kill it included.
func TestProduct(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]bool{"-tags=": false, "-tags=failpoint": true} {
		binary, err := os.ReadFile(build(t, flag))
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Contains(binary, []byte(failpoint.Variable)); got != want {
			t.Errorf("built with %s, it holds %s: want %t, got %t", flag, failpoint.Variable, want, got)
		}
	}
}

// build builds walk.
func build(t *testing.T, flags ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "walk")
	args := append([]string{"build", "-o", file}, flags...)
	if out, err := exec.Command("go", append(args, "./testdata/walk")...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return file
}

// run gives what a program printed, and how it ended.
func run(t *testing.T, binary, planned string) (string, *os.ProcessState) {
	t.Helper()
	command := exec.Command(binary)
	command.Env = append(os.Environ(), failpoint.Variable+"="+planned)
	out, err := command.Output()
	if command.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), command.ProcessState
}
