package application

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/status"
	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/syncer"
)

// heldError says that a hook holds the deletion up until somebody changes something or asks for another try.
type heldError struct{ message string }

// Error implements error.
func (e *heldError) Error() string { return e.message }

// Terminal says that nothing happens by itself.
func (*heldError) Terminal() bool { return true }

// deletionOf is how far the deletion of an Application with hooks is; nil if it hasn't begun, or there are no hooks.
func deletionOf(app *v1alpha1.Application) *v1alpha1.OperationStatus {
	if op := app.Status.Operation; op != nil {
		switch syncer.ParsePlace(op.Step).Phase { //nolint:exhaustive // all others are those of a sync
		case syncer.PreDelete, syncer.CascadePhase, syncer.PostDelete:
			return op
		}
	}
	return nil
}

// placeOf is the phase of a deletion that was begun last; empty if none was.
func placeOf(deletion *v1alpha1.OperationStatus) syncer.HookPhase {
	if deletion == nil {
		return ""
	}
	return syncer.ParsePlace(deletion.Step).Phase
}

// hooksAreDue says whether the hooks of a phase may have something to do. That is known without looking at the repository, so that
// an Application without such hooks can be deleted without one.
func hooksAreDue(app *v1alpha1.Application, phase syncer.HookPhase) bool {
	deletion := deletionOf(app)
	switch {
	case deletion == nil:
		return app.Status.DeletionHooksAt != ""
	case phase == syncer.PreDelete:
		return placeOf(deletion) == syncer.PreDelete
	default:
		return deletion.Phase != v1alpha1.OperationSucceeded
	}
}

// isAskedAgain says whether somebody asks for another try of a deletion that has failed, or has changed the spec since.
func isAskedAgain(app *v1alpha1.Application) bool {
	return app.Annotations[v1alpha1.ReconcileAtAnnotation] != app.Status.LastHandledReconcileAt || app.Generation != app.Status.ObservedGeneration
}

// hooksOnDeletion is the revision to be noted as the one whose hooks run if the Application is deleted; empty without such hooks.
func (s *scope) hooksOnDeletion() string {
	if slices.ContainsFunc(s.hooks, func(hook syncer.Hook) bool { return hook.Phase == syncer.PreDelete || hook.Phase == syncer.PostDelete }) {
		return s.head.Revision
	}
	return ""
}

// runDeletionHooks runs the hooks of one phase of the deletion as far as they go now, and returns what it waits for; nothing, if they
// are over. What has become of them stands in the operation, and is found again from there and from their objects.
func (r *Reconciler) runDeletionHooks(ctx context.Context, s *scope, phase syncer.HookPhase) (string, error) {
	if !hooksAreDue(s.app, phase) {
		return "", nil
	}
	again, err := r.isTriedAgain(ctx, s)
	if err == nil && !again && isFailed(deletionOf(s.app)) {
		return "", &heldError{message: deletionOf(s.app).Message}
	}
	if err == nil {
		err = r.deletionHooks(ctx, s, again)
	}
	if waits := (*waitError)(nil); errors.As(err, &waits) {
		s.lookAgain(stuckInterval)
		return waits.message, nil
	}
	if err != nil {
		return "", fmt.Errorf("look for %s hooks: %w", phase, err)
	}
	if err := r.enter(ctx, s, phase, again); err != nil {
		return "", err
	}
	waits, err := r.walkHooks(ctx, s, phase)
	return waits, errors.Join(err, r.write(ctx, s))
}

func isFailed(deletion *v1alpha1.OperationStatus) bool {
	return deletion != nil && deletion.Phase == v1alpha1.OperationFailed
}

// isTriedAgain says whether a deletion that has failed is tried once more: since it was asked for, or the branch holds something
// else by now.
func (r *Reconciler) isTriedAgain(ctx context.Context, s *scope) (bool, error) {
	failed := deletionOf(s.app)
	if !isFailed(failed) {
		return false, nil
	}
	if isAskedAgain(s.app) {
		return true, nil
	}
	if err := r.find(ctx, s); err != nil {
		return false, err
	}
	if s.head.Revision == s.app.Status.Sync.Revision {
		return false, nil
	}
	err := r.render(ctx, s)
	return err == nil && s.rendered.digest != failed.Manifests, err
}

