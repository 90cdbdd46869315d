package application

import (
	"context"
	"maps"
	"strings"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/syncer"
)

const (
	// freeHeals is how often in a row an object is set back at once. Whoever changes it after that does so again and again.
	freeHeals = 3
	// A fight is healed fightFirst after the last heal, then twice as late each time up to fightLast.
	fightFirst = time.Second
	fightLast  = 5 * time.Minute
	// fightQuiet is how long an object must at least have been left alone for a fight to be over.
	fightQuiet = time.Minute
)

// fights are the objects of one Application that were set back lately: somebody who changes an object again and again mustn't
// keep the controller and the API server busy, and two controllers that disagree would never stop. Objects that nobody fights
// over aren't delayed by it.
type fights map[syncer.ID]*fight

type fight struct {
	// heals in a row.
	heals int
	// healed is when the object was set back last, seen when it was last found to differ.
	healed, seen time.Time
	// wait until it may be set back again, from healed on.
	wait time.Duration
}

// forget drops the fights that are over: the object was left alone for twice the last wait.
func (f fights) forget(now time.Time) {
	maps.DeleteFunc(f, func(_ syncer.ID, known *fight) bool { return now.Sub(known.seen) >= max(2*known.wait, fightQuiet) })
}

// hold notes that an object differs, and returns how long it isn't to be set back yet.
func (f fights) hold(id syncer.ID, now time.Time) time.Duration {
	known, ok := f[id]
	if !ok {
		return 0
	}
	known.seen = now
	return max(0, known.healed.Add(known.wait).Sub(now))
}

// heal notes that an object was set back, and returns true if this makes it a fight.
func (f fights) heal(id syncer.ID, now time.Time) bool {
	known, ok := f[id]
	if !ok {
		known = &fight{}
		f[id] = known
	}
	known.heals++
	known.healed, known.seen = now, now
	if known.heals >= freeHeals {
		known.wait = min(max(2*known.wait, fightFirst), fightLast)
	}
	return known.heals == freeHeals
}

// heal sets back what differs, except what somebody changes again and again: that waits.
func (r *Reconciler) heal(ctx context.Context, s *scope) error {
	now, fights := r.now(), s.memory.fights
	fights.forget(now)
	var due []syncer.ID
	for i := range s.states {
		state := &s.states[i]
		if state.Synced {
			continue
		}
		if wait := fights.hold(state.ID, now); wait > 0 {
			state.Difference += "; " + fought(state.Conflicts)
			s.lookAgain(wait)
			continue
		}
		due = append(due, state.ID)
	}
	if len(due) == 0 {
		return nil
	}
	err := r.apply(ctx, s, due)
	for _, id := range due {
		state := s.state(id)
		if !state.Changed {
			continue
		}
		delete(s.memory.differing, id)
		if fights.heal(id, now) {
			r.metrics.FightBegan()
			ctrl.LoggerFrom(ctx).Info("an object is changed again and again", "object", id.String(), "who", fought(state.Conflicts))
			r.recorder.Tell(s.app, nil, v1alpha1.ReasonFightingOver, "%s: %s%s", id, fought(state.Conflicts), over(state.Conflicts))
		}
	}
	return err
}

// fought says that an object is fought over, with whom if that is known, and what to do.
func fought(conflicts []syncer.Conflict) string {
	who := "somebody"
	if len(conflicts) > 0 {
		managers := make([]string, len(conflicts))
		for i, conflict := range conflicts {
			managers[i] = conflict.Manager
		}
		who = strings.Join(managers, " and ")
	}
	return who + " changes it again and again, and it is set back ever later: leave the fields to them by spec.ignoreDifferences, or have them leave the object alone"
}

// over names the fields that are fought over.
func over(conflicts []syncer.Conflict) string {
	if len(conflicts) == 0 {
		return ""
	}
	return " (" + taken(conflicts) + ")"
}
