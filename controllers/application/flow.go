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
	"github.com/fairlead/fairlead/syncer"
)

// carryOn takes the sync that runs as far as it goes now. What it waits for is watched, and brings the next reconciliation.
func (r *Reconciler) carryOn(ctx context.Context, s *scope) error {
	op := s.operation
	if op.NextRetry != nil {
		if wait := op.NextRetry.Sub(r.now()); wait > 0 {
			s.lookAgain(wait)
			return nil
		}
		op.NextRetry, op.Hooks, op.Step, op.Message, op.StartedAt = nil, nil, "", "", *r.moment()
	}
	if missing := s.unknownResource(); missing != "" {
		r.finish(s, v1alpha1.OperationError, missing)
		return nil
	}
	flow := r.flowOf(s)
	switch {
	case op.Operation != nil && op.Operation.Sync.DryRun:
		r.rehearse(s, flow)
		return nil
	case op.Step == "" && syncer.InOnePass(flow.steps):
		return r.inOnePass(ctx, s, flow)
	}
	return r.walk(ctx, s, flow)
}

// flow is the sync that runs, divided into its steps.
type flow struct {
	steps []syncer.Step
	// failure are the steps that follow where it has failed.
	failure []syncer.Step
	// force applies what is in sync, too.
	force bool
	// held are hooks that can't be started yet, and why.
	held map[syncer.HookKey]string
}

// flowOf divides the sync that runs. A sync of some resources runs no hooks.
func (r *Reconciler) flowOf(s *scope) *flow {
	asked := &v1alpha1.SyncOperation{}
	if s.operation.Operation != nil {
		asked = s.operation.Operation.Sync
	}
	made := &flow{force: asked.Force, held: map[syncer.HookKey]string{}}
	var prune []syncer.ID
	if asked.Prune || s.automated() && s.app.Spec.SyncPolicy.Automated.Prune {
		prune = append(s.prunable(), s.leaving...)
	}
	desired := s.desired
	var hooks []syncer.Hook
	if len(asked.Resources) > 0 {
		desired = slices.DeleteFunc(slices.Clone(desired), func(obj *unstructured.Unstructured) bool { return !names(asked.Resources, syncer.IDOf(obj)) })
		prune = slices.DeleteFunc(prune, func(id syncer.ID) bool { return !names(asked.Resources, id) })
	} else {
		sync := s.operation.StartedAt.UTC().Format(time.RFC3339Nano)
		for _, hook := range s.hooks {
			hooks = append(hooks, hook.In(sync))
		}
	}
	made.steps = syncer.StepsOf(desired, hooks, prune, s.live, s.rules.Options)
	made.failure = syncer.FailureSteps(hooks)
	return made
}

// unknownResource names the first object that a sync of some resources asks for, and that there isn't; empty if there is none.
func (s *scope) unknownResource() string {
	if s.operation.Operation == nil {
		return ""
	}
	known := append(slices.Clone(s.leftover), s.leaving...)
	for _, obj := range s.desired {
		known = append(known, syncer.IDOf(obj))
	}
	for _, resource := range s.operation.Operation.Sync.Resources {
		if !slices.ContainsFunc(known, func(id syncer.ID) bool { return names([]v1alpha1.SyncResource{resource}, id) }) {
			return fmt.Sprintf("operation.sync.resources: the Application has no %s %s of group %q: see status.resources", resource.Kind, resource.Name, resource.Group)
		}
	}
	return ""
}

// names says whether a list of resources names an object.
func names(resources []v1alpha1.SyncResource, id syncer.ID) bool {
	return slices.ContainsFunc(resources, func(resource v1alpha1.SyncResource) bool {
		return resource.Group == id.Group && resource.Kind == id.Kind && resource.Name == id.Name &&
			(resource.Namespace == "" || resource.Namespace == id.Namespace)
	})
}

// rehearse tells what would be done.
func (r *Reconciler) rehearse(s *scope, f *flow) {
	var applied, pruned []string
	for _, step := range f.steps {
		for _, id := range step.Apply {
			state := s.state(id)
			if !state.Synced {
				applied = append(applied, fmt.Sprintf("%s, which %s", id, state.Difference))
			} else if f.force {
				applied = append(applied, id.String())
			}
		}
		for _, hook := range step.Hooks {
			applied = append(applied, fmt.Sprintf("%s hook %s", hook.Phase, hook.ID()))
		}
		for _, id := range step.Prune {
			pruned = append(pruned, id.String())
		}
	}
	message := "nothing would be applied"
	if len(applied) > 0 {
		message = "would apply " + enumerated(applied)
	}
	if len(pruned) > 0 {
		message += ", and prune " + enumerated(pruned)
	}
	r.finish(s, v1alpha1.OperationSucceeded, "dry run: "+message)
}

