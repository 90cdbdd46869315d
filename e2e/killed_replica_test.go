package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/fairlead/fairlead/e2e/stack"
	"github.com/fairlead/fairlead/failpoint"
)

// replica is a place for one controller: when it is killed, it is started again.
type replica struct {
	stack   *stack.Stack
	binary  string
	name    string
	figures *figures

	mu      sync.Mutex
	running *stack.Replica
	// plans are where those that come next are to be killed; without one, they live on.
	plans []plan
	// at is where the one that runs is to be killed, and deaths where others were.
	at     plan
	deaths []string
	// kept is closed when nobody starts it again any more.
	kept chan struct{}
	err  error
}

// plan is where a controller is to be killed; the zero value: nowhere.
type plan struct {
	step failpoint.Step
	hit  int
}

// String is the plan as failpoint reads it.
func (p plan) String() string {
	if p.step == "" {
		return "nowhere"
	}
	return fmt.Sprintf("%s:%d", p.step, p.hit)
}

// begin has the place follow new plans. One that runs by no plan goes on if the first of the new ones is none either.
func (r *replica) begin(ctx context.Context, plans ...plan) error {
	r.mu.Lock()
	r.deaths = nil
	idle := r.running != nil && !r.running.Killed() && r.at == plan{}
	if idle && (len(plans) == 0 || plans[0] == plan{}) {
		r.mu.Unlock()
		return nil
	}
	r.mu.Unlock()
	r.leave()
	r.mu.Lock()
	r.plans, r.err, r.kept = plans, nil, make(chan struct{})
	started, err := r.start(ctx)
	r.mu.Unlock()
	if err != nil {
		close(r.kept)
		return err
	}
	if err := started.AwaitReady(ctx); err != nil {
		return fmt.Errorf("replica %s: %w", r.name, err)
	}
	return nil
}

// start starts the next one, and has it kept alive. The caller holds the lock.
func (r *replica) start(ctx context.Context) (*stack.Replica, error) {
	r.at = plan{}
	var variables []string
	if len(r.plans) > 0 {
		r.at, r.plans = r.plans[0], r.plans[1:]
		if r.at.step != "" {
			variables = append(variables, failpoint.Variable+"="+r.at.String())
		}
	}
	started, err := r.stack.StartReplica(ctx, "replica-"+r.name, r.binary, variables...)
	if err != nil {
		return nil, err
	}
	r.running = started
	go r.keep(context.WithoutCancel(ctx), started)
	return started, nil
}

// keep waits for the end of a controller and starts the next one.
func (r *replica) keep(ctx context.Context, running *stack.Replica) {
	<-running.Done()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.running != running: // It was told to leave.
	case !running.Killed() || r.at.step == "":
		r.err = fmt.Errorf("replica %s ended by itself, its last words:\n%s", r.name, lastLines(r.stack.ReplicaLog("replica-"+r.name)))
	default:
		r.deaths = append(r.deaths, r.at.String())
		r.figures.killed(string(r.at.step))
		if _, r.err = r.start(ctx); r.err == nil {
			return
		}
	}
	close(r.kept)
}

// leave kills it wherever it is, and leaves the place empty.
func (r *replica) leave() {
	r.mu.Lock()
	running, kept := r.running, r.kept
	r.running = nil
	r.mu.Unlock()
	if running == nil {
		return
	}
	running.Kill()
	<-kept
}

// state says how often it was killed since begin, and whether it will be again.
func (r *replica) state() (deaths []string, more bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.deaths...), r.at.step != "", r.err
}

// lastLines are the last ones of a text.
func lastLines(text string) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-logLines):], "\n")
}
