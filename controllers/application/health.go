package application

import (
	"context"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/syncer"
)

const (
	// A workload that isn't healthy after firstLook is asked for the reason, then twice as late each time up to lastLook: its
	// pods aren't watched, and most rollouts are over before the first look.
	firstLook = 2 * time.Second
	lastLook  = time.Minute
	// maxLooks bounds the workloads of one Application that are asked in one reconciliation.
	maxLooks = 8
)

// symptom is what is known of a workload that isn't healthy, at one generation: the troubles of the one before are over with it.
type symptom struct {
	generation int64

	trouble syncer.Trouble
	found   bool
	due     time.Time
	wait    time.Duration
}

// healthChecks compiles the expressions of the spec.
func (r *Reconciler) healthChecks(_ context.Context, s *scope) error {
	if s.memory.checked == s.app.Generation {
		s.checks = s.memory.checks
		return nil
	}
	checks := make([]syncer.HealthCheck, 0, len(s.app.Spec.HealthChecks))
	for _, check := range s.app.Spec.HealthChecks {
		checks = append(checks, syncer.HealthCheck(check))
	}
	compiled, err := syncer.CompileHealthChecks(checks)
	if err != nil {
		return s.fail(v1alpha1.ReasonInvalidSpec, err)
	}
	s.memory.checks, s.memory.checked = compiled, s.app.Generation
	s.checks = compiled
	return nil
}

// judge tells the health of every object, and asks the pods of those that don't come up. It returns the time until it is to
// be asked again; 0 is never.
func (r *Reconciler) judge(ctx context.Context, s *scope) time.Duration {
	s.healths = make([]syncer.Health, len(s.states))
	now, next, looks := r.now(), time.Duration(0), 0
	symptoms := map[syncer.ID]*symptom{}
	for i, state := range s.states {
		health := s.healthOf(state)
		if (health.Status == syncer.Progressing || health.Status == syncer.Degraded) && syncer.RunsPods(state.ID) {
			known, ok := s.memory.symptoms[state.ID]
			if generation := state.Live.GetGeneration(); !ok || known.generation != generation {
				known = &symptom{generation: generation, due: now.Add(firstLook), wait: firstLook}
			}
			symptoms[state.ID] = known
			if !known.due.After(now) && looks < maxLooks {
				looks++
				r.look(ctx, s, state, known, now)
			}
			if known.found {
				health = health.Because(known.trouble)
			}
			if wait := max(known.due.Sub(now), firstLook/4); next == 0 || wait < next {
				next = wait
			}
		}
		s.healths[i] = health
	}
	s.memory.symptoms = symptoms
	return next
}

// healthOf is the health of one object. The expressions of the spec see only what this Application has applied: the watch shows
// more than the ServiceAccount may read, and a message would tell it on.
func (s *scope) healthOf(state syncer.State) syncer.Health {
	if state.Live == nil {
		return s.checks.HealthOf(state.ID, nil)
	}
	if owner, owned := syncer.OwnerOf(state.Live); !owned || owner != s.owner() {
		return syncer.HealthOf(state.ID, state.Live)
	}
	return s.checks.HealthOf(state.ID, state.Live)
}

// look asks the pods of one workload. Not being answered is no failure: the workload's own words stand.
func (r *Reconciler) look(ctx context.Context, s *scope, state syncer.State, known *symptom, now time.Time) {
	found, ok, err := s.explainer.Explain(ctx, state.Live)
	if err != nil {
		ctrl.LoggerFrom(ctx).Info("the pods can't be asked", "object", state.ID.String(), "error", err.Error())
	} else {
		known.trouble, known.found = found, ok
	}
	known.wait = min(2*known.wait, lastLook)
	known.due = now.Add(known.wait)
}