// inOnePass applies and prunes what there is, with nothing to wait for.
func (r *Reconciler) inOnePass(ctx context.Context, s *scope, f *flow) error {
	bounded, cancel := context.WithTimeout(ctx, s.app.Spec.Timeout.Duration)
	defer cancel()
	for _, step := range f.steps {
		if f.force {
			s.force(step.Apply)
		}
		err := error(nil)
		switch {
		case len(step.Apply) > 0:
			err = r.apply(bounded, s, step.Apply)
		case s.blocked(f) == "":
			err = s.prune(bounded, s.unpruned(step.Prune))
		}
		if err != nil {
			return r.failed(ctx, s, f, err)
		}
	}
	if waits := s.blocked(f); waits != "" {
		s.operation.Message = status.Bounded("waits until it can be applied: " + waits)
		return nil
	}
	r.succeed(s)
	return nil
}

// unpruned are those that aren't on their way out.
func (s *scope) unpruned(ids []syncer.ID) []syncer.ID {
	return slices.DeleteFunc(slices.Clone(ids), func(id syncer.ID) bool { return slices.Contains(s.leaving, id) })
}

// blocked names the first object of the sync that couldn't be applied yet, though nothing has failed.
func (s *scope) blocked(f *flow) string {
	for _, step := range f.steps {
		for _, id := range step.Apply {
			if state := s.state(id); !state.Synced {
				return fmt.Sprintf("%s %s", id, state.Difference)
			}
		}
	}
	return ""
}

// force has objects applied whatever is known of them.
func (s *scope) force(ids []syncer.ID) {
	for _, id := range ids {
		state := s.state(id)
		state.Synced, state.Compared, state.Difference = false, true, "is applied by force"
	}
}

// succeed ends the sync.
func (r *Reconciler) succeed(s *scope) {
	s.applied = isWhole(s.operation)
	s.operation.Step = ""
	r.finish(s, v1alpha1.OperationSucceeded, fmt.Sprintf("revision %s is applied", s.operation.Revision))
}

func (r *Reconciler) finish(s *scope, phase v1alpha1.OperationPhase, message string) {
	s.operation.Phase, s.operation.Message, s.operation.FinishedAt = phase, status.Bounded(message), r.moment()
	if s.automated() && s.differs() || s.app.Operation != nil {
		s.lookAgain(behindInterval) // what has changed in the meantime, wasn't a part of it, or has waited for it, comes next
	}
}

// failed decides what a failure means for the sync: it runs the hooks for that, is tried again, or is over. An error that is
// returned is tried again at once and then ever more slowly.
func (r *Reconciler) failed(ctx context.Context, s *scope, f *flow, err error) error {
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return err // the process ends
	}
	stepwise, limited := s.operation.Step != "", s.app.Spec.SyncPolicy.Retry != nil
	switch {
	case limited, stepwise && status.Terminal(err):
	case stepwise:
		s.operation.Message = status.Bounded(err.Error())
		return s.fail(v1alpha1.ReasonSyncFailed, err)
	case s.automated() && s.isNew():
		r.finishAs(s, v1alpha1.OperationFailed, err.Error())
		return s.fail(v1alpha1.ReasonSyncFailed, err)
	}
	return r.fail(ctx, s, f, err.Error())
}

// finishAs ends the sync as it has ended the last time, if it has: nothing is written then.
func (r *Reconciler) finishAs(s *scope, phase v1alpha1.OperationPhase, message string) {
	r.finish(s, phase, message)
	last := s.app.Status.Operation
	if last != nil && last.Phase == phase && last.Message == s.operation.Message && last.Manifests == s.operation.Manifests && last.FinishedAt != nil {
		s.operation.FinishedAt = last.FinishedAt
	}
}

// fail ends a try of the sync: after its SyncFail hooks it is tried again, if that is asked for, or is over.
func (r *Reconciler) fail(ctx context.Context, s *scope, f *flow, message string) error {
	op, retry := s.operation, s.app.Spec.SyncPolicy.Retry
	if syncer.ParsePlace(op.Step).Phase != syncer.SyncFail {
		op.Message = status.Bounded(message)
		if len(f.failure) > 0 {
			op.Step = f.failure[0].String()
			return r.walk(ctx, s, f)
		}
	}
	if retry != nil && (retry.Limit < 0 || op.Retries < retry.Limit) {
		wait := backoff(retry.Backoff, op.Retries)
		next := r.moment()
		next.Time = next.Add(wait)
		op.Retries, op.NextRetry = op.Retries+1, next
		s.lookAgain(wait)
		return nil
	}
	r.finish(s, v1alpha1.OperationFailed, op.Message)
	s.gaveUp = true
	if isWhole(op) {
		return r.recompare(ctx, s)
	}
	return nil
}

// recompare looks at what a sync that has failed has left behind.
func (r *Reconciler) recompare(ctx context.Context, s *scope) error {
	for _, state := range s.states {
		s.live[state.ID] = state.Live
	}
	states, err := s.memory.comparer.Compare(ctx, s.applier, s.desired, s.live)
	if err != nil {
		return s.fail(v1alpha1.ReasonSyncFailed, err)
	}
	s.states = states
	return nil
}

// backoff is the time before a retry, when it was tried again so often before.
func backoff(spec v1alpha1.Backoff, retries int32) time.Duration {
	wait, most := spec.Duration.Duration, spec.MaxDuration.Duration
	for range retries {
		if wait *= time.Duration(spec.Factor); wait >= most {
			return most
		}
	}
	return min(wait, most)
}
