package application

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/status"
	"github.com/fairlead/fairlead/syncer"
)

// heldInterval is the time between two tries to start a hook that something is in the way of: it may be unlabelled, so that
// nobody sees it go.
const heldInterval = time.Second

// walk takes the steps of the sync that can be taken now. It stands in the status that it runs before anything is done, so that
// whatever happens then, it goes on where it was: which run of a hook an object is, follows from the time at which it began.
func (r *Reconciler) walk(ctx context.Context, s *scope, f *flow) error {
	s.stepwise = true
	if err := r.write(ctx, s); err != nil {
		return err
	}
	failing := syncer.ParsePlace(s.operation.Step).Phase == syncer.SyncFail
	steps, timeout := f.steps, s.app.Spec.Timeout.Duration
	if failing {
		steps, timeout = f.failure, 2*timeout // the hooks that follow a failure have as much time again
	}
	for {
		if f.force {
			s.forceAhead(steps)
		}
		remaining := s.operation.StartedAt.Add(timeout).Sub(r.now())
		progress, err := r.progress(ctx, s, f, steps)
		if err != nil && remaining > 0 {
			return s.fail(v1alpha1.ReasonSyncFailed, err)
		}
		if err != nil {
			return r.fail(ctx, s, f, overdue(s.app, err.Error()))
		}
		switch move := syncer.NextMove(steps, progress); {
		case !move.Over() && move.Failed == "" && remaining <= 0:
			return r.fail(ctx, s, f, overdue(s.app, s.operation.Message))
		case !move.Acts():
			if move.Waits != "" {
				s.lookAgain(remaining)
			}
			return r.rest(ctx, s, f, move, failing)
		default:
			if err := r.act(ctx, s, f, move); err != nil {
				return r.failed(ctx, s, f, err)
			}
		}
	}
}

func overdue(app *v1alpha1.Application, why string) string {
	return fmt.Sprintf("wasn't over within spec.timeout, %s: %s", app.Spec.Timeout.Duration, why)
}

// rest notes what the sync has come to where there is nothing to do now. failing is true if these are the steps that follow a
// failure.
func (r *Reconciler) rest(ctx context.Context, s *scope, f *flow, move syncer.Move, failing bool) error {
	switch {
	case failing && move.Waits == "":
		return r.fail(ctx, s, f, s.operation.Message)
	case move.Over():
		r.succeed(s)
		return nil
	}
	s.operation.Step = move.Place.String()
	if move.Failed != "" {
		return r.fail(ctx, s, f, move.Failed)
	}
	if !failing {
		s.operation.Message = status.Bounded(move.Waits)
	}
	return nil
}

// forceAhead has the objects of all steps that weren't entered yet applied, whatever is known of them.
func (s *scope) forceAhead(steps []syncer.Step) {
	for _, step := range steps {
		if step.After(syncer.ParsePlace(s.operation.Step)) {
			s.force(step.Apply)
		}
	}
}

// act does what a step asks for.
func (r *Reconciler) act(ctx context.Context, s *scope, f *flow, move syncer.Move) error {
	s.operation.Step = move.Place.String()
	if len(move.Apply) > 0 {
		if err := r.apply(ctx, s, move.Apply); err != nil {
			return err
		}
	}
	if len(move.Start) > 0 {
		if err := s.ensureNamespace(ctx); err != nil {
			return err
		}
		if err := r.startHooks(ctx, s, f, move.Start); err != nil {
			return err
		}
	}
	if len(move.Prune) > 0 {
		return s.prune(ctx, move.Prune)
	}
	return nil
}

func (r *Reconciler) startHooks(ctx context.Context, s *scope, f *flow, hooks []syncer.Hook) error {
	for _, hook := range hooks {
		if err := r.startHook(ctx, s, f, hook); err != nil {
			return err
		}
	}
	return nil
}

// startHook makes the object of a hook, or notes what is in the way.
func (r *Reconciler) startHook(ctx context.Context, s *scope, f *flow, hook syncer.Hook) error {
	made, err := s.applier.StartHook(ctx, s.owner(), hook)
	if err == nil && made == nil { // most objects go as soon as they are deleted
		made, err = s.applier.StartHook(ctx, s.owner(), hook)
	}
	if err != nil {
		return err
	}
	if made == nil {
		f.held[hook.Key()] = fmt.Sprintf("%s of an earlier run is being deleted", hook.ID())
		s.lookAgain(heldInterval)
		return nil
	}
	s.memory.written[hook.ID()], s.live[hook.ID()] = made, made
	id := hook.ID()
	s.operation.Hooks = append(s.operation.Hooks, v1alpha1.HookStatus{
		Phase: string(hook.Phase), Group: id.Group, Version: id.Version, Kind: id.Kind, Namespace: id.Namespace, Name: id.Name,
		UID: made.GetUID(), Status: string(syncer.HookRunning),
	})
	return nil
}

