package app

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// WaitFor is what is waited for; nothing at all means everything.
type WaitFor struct {
	// Sync: what the revision says is what runs.
	Sync bool
	// Health: every object is healthy.
	Health bool
	// Operation: no sync runs, or was asked for.
	Operation bool
	// Revision, if it is set, is one that must be synced: its id, or the beginning of that.
	Revision string
	// Timeout bounds the waiting; 0 is without end.
	Timeout time.Duration
}

// Wait waits, and returns the Application as it is then. After the timeout, the error says what is still waited for.
func (c *Cluster) Wait(ctx context.Context, key types.NamespacedName, wanted WaitFor) (*v1alpha1.Application, error) {
	if !wanted.Sync && !wanted.Health && !wanted.Operation {
		wanted.Sync, wanted.Health, wanted.Operation = true, true, true
	}
	ctx, cancel := within(ctx, wanted.Timeout)
	defer cancel()
	var last *v1alpha1.Application
	err := c.follow(ctx, key, func(app *v1alpha1.Application) (bool, error) {
		last = app
		return len(wanted.missing(app)) == 0, nil
	})
	switch {
	case ended(err) && last == nil:
		return nil, terminal.Failf(err, "wait for Application %s: the cluster hasn't answered within %s", key, wanted.Timeout)
	case ended(err):
		return last, terminal.Failf(err, "wait for Application %s: not within %s: %s", key, wanted.Timeout, strings.Join(wanted.missing(last), "; "))
	}
	return last, err
}

// missing says what isn't so yet.
func (w WaitFor) missing(app *v1alpha1.Application) []string {
	var waits []string
	status := app.Status
	if status.ObservedGeneration < app.Generation {
		waits = append(waits, "the controller hasn't seen the newest spec")
	}
	if w.Operation {
		switch {
		case app.Operation != nil:
			waits = append(waits, "a sync that was asked for isn't taken up")
		case status.Operation != nil && status.Operation.Phase == v1alpha1.OperationRunning:
			waits = append(waits, "the sync is "+progressOf(status.Operation))
		}
	}
	if w.Revision != "" && !strings.HasPrefix(status.Sync.Revision, w.Revision) {
		waits = append(waits, "it is at revision "+short(status.Sync.Revision)+", not "+short(w.Revision))
	}
	if w.Sync && status.Sync.Status != v1alpha1.SyncStatusSynced {
		waits = append(waits, "sync is "+because(cmp.Or(string(status.Sync.Status), "Unknown"), status.Sync.Reason))
	}
	if w.Health && status.Health.Status != v1alpha1.HealthHealthy {
		waits = append(waits, "health is "+because(cmp.Or(string(status.Health.Status), "Unknown"), status.Health.Message))
	}
	return waits
}

func because(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}

// sortedKeys are the keys of objects, in order.
func sortedKeys[T any](of map[ownerKey]T) []ownerKey {
	return slices.SortedFunc(maps.Keys(of), func(a, b ownerKey) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.group, b.group), cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
}

// Summary says in a line how an Application fares.
func Summary(app *v1alpha1.Application) string {
	status := app.Status
	return "Application " + keyOf(app) + " is " + orNone(string(status.Sync.Status)) + " at " + short(status.Sync.Revision) +
		" and " + orNone(string(status.Health.Status))
}

// Single is an Application that is written as it is.
func Single(app *v1alpha1.Application) *View { return &View{app: app} }
