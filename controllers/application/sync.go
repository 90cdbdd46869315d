package application

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/status"
	"github.com/fairlead/fairlead/syncer"
)

// prepare makes of the rendered objects what is applied, under the rules that the spec gives.
func (r *Reconciler) prepare(_ context.Context, s *scope) error {
	rules, err := RulesOf(s.app, s.askedOptions())
	if err != nil {
		return s.fail(v1alpha1.ReasonInvalidSpec, err)
	}
	desired, err := syncer.Prepare(s.rendered.objects, s.owner(), s.permission.Scope, rules.Options, s.cluster.mapper)
	if err != nil {
		r.declare(s, s.rendered.objects)
		return s.fail(v1alpha1.ReasonInvalidManifests, err)
	}
	s.hooks, err = syncer.PrepareHooks(s.rendered.objects, s.owner(), s.permission.Scope, rules.Options, s.cluster.mapper)
	if err != nil {
		return s.fail(v1alpha1.ReasonInvalidManifests, err)
	}
	rules.Revision = s.head.Revision
	s.rules, s.desired = rules, desired
	s.applier = syncer.NewApplier(s.client, s.cluster.mapper).Under(rules)
	s.memory.judgeBy(s.judgement())
	r.declare(s, desired)
	return nil
}

// watch makes sure that every kind is watched, of the desired objects and of the inventory. A kind that this very revision
// brings is watched once it is there.
func (r *Reconciler) watch(ctx context.Context, s *scope) error {
	objects := slices.Clone(s.desired)
	for _, hook := range s.hooks {
		objects = append(objects, hook.Object)
	}
	if err := r.ensureWatched(ctx, s, objects, inventoryOf(s.app)); err != nil {
		return s.fail(v1alpha1.ReasonSyncFailed, err)
	}
	return nil
}

// ensureWatched makes sure that the kinds of some objects are watched.
func (r *Reconciler) ensureWatched(ctx context.Context, s *scope, objects []*unstructured.Unstructured, inventory []syncer.ID) error {
	kinds, err := syncer.Kinds(objects, inventory, s.cluster.mapper)
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		if err := s.cluster.watches.ensure(ctx, r.controller, kind); err != nil {
			return err
		}
	}
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

// plan finds what there is to apply and to prune, from the objects as they were last seen.
func (r *Reconciler) plan(ctx context.Context, s *scope) error {
	inventory := inventoryOf(s.app)
	s.live = make(map[syncer.ID]*unstructured.Unstructured, len(s.desired)+len(inventory))
	for _, obj := range s.desired {
		if err := r.see(ctx, s, syncer.IDOf(obj)); err != nil {
			return s.fail(v1alpha1.ReasonSyncFailed, err)
		}
	}
	for _, id := range inventory {
		if err := r.see(ctx, s, id); err != nil {
			return s.fail(v1alpha1.ReasonSyncFailed, err)
		}
	}
	plan, err := syncer.PlanSync(s.desired, inventory, s.owner(), s.live, r.othersOf(ctx, s))
	if err != nil {
		return s.fail(v1alpha1.ReasonSyncFailed, err)
	}
	s.desired, s.leftover, s.leaving = plan.Apply, plan.Prune, plan.Leaving
	return r.guard(ctx, s, plan)
}

// see notes an object as it was last seen, by the watch or in the answer to an apply.
func (r *Reconciler) see(ctx context.Context, s *scope, id syncer.ID) error {
	seen, err := s.cluster.watches.live(ctx, id)
	if err != nil {
		return err
	}
	newest, sure := s.memory.newest(id, seen)
	if !sure {
		if newest, err = s.applier.Get(ctx, id); err != nil {
			return err
		}
		if newest == nil {
			delete(s.memory.written, id)
		}
	}
	s.live[id] = newest
	return nil
}

// compare finds each object's state. Manifests that are going to be applied anyway aren't compared by a dry run first.
func (r *Reconciler) compare(ctx context.Context, s *scope) error {
	var err error
	if s.appliesAll() {
		s.states = s.memory.comparer.Recall(s.desired, s.live)
	} else if s.states, err = s.memory.comparer.Compare(ctx, s.applier, s.desired, s.live); err != nil {
		return s.fail(v1alpha1.ReasonSyncFailed, err)
	}
	s.compared = true
	if drifted := s.drifted(); drifted > 0 {
		r.metrics.DriftSeen(drifted)
	}
	return nil
}

