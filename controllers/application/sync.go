package application

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/status"
	"github.com/fairlead/fairlead/syncer"
)

// prepare makes of the rendered objects what is applied, and finds what an earlier revision left over.
func (r *Reconciler) prepare(_ context.Context, s *scope) error {
	desired, err := syncer.Prepare(s.rendered.objects, s.owner(), s.permission.Scope, r.mapper)
	if err != nil {
		return s.fail(v1alpha1.ReasonInvalidManifests, err)
	}
	s.desired = desired
	s.leftover = syncer.Leftover(inventoryOf(s.app), desired)
	return nil
}

// inventoryOf is what earlier revisions applied.
func inventoryOf(app *v1alpha1.Application) []syncer.ID {
	inventory := make([]syncer.ID, 0, len(app.Status.Resources))
	for _, resource := range app.Status.Resources {
		inventory = append(inventory, syncer.ID{
			Group: resource.Group, Version: resource.Version, Kind: resource.Kind, Namespace: resource.Namespace, Name: resource.Name,
		})
	}
	return inventory
}

// watch makes sure that every kind is watched, of the desired objects and of the leftover ones. A kind that a
// CustomResourceDefinition of this very revision brings is watched once it is there.
func (r *Reconciler) watch(ctx context.Context, s *scope) error {
	ids := slices.Clone(s.leftover)
	for _, obj := range s.desired {
		ids = append(ids, syncer.IDOf(obj))
	}
	for _, id := range ids {
		if err := r.watches.ensure(ctx, r.controller, id.GroupVersionKind()); err != nil && !syncer.IsUnknownKind(err) {
			return s.fail(v1alpha1.ReasonSyncFailed, err)
		}
	}
	return nil
}

// compare finds each object's state. What was left over and is gone is no difference.
func (r *Reconciler) compare(ctx context.Context, s *scope) error {
	s.applier = syncer.NewApplier(s.client, r.mapper)
	for _, desired := range s.desired {
		seen, err := r.seen(ctx, s, syncer.IDOf(desired))
		if err != nil {
			return s.fail(v1alpha1.ReasonSyncFailed, err)
		}
		state, err := s.memory.comparer.Compare(ctx, s.applier, desired, seen)
		if err != nil {
			return s.fail(v1alpha1.ReasonSyncFailed, err)
		}
		s.states = append(s.states, state)
	}
	var leftover []syncer.ID
	for _, id := range s.leftover {
		seen, err := r.seen(ctx, s, id)
		if err != nil {
			return s.fail(v1alpha1.ReasonSyncFailed, err)
		}
		if seen != nil && seen.GetDeletionTimestamp() == nil {
			leftover = append(leftover, id)
		}
	}
	s.leftover, s.compared = leftover, true
	return nil
}

// seen is an object as it was last seen, by the watch or in the answer to an apply.
func (r *Reconciler) seen(ctx context.Context, s *scope, id syncer.ID) (*unstructured.Unstructured, error) {
	watched, err := r.watches.live(ctx, id)
	if syncer.IsUnknownKind(err) {
		return nil, nil //nolint:nilnil // a kind that isn't served has no objects
	}
	if err != nil {
		return nil, err
	}
	newest, sure := s.memory.newest(id, watched)
	if sure {
		return newest, nil
	}
	live, err := s.applier.Get(ctx, id)
	if err == nil && live == nil {
		delete(s.memory.written, id)
	}
	return live, err //nolint:wrapcheck // names the object
}

// sync applies what differs, and prunes what is left over, where the sync policy says so: manifests that weren't applied
// yet always, drift with selfHeal only.
func (r *Reconciler) sync(ctx context.Context, s *scope) error {
	if !s.automated() {
		return nil
	}
	automated := s.app.Spec.SyncPolicy.Automated
	isNew := s.app.Status.Sync.Applied != s.rendered.digest
	if s.unsynced() > 0 && (isNew || automated.SelfHeal) {
		if err := r.apply(ctx, s); err != nil {
			return s.fail(v1alpha1.ReasonSyncFailed, err)
		}
		s.applied = isNew
	}
	if automated.Prune {
		if err := s.prune(ctx); err != nil {
			return s.fail(v1alpha1.ReasonSyncFailed, err)
		}
	}
	return nil
}

// apply applies the objects that differ, in order. An object that is refused holds up no other, but ends in an error, so
// that nothing is pruned.
func (r *Reconciler) apply(ctx context.Context, s *scope) error {
	if err := r.createNamespace(ctx, s); err != nil {
		return err
	}
	if err := r.remember(ctx, s); err != nil {
		return err
	}
	var failures []error
	for i, desired := range s.desired {
		if s.states[i].Synced {
			continue
		}
		applied, err := s.applier.Apply(ctx, desired)
		if err != nil {
			s.states[i].Difference = "can't be applied"
			failures = append(failures, err)
			continue
		}
		if desired.GetKind() == "CustomResourceDefinition" {
			r.capabilities.forget()
		}
		s.states[i] = syncer.State{ID: s.states[i].ID, Live: applied, Synced: true}
		s.memory.comparer.Verified(desired, applied)
		s.memory.written[s.states[i].ID] = applied
		s.changed++
	}
	s.memory.comparer.Keep(s.desired)
	return syncer.Join(failures) //nolint:wrapcheck // names the objects
}

// createNamespace creates the destination namespace where the Application asks for it.
func (r *Reconciler) createNamespace(ctx context.Context, s *scope) error {
	if s.permission.Scope.NamespaceOnly || !slices.Contains(s.app.Spec.SyncPolicy.SyncOptions, "CreateNamespace=true") {
		return nil
	}
	if err := s.applier.CreateNamespace(ctx, s.app.Spec.Destination.Namespace); err != nil {
		return fmt.Errorf("create the destination namespace: %w", err)
	}
	return nil
}

// remember writes the objects that are new into the inventory before they are applied, so that whatever happens then, a
// later revision knows what to prune.
func (r *Reconciler) remember(ctx context.Context, s *scope) error {
	known := map[syncer.ID]bool{}
	for _, id := range inventoryOf(s.app) {
		known[id] = true
	}
	var added []v1alpha1.ResourceStatus
	for _, state := range s.states {
		if !known[state.ID] {
			resource := resourceOf(state.ID)
			resource.Status, resource.Health = v1alpha1.SyncStatusOutOfSync, v1alpha1.HealthMissing
			added = append(added, resource)
		}
	}
	if len(added) == 0 {
		return nil
	}
	return status.Patch(ctx, r.client, r.live, s.app, func(app *v1alpha1.Application) { //nolint:wrapcheck // names the object
		app.Status.Resources = append(app.Status.Resources, added...)
	})
}

// prune deletes what is left over, after everything was applied.
func (s *scope) prune(ctx context.Context) error {
	var failures []error
	var kept []syncer.ID
	for _, id := range s.leftover {
		pruned, err := s.applier.Prune(ctx, s.owner(), id)
		if err != nil {
			failures, kept = append(failures, err), append(kept, id)
		}
		if pruned {
			s.pruned++
		}
	}
	s.leftover = kept
	return syncer.Join(failures) //nolint:wrapcheck // names the objects
}