// deletionHooks finds the hooks: at the revision that was applied last; where that isn't there any more or can't be rendered, and
// when it is tried again, at the head.
func (r *Reconciler) deletionHooks(ctx context.Context, s *scope, again bool) error {
	if err := r.healthChecks(ctx, s); err != nil {
		return err
	}
	if err := r.find(ctx, s); err != nil {
		return err
	}
	head, wanted := s.head.Revision, s.app.Status.DeletionHooksAt
	if deletion := deletionOf(s.app); deletion != nil {
		wanted = deletion.Revision
	}
	if !again && wanted != head {
		s.head.Revision = wanted
		if err := r.hooksAt(ctx, s); err == nil || !isHopeless(err) {
			return err
		}
	}
	s.head.Revision = head
	return r.hooksAt(ctx, s)
}

// isHopeless says whether an error is one of the revision itself.
func isHopeless(err error) bool {
	failure := (*gitwriter.Error)(nil)
	return status.Terminal(err) || errors.As(err, &failure) && failure.Reason == gitwriter.ReasonRevisionMissing
}

// hooksAt prepares the hooks for deletion of one revision, and has their kinds watched. All else that it holds may be gone, also the
// kinds of it.
func (r *Reconciler) hooksAt(ctx context.Context, s *scope) error {
	if err := r.render(ctx, s); err != nil {
		return err
	}
	objects := slices.DeleteFunc(slices.Clone(s.rendered.objects), func(obj *unstructured.Unstructured) bool { return !syncer.MetaOf(obj).RunsOnDeletion() })
	hooks, err := syncer.PrepareHooks(objects, s.owner(), s.permission.Scope, s.rules.Options, s.cluster.mapper)
	if err != nil {
		return err
	}
	s.hooks = hooks
	s.live = map[syncer.ID]*unstructured.Unstructured{}
	return r.ensureWatched(ctx, s, objects, nil)
}

// enter takes up the phase: for the first time, once more, or where it was.
func (r *Reconciler) enter(ctx context.Context, s *scope, phase syncer.HookPhase, again bool) error {
	deletion := deletionOf(s.app)
	if deletion != nil && !again {
		s.operation = deletion.DeepCopy()
		if placeOf(deletion) != phase {
			s.operation.Step, s.operation.StartedAt = syncer.Place{Phase: phase, Wave: r.firstWave(s, phase)}.String(), *r.moment()
		}
		return r.write(ctx, s)
	}
	if err := r.supersedeHooks(ctx, s); err != nil {
		return err
	}
	s.operation = &v1alpha1.OperationStatus{
		Phase: v1alpha1.OperationRunning, Revision: s.head.Revision, Manifests: s.rendered.digest, StartedAt: *r.moment(),
		Step: syncer.Place{Phase: phase, Wave: r.firstWave(s, phase)}.String(),
	}
	return r.write(ctx, s)
}

func (*Reconciler) firstWave(s *scope, phase syncer.HookPhase) int {
	if steps := syncer.DeletionSteps(s.hooks, phase); len(steps) > 0 {
		return steps[0].Wave
	}
	return 0
}

// supersedeHooks stops the hooks of what ran last, a sync or an earlier try, and has their objects deleted with all others: what is
// to come takes their place in the status.
func (r *Reconciler) supersedeHooks(ctx context.Context, s *scope) error {
	last := s.app.Status.Operation
	if last == nil {
		return nil
	}
	if err := r.stopHooks(ctx, s, last); err != nil {
		return err
	}
	return status.Patch(ctx, r.client, r.live, s.app, func(app *v1alpha1.Application) {
		known := inventoryOf(app)
		for _, hook := range last.Hooks {
			if id := hookID(hook); !slices.Contains(known, id) {
				resource := resourceOf(id)
				resource.Status, resource.Health, resource.Message = v1alpha1.SyncStatusOutOfSync, v1alpha1.HealthUnknown, "is left of a hook"
				app.Status.Resources, known = append(app.Status.Resources, resource), append(known, id)
			}
		}
	})
}

