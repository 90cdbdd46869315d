package stack

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Replica is one more controller. Unless its environment says otherwise (FAIRLEAD_LEADER_ELECT=true), it works beside others
// without electing a leader, as two do for a moment when a leader loses its Lease and doesn't know it yet.
type Replica struct {
	process         *process
	health, webhook string
}

// StartReplica starts a binary of fairlead with more variables in its environment, as StartController does. It doesn't wait:
// who wants to be sure that it works calls AwaitReady. Replicas of one name write to one log, one after the other.
func (s *Stack) StartReplica(ctx context.Context, name, binary string, variables ...string) (*Replica, error) {
	kubeconfig, err := s.ServiceAccountKubeconfig(ctx, Namespace, "fairlead")
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	addresses, err := freeAddresses(ctx, 2)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p, err := s.startWith(variables, name, binary, "controller", "--kubeconfig", kubeconfig, "--namespace", Namespace,
		"--metrics-address", "0", "--health-address", addresses[0], "--webhook-address", addresses[1])
	if err != nil {
		return nil, err
	}
	return &Replica{process: p, health: addresses[0], webhook: addresses[1]}, nil
}

// AwaitReady waits until it knows the cluster's objects, and works.
func (r *Replica) AwaitReady(ctx context.Context) error {
	return r.process.waitReady(ctx, r.Ready)
}

// Ready says why it isn't ready.
func (r *Replica) Ready(ctx context.Context) error {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return get(ctx, client, "http://"+r.health+"/readyz")
}

// Hear has the notifications that are posted from now on sent to it.
func (r *Replica) Hear(n *Notifications) { n.to.Store(&r.webhook) }

// WebhookAddress is where it hears webhooks.
func (r *Replica) WebhookAddress() string { return r.webhook }

// Signal sends it a signal, and doesn't wait.
func (r *Replica) Signal(signal os.Signal) error {
	if err := r.process.cmd.Process.Signal(signal); err != nil {
		return fmt.Errorf("signal %s: %w", r.process.name, err)
	}
	return nil
}

// Terminate ends it with SIGTERM and waits until it is gone. The error says how it ended, if not with status 0.
func (r *Replica) Terminate() error { return r.process.terminate(grace) }

// Done is closed when it has ended.
func (r *Replica) Done() <-chan struct{} { return r.process.done }

// Killed says whether it has ended by SIGKILL, of its own or by Kill.
func (r *Replica) Killed() bool {
	if r.process.running() {
		return false
	}
	status, ok := r.process.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// Kill ends it with SIGKILL and returns when it is gone.
func (r *Replica) Kill() { r.process.kill() }

// ReplicaLog is what the replicas of a name have written.
func (s *Stack) ReplicaLog(name string) string {
	data, err := os.ReadFile(filepath.Join(s.dir, name+".log"))
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(data))
}