// progress finds out how far the sync is.
func (r *Reconciler) progress(ctx context.Context, s *scope, f *flow, steps []syncer.Step) (syncer.Progress, error) {
	progress := syncer.Progress{
		At: syncer.ParsePlace(s.operation.Step), Object: s.objectProgress,
		Hooks: map[syncer.HookKey]syncer.HookResult{}, Left: map[syncer.ID]bool{},
	}
	for _, id := range s.leftover {
		progress.Left[id] = false
	}
	for _, id := range s.leaving {
		progress.Left[id] = true
	}
	for _, step := range steps {
		for _, hook := range step.Hooks {
			result, err := r.hookProgress(ctx, s, f, hook)
			if err != nil {
				return syncer.Progress{}, err
			}
			progress.Hooks[hook.Key()] = result
		}
	}
	return progress, r.clean(ctx, s, steps)
}

// objectProgress is how far the applying of an object is.
func (s *scope) objectProgress(id syncer.ID) syncer.ObjectProgress {
	state := s.state(id)
	found := syncer.ObjectProgress{Applied: state.Synced, Health: s.checks.HealthOf(id, state.Live)}
	if !state.Synced && state.Live != nil && state.Live.GetDeletionTimestamp() != nil {
		found.Blocked = "is being deleted, and is created again when it is gone"
	}
	if known, ok := s.memory.symptoms[id]; ok && known.found && found.Health.Message != "" {
		found.Health.Message += ": " + known.trouble.String()
	}
	return found
}

// hookProgress is what became of a hook. It is noted in the operation.
func (r *Reconciler) hookProgress(ctx context.Context, s *scope, f *flow, hook syncer.Hook) (syncer.HookResult, error) {
	if why, held := f.held[hook.Key()]; held {
		return syncer.HookResult{Status: syncer.HookRunning, Message: why}, nil
	}
	noted := notedHook(s.operation, hook)
	if err := r.see(ctx, s, hook.ID()); err != nil {
		return syncer.HookResult{}, err
	}
	if noted != nil && noted.Status != string(syncer.HookRunning) {
		return syncer.HookResult{Status: syncer.HookStatus(noted.Status), Message: noted.Message}, nil
	}
	result := hook.Assess(s.live[hook.ID()], noted != nil, s.checks.HealthOf)
	if noted != nil {
		noted.Status = string(result.Status)
		if result.Status == syncer.HookBroken {
			noted.Message = status.Bounded(result.Message)
		}
		return result, nil
	}
	return syncer.HookResult{}, nil // an object that was made and not noted is found when it is started
}

// notedHook is what the operation says of a hook; nil if it says nothing.
func notedHook(op *v1alpha1.OperationStatus, hook syncer.Hook) *v1alpha1.HookStatus {
	for i := range op.Hooks {
		if op.Hooks[i].Phase == string(hook.Phase) && hookID(op.Hooks[i]) == hook.ID() {
			return &op.Hooks[i]
		}
	}
	return nil
}

func hookID(hook v1alpha1.HookStatus) syncer.ID {
	return syncer.ID{Group: hook.Group, Version: hook.Version, Kind: hook.Kind, Namespace: hook.Namespace, Name: hook.Name}
}

// clean deletes the objects of hooks that have ended, where their policies ask for that. What became of them stands in the
// status before.
func (r *Reconciler) clean(ctx context.Context, s *scope, steps []syncer.Step) error {
	for _, step := range steps {
		for _, hook := range step.Hooks {
			if !s.isSpentHook(hook) {
				continue
			}
			if err := r.write(ctx, s); err != nil {
				return err
			}
			if err := s.applier.DeleteHook(ctx, hook.ID(), s.live[hook.ID()].GetUID()); err != nil {
				return err
			}
			delete(s.live, hook.ID())
			delete(s.memory.written, hook.ID())
		}
	}
	return nil
}

// isSpentHook says whether a hook has ended, and its object is to be deleted for that.
func (s *scope) isSpentHook(hook syncer.Hook) bool {
	noted, live := notedHook(s.operation, hook), s.live[hook.ID()]
	if noted == nil || live == nil || live.GetUID() != noted.UID || live.GetDeletionTimestamp() != nil {
		return false
	}
	return noted.Status == string(syncer.HookDone) && hook.Deletes(syncer.HookSucceeded) ||
		noted.Status == string(syncer.HookBroken) && hook.Deletes(syncer.HookFailed)
}

// write has the status say how far the sync is, before something is done that depends on it.
func (r *Reconciler) write(ctx context.Context, s *scope) error {
	if equality.Semantic.DeepEqual(s.app.Status.Operation, s.operation) && !s.opens {
		return nil
	}
	now := r.now()
	err := status.Patch(ctx, r.client, r.live, s.app, func(app *v1alpha1.Application) {
		app.Status.Operation = s.operation.DeepCopy()
		if isWhole(s.operation) && s.isNew() {
			app.Status.Sync.Applied = "" // what was applied before isn't there any more from here on
		}
		if s.opens {
			app.Status.History = begin(app.Status.History, s.head, syncer.Images(s.desired), historyLimit(app), now)
		}
	})
	s.opens = false
	s.memory.note(s.app)
	return err
}
