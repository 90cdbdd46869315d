package controller

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
)

const (
	// A closed gate is tried every gateEvery. An open one is looked at every gateAgain: somebody may remove or replace the CRDs.
	gateEvery = 2 * time.Second
	gateAgain = time.Minute
)

// gate holds the controllers back until the API server serves their kinds. A controller whose kind isn't there would end the
// process after a while, and one whose kind lacks a field would work with half of what users write.
//
//	closed --check finds nothing wrong--> opening --open is done--> open
//	  ^ says what is wrong                                           | checked again; the controllers go on, whatever it finds
type gate struct {
	// check says what is wrong with the kinds.
	check func(context.Context) error
	// open sets the controllers up. It is called once.
	open func(context.Context) error

	// problem is why nobody should count on this process, nil if there is no reason.
	problem atomic.Pointer[error]
}

// What holds until something was found out, and then until the caches are filled.
var (
	errNotAsked  = errors.New("the API server hasn't answered yet which CRDs it has")
	errNotFilled = errors.New("not all objects are known here yet: if that lasts, the log says why they can't be listed")
)

// newGate returns one that is closed.
func newGate(check, open func(context.Context) error) *gate {
	g := &gate{check: check, open: open}
	g.problem.Store(&errNotAsked)
	return g
}

// ready says why nobody should count on this process; nil: it works, or would if it led.
func (g *gate) ready() error { return *g.problem.Load() }

// NeedLeaderElection is false: who waits for his turn is ready for it.
func (g *gate) NeedLeaderElection() bool { return false }

// Start opens the gate as soon as that goes, and looks after it until ctx ends.
func (g *gate) Start(ctx context.Context) error {
	ticker := time.NewTicker(gateEvery)
	defer ticker.Stop()
	opened := false
	for {
		err := g.check(ctx)
		if err == nil && !opened {
			g.problem.Store(&errNotFilled)
			if err := g.open(ctx); err != nil {
				return err
			}
			opened = true
			ticker.Reset(gateAgain)
		}
		if ctx.Err() == nil {
			g.tell(ctx, err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// tell takes over what was found, and logs what is news.
func (g *gate) tell(ctx context.Context, found error) {
	before := g.ready()
	g.problem.Store(&found)
	logger := ctrl.LoggerFrom(ctx)
	switch {
	case found == nil && before != nil:
		logger.Info("ready")
	case found != nil && (before == nil || before.Error() != found.Error()):
		logger.Error(found, "not ready")
	}
}