// sync carries on the sync that runs or begins, or mends what has changed in the cluster where the sync policy says so.
func (r *Reconciler) sync(ctx context.Context, s *scope) error {
	if s.app.Spec.Suspend {
		return nil
	}
	if err := r.takeUp(ctx, s); err != nil {
		return err
	}
	switch {
	case isRunning(s.operation):
		return r.carryOn(ctx, s)
	case s.automated() && (!s.isNew() || s.unsynced() == 0 && !s.isSpent()):
		return r.mend(ctx, s)
	}
	return nil
}

// mend takes back what was changed in the cluster, with selfHeal, and prunes what is left over, with prune. It is no sync: no
// hook runs, and waves aren't waited for.
func (r *Reconciler) mend(ctx context.Context, s *scope) error {
	automated := s.app.Spec.SyncPolicy.Automated
	if s.memory.namespaceAt != s.app.Generation {
		if err := s.ensureNamespace(ctx); err != nil {
			return s.fail(v1alpha1.ReasonSyncFailed, err)
		}
	}
	if s.unsynced() > 0 && automated.SelfHeal {
		if err := r.heal(ctx, s); err != nil {
			return s.fail(v1alpha1.ReasonSyncFailed, err)
		}
	}
	for _, step := range syncer.StepsOf(nil, nil, s.due(), s.live, s.rules.Options) {
		if err := s.prune(ctx, s.unpruned(step.Prune)); err != nil {
			return s.fail(v1alpha1.ReasonSyncFailed, err)
		}
		if slices.ContainsFunc(step.Prune, func(id syncer.ID) bool { return slices.Contains(s.leaving, id) }) {
			break // the next wave when these are gone
		}
	}
	return nil
}

// due are the objects that are to be pruned without being asked for, those on their way out included; none if there are only
// those.
func (s *scope) due() []syncer.ID {
	prunable := s.prunable()
	if len(prunable) == 0 || !s.automated() || !s.app.Spec.SyncPolicy.Automated.Prune {
		return nil
	}
	return append(prunable, s.leaving...)
}

// apply applies those of some objects that differ, in order.
func (r *Reconciler) apply(ctx context.Context, s *scope, ids []syncer.ID) error {
	if err := s.ensureNamespace(ctx); err != nil {
		return err
	}
	if err := r.remember(ctx, s); err != nil {
		return err
	}
	states := make([]syncer.State, len(ids))
	for i, id := range ids {
		states[i] = *s.state(id)
	}
	states, err := s.applier.Apply(ctx, states)
	s.memory.comparer.Record(states)
	for _, state := range states {
		*s.state(state.ID) = state
		if !state.Changed {
			continue
		}
		s.changed++
		if len(state.Conflicts) > 0 {
			s.taken = append(s.taken, state)
		}
		s.memory.written[state.ID] = state.Live
		if state.ID.Kind == "CustomResourceDefinition" {
			s.cluster.capabilities.forget()
		}
	}
	return err
}

// remember writes the objects that are new into the inventory before they are applied, so that whatever happens then, a
// later revision knows what to prune; and so the first hooks for deletion.
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
	first := s.app.Status.DeletionHooksAt == "" && s.hooksOnDeletion() != ""
	if len(added) == 0 && !first {
		return nil
	}
	return status.Patch(ctx, r.client, r.live, s.app, func(app *v1alpha1.Application) {
		app.Status.Resources = append(app.Status.Resources, added...)
		if first {
			app.Status.DeletionHooksAt = s.hooksOnDeletion()
		}
	})
}

// prune deletes some of what is left over. What couldn't be deleted stays in the inventory.
func (s *scope) prune(ctx context.Context, ids []syncer.ID) error {
	results, err := s.applier.Prune(ctx, s.owner(), ids, s.states)
	for _, result := range results {
		if result.Deleted {
			s.pruned++
			s.leaving = append(s.leaving, result.ID)
		}
		if result.Err == nil {
			s.leftover = slices.DeleteFunc(s.leftover, func(id syncer.ID) bool { return id == result.ID })
		}
	}
	return err
}
