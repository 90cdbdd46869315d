package stack_test

import (
	"strings"
	"testing"

	"github.com/fairlead/fairlead/e2e/stack"
)

// TestController kills the controller, starts it again and ends it in order.
func TestController(t *testing.T) {
	t.Parallel()
	ctx, s := start(t, stack.Options{Controller: true})
	first := s.ControllerPID()
	if first == 0 {
		t.Fatal("it doesn't run")
	}
	if err := s.StartController(ctx); err == nil || err.Error() != "start the controller: it runs already" {
		t.Errorf("a second one: got %v", err)
	}
	s.Kill()
	if pid := s.ControllerPID(); pid != 0 {
		t.Errorf("killed, but it runs as %d", pid)
	}
	if err := s.StartController(ctx); err != nil {
		t.Fatal(err)
	}
	if pid := s.ControllerPID(); pid == 0 || pid == first {
		t.Errorf("want a new process after %d, got %d", first, pid)
	}
	if err := s.Terminate(); err != nil {
		t.Error(err)
	}
	if err := s.Terminate(); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if got := strings.Count(s.Logs(), `"Starting workers"`); got < 2 {
		t.Errorf("want the logs of both starts, got\n%s", s.Logs())
	}
}
