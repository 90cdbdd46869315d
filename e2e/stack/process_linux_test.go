package stack_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fairlead/fairlead/e2e/stack"
)

// childVariable tells TestKilledParent that it is the parent that gets killed.
const childVariable = "FAIRLEAD_E2E_KILL_ME"

// TestKilledParent kills a process that has a stack with SIGKILL: what it started ends with it.
func TestKilledParent(t *testing.T) {
	t.Parallel()
	if os.Getenv(childVariable) != "" {
		_, s := start(t, stack.Options{})
		for _, pid := range s.PIDs() {
			fmt.Println("pid", pid) //nolint:forbidigo // read by the parent
		}
		fmt.Println("ready") //nolint:forbidigo // read by the parent
		<-t.Context().Done()
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestKilledParent$")
	cmd.Env = append(os.Environ(), childVariable+"=1", "TMPDIR="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "ready" {
		var pid int
		if _, err := fmt.Sscanf(lines.Text(), "pid %d", &pid); err == nil {
			pids = append(pids, pid)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if len(pids) == 0 {
		t.Fatalf("it started nothing: %s", lines.Text())
	}
	waitGone(t, pids)
}

// waitGone waits until no process is left of those; one that nobody has waited for counts as gone.
func waitGone(t *testing.T, pids []int) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	for _, pid := range pids {
		for {
			state, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || strings.Contains(string(state), ") Z ") {
				break
			}
			select {
			case <-ticker.C:
			case <-deadline.C:
				t.Fatalf("process %d is still there", pid)
			}
		}
	}
}
