package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"

	"k8s.io/client-go/rest"
)

// apiServer is the name of the API server among the processes.
const apiServer = "kube-apiserver"

// errForeign is the answer to who disturbs a cluster that the stack didn't start.
var errForeign = errors.New("the cluster isn't the stack's own")

// KillAPIServer ends the API server with SIGKILL, in the middle of whatever it does: all connections break. What it was told
// is in etcd.
func (s *Stack) KillAPIServer() error {
	p, err := s.part(apiServer)
	if err != nil {
		return err
	}
	p.kill()
	return nil
}

// StartAPIServer starts the API server again after KillAPIServer, at the same address, and waits until it is ready.
func (s *Stack) StartAPIServer(ctx context.Context) error {
	last, err := s.part(apiServer)
	if err != nil {
		return err
	}
	if last.running() {
		return errors.New("start the API server: it runs already")
	}
	client, err := rest.HTTPClientFor(s.Config)
	if err != nil {
		return fmt.Errorf("start the API server: %w", err)
	}
	p, err := s.start(apiServer, last.cmd.Path, last.cmd.Args[1:]...)
	if err != nil {
		return err
	}
	return p.waitReady(ctx, func(ctx context.Context) error { return get(ctx, client, s.Config.Host+"/readyz") })
}

// Freeze stops etcd, so that nothing is written or read for certain until Thaw: a disk that hangs.
func (s *Stack) Freeze() error { return s.signal("etcd", syscall.SIGSTOP) }

// Thaw lets etcd go on. It is no error if it wasn't frozen.
func (s *Stack) Thaw() error { return s.signal("etcd", syscall.SIGCONT) }

func (s *Stack) signal(name string, signal syscall.Signal) error {
	p, err := s.part(name)
	if err != nil {
		return err
	}
	if err := p.cmd.Process.Signal(signal); err != nil {
		return fmt.Errorf("send %s to %s: %w", signal, name, err)
	}
	return nil
}

// part is the process of a name that was started last.
func (s *Stack) part(name string) (*process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range slices.Backward(s.processes) {
		if p.name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", name, errForeign)
}
