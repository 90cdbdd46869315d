package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// spawner starts processes from one thread that lives as long as the stack does. Linux ends a child with the thread that
// started it, not with the process: a thread that the runtime retires would take an API server along.
type spawner struct {
	work chan func()
}

func newSpawner() *spawner {
	s := &spawner{work: make(chan func())}
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for f := range s.work {
			f()
		}
	}()
	return s
}

func (s *spawner) start(cmd *exec.Cmd) error {
	result := make(chan error)
	s.work <- func() { result <- cmd.Start() }
	return <-result
}

func (s *spawner) close() { close(s.work) }

// process is a program that the stack started. It writes to a log file and ends with the test or the demo.
type process struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	err  error         // how it ended; to be read after done
}

// start runs a program in a process group of its own, with an environment that leads all its files into the stack's folder.
func (s *Stack) start(name, binary string, args ...string) (*process, error) {
	return s.startWith(nil, name, binary, args...)
}

// startWith is start with more variables in the environment.
func (s *Stack) startWith(variables []string, name, binary string, args ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(s.dir, name+".log"), done: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: open its log: %w", name, err)
	}
	defer func() { _ = log.Close() }()
	p.cmd = exec.Command(binary, args...) //nolint:noctx // it lives until Stop, not until a context ends
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Dir = s.dir
	p.cmd.Env = append(s.environment(), variables...)
	p.cmd.SysProcAttr = ownGroup()
	if err := s.spawner.start(p.cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		defer close(p.done)
		p.err = p.cmd.Wait()
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.processes = append(s.processes, p)
	return p, nil
}

// environment of everything that the stack runs: nothing of the user's configuration, no file outside the stack's folder.
func (s *Stack) environment() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + s.dir,
		"TMPDIR=" + s.dir,
		"KUBECACHEDIR=" + filepath.Join(s.dir, "kubectl-cache"),
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_TERMINAL_PROMPT=0",
		"GORACE=halt_on_error=1", // for a controller that was built with the race detector
	}
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// kill ends the process and waits until it is gone.
func (p *process) kill() {
	if p.running() {
		_ = p.cmd.Process.Signal(syscall.SIGKILL)
	}
	<-p.done
}

// terminate asks the process to end and kills it when it hasn't within the grace period.
func (p *process) terminate(grace time.Duration) error {
	if p.running() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return p.err
	case <-timer.C:
		p.kill()
		return fmt.Errorf("stop %s: still running %s after SIGTERM, killed", p.name, grace)
	}
}

// waitReady polls until ready says nil. It ends early, with the process's last words, when the process does.
func (p *process) waitReady(ctx context.Context, ready func(context.Context) error) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		last := ready(ctx)
		if last == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-p.done:
			return fmt.Errorf("%s ended before it was ready (%w), its last words:\n%s", p.name, errOrEOF(p.err), tail(p.log, 15))
		case <-ctx.Done():
			return fmt.Errorf("%s isn't ready: %w (last answer: %w), its last words:\n%s", p.name, ctx.Err(), last, tail(p.log, 15))
		}
	}
}

func errOrEOF(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// tail returns the last lines of a log.
func tail(file string, lines int) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