// walkHooks takes the steps of a phase that can be taken now.
func (r *Reconciler) walkHooks(ctx context.Context, s *scope, phase syncer.HookPhase) (string, error) {
	op, f := s.operation, &flow{held: map[syncer.HookKey]string{}}
	hooks := make([]syncer.Hook, 0, len(s.hooks))
	for _, hook := range s.hooks {
		hooks = append(hooks, hook.In(op.StartedAt.UTC().Format(time.RFC3339Nano)))
	}
	steps := syncer.DeletionSteps(hooks, phase)
	for {
		remaining := op.StartedAt.Add(s.app.Spec.Timeout.Duration).Sub(r.now())
		progress, err := r.progress(ctx, s, f, steps)
		if err != nil {
			return "", err
		}
		switch move := syncer.NextMove(steps, progress); {
		case move.Over():
			r.passHooks(s, phase, hooks)
			return "", nil
		case move.Failed != "":
			return "", s.holdDeletion(phase, move.Failed)
		case !move.Acts() && remaining <= 0:
			return "", s.holdDeletion(phase, overdue(s.app, move.Waits))
		case !move.Acts():
			s.lookAgain(remaining)
			op.Step, op.Message = move.Place.String(), status.Bounded(move.Waits)
			return move.Waits, nil
		default:
			op.Step = move.Place.String()
			if err := r.startHooks(ctx, s, f, move.Start); err != nil && status.Terminal(err) {
				return "", s.holdDeletion(phase, err.Error())
			} else if err != nil {
				return "", err
			}
		}
	}
}

// passHooks notes that the hooks of a phase are over: after those before it the cascade is due, and if nothing comes after that, it
// is known from here on.
func (r *Reconciler) passHooks(s *scope, phase syncer.HookPhase, hooks []syncer.Hook) {
	s.operation.Message = ""
	if phase == syncer.PreDelete {
		s.operation.Step = syncer.Place{Phase: syncer.CascadePhase}.String()
	}
	if phase == syncer.PostDelete || len(syncer.DeletionSteps(hooks, syncer.PostDelete)) == 0 {
		s.operation.Phase, s.operation.FinishedAt = v1alpha1.OperationSucceeded, r.moment()
	}
}

// holdDeletion notes that a hook has failed.
func (s *scope) holdDeletion(phase syncer.HookPhase, why string) error {
	state := "nothing was deleted"
	if phase == syncer.PostDelete {
		state = "its objects are deleted"
	}
	s.operation.Phase = v1alpha1.OperationFailed
	s.operation.Message = status.Bounded(fmt.Sprintf("%s; %s: it is tried again when the branch holds something else, or when it is asked for by the annotation %s",
		why, state, v1alpha1.ReconcileAtAnnotation))
	return &heldError{message: s.operation.Message}
}

// pendingObjects are what the cascade before the PostDelete hooks deletes. If such hooks are to come, the namespaces are left to
// cascade that follows them: a hook in one of these couldn't run any more.
func pendingObjects(app *v1alpha1.Application) []syncer.ID {
	objects := append(inventoryOf(app), hooksOf(app)...)
	deletion := deletionOf(app)
	switch {
	case placeOf(deletion) == syncer.PostDelete:
		return nil
	case deletion != nil && deletion.Phase != v1alpha1.OperationSucceeded:
		return slices.DeleteFunc(objects, func(id syncer.ID) bool { return id.Group == "" && id.Kind == "Namespace" })
	}
	return objects
}

// remainingObjects are what the cascade after the PostDelete hooks deletes: these themselves, too, since no later run would make room
// for itself.
func remainingObjects(app *v1alpha1.Application) []syncer.ID {
	if placeOf(deletionOf(app)) != syncer.PostDelete {
		return nil
	}
	return append(inventoryOf(app), hooksOf(app)...)
}
