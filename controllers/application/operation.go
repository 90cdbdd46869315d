package application

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/status"
	"github.com/fairlead/fairlead/syncer"
)

// question is what is asked for in the Application, and to be taken up now; nil if nothing is. Who only wants to know what would be
// done stops no sync that runs, with the hooks that it has started: a dry run waits until it is over.
func (s *scope) question() *v1alpha1.Operation {
	question := s.app.Operation
	if question != nil && question.Sync != nil && question.Sync.DryRun && isRunning(s.app.Status.Operation) {
		return nil
	}
	return question
}

// asked is the sync that was asked for and isn't over; nil if there is none.
func (s *scope) asked() *v1alpha1.SyncOperation {
	last := s.app.Status.Operation
	switch {
	case s.question() != nil:
		return s.question().Sync
	case isRunning(last) && last.Operation != nil:
		return last.Operation.Sync
	}
	return nil
}

// askedOptions are the sync options that count for what was asked for.
func (s *scope) askedOptions() []string {
	if asked := s.asked(); asked != nil {
		return asked.SyncOptions
	}
	return nil
}

func isRunning(operation *v1alpha1.OperationStatus) bool {
	return operation != nil && operation.Phase == v1alpha1.OperationRunning
}

// isWhole says whether a sync is of everything, for real.
func isWhole(operation *v1alpha1.OperationStatus) bool {
	asked := operation.Operation
	return asked == nil || asked.Sync == nil || len(asked.Sync.Resources) == 0 && !asked.Sync.DryRun
}

// isSpent says whether these manifests were tried as often as they are to be. What one pass has failed at is tried again as
// long as no limit says otherwise, since it costs little and people mend rights and quotas elsewhere; hooks have effects, and
// a wave that didn't become healthy won't by being applied again.
func (s *scope) isSpent() bool {
	return s.hasFailedBefore() || s.hasFailed() && s.isOver(s.app.Status.Operation)
}

// isOver says whether a sync that has failed isn't tried again by itself.
func (s *scope) isOver(failed *v1alpha1.OperationStatus) bool {
	retry := s.app.Spec.SyncPolicy.Retry
	return failed.Step != "" || retry != nil && retry.Limit >= 0 && failed.Retries >= retry.Limit
}

// appliesAll says whether this reconciliation is part of a sync that applies whatever differs.
func (s *scope) appliesAll() bool {
	last := s.app.Status.Operation
	switch {
	case s.app.Spec.Suspend:
		return false
	case s.question() != nil:
		return isWhole(&v1alpha1.OperationStatus{Operation: s.question()})
	case isRunning(last) && (last.Manifests == s.rendered.digest || last.Operation != nil):
		return isWhole(last) && last.NextRetry == nil
	}
	return s.automated() && s.isNew() && !s.isSpent()
}

// takeUp finds the sync that this reconciliation carries on: the one that was asked for, the one that runs, or a new one for
// manifests that weren't applied yet. Manifests that have changed supersede a sync that runs.
func (r *Reconciler) takeUp(ctx context.Context, s *scope) error {
	last, running := s.app.Status.Operation, isRunning(s.app.Status.Operation)
	superseded := running && (s.question() != nil || last.Manifests != s.rendered.digest)
	if superseded {
		if err := r.supersede(ctx, s); err != nil {
			return err
		}
	}
	switch {
	case s.question() != nil:
		return r.obey(ctx, s)
	case running && !superseded:
		s.operation = last.DeepCopy()
	case running && last.Operation != nil:
		s.begin(r.begun(s, last.Operation))
	case s.isDue(superseded):
		s.begin(r.begun(s, nil))
		if s.hasFailed() {
			s.operation.StartedAt, s.operation.Retries = last.StartedAt, last.Retries
		}
	}
	return nil
}

// isDue says whether a sync is to begin by itself. One that supersedes another begins even if nothing is known to differ: the
// history says what came of the one before, and then what is there.
func (s *scope) isDue(supersedes bool) bool {
	return s.automated() && s.isNew() && !s.isSpent() && (supersedes || s.unsynced() > 0 || len(s.hooks) > 0 || len(s.due()) > 0)
}

// hasFailed says whether a sync of all of these manifests has failed.
func (s *scope) hasFailed() bool {
	last := s.app.Status.Operation
	return last != nil && last.Phase == v1alpha1.OperationFailed && last.Manifests == s.rendered.digest && isWhole(last)
}

// hasFailedBefore says whether a sync of all of these manifests has failed for good, and only a part of them or a dry run was asked
// for since.
func (s *scope) hasFailedBefore() bool {
	last := s.app.Status.Operation
	return last != nil && !isRunning(last) && !isWhole(last) && s.app.Status.Sync.Failed == s.rendered.digest
}

// begun is a sync that begins now.
func (r *Reconciler) begun(s *scope, asked *v1alpha1.Operation) *v1alpha1.OperationStatus {
	return &v1alpha1.OperationStatus{
		Operation: asked, Phase: v1alpha1.OperationRunning, Revision: s.head.Revision, Manifests: s.rendered.digest,
		StartedAt: *r.moment(),
	}
}

// begin has a sync run that begins now.
func (s *scope) begin(operation *v1alpha1.OperationStatus) {
	s.operation = operation
	s.opens = s.isNew() && isWhole(operation)
}

// supersede ends the sync that runs for the sake of another one. Its hooks that still run are stopped.
func (r *Reconciler) supersede(ctx context.Context, s *scope) error {
	if err := r.stopHooks(ctx, s, s.app.Status.Operation); err != nil {
		return s.fail(v1alpha1.ReasonSyncFailed, err)
	}
	r.markSuperseded(s, "")
	return nil
}

// stopHooks stops the hooks of a sync that still run.
func (*Reconciler) stopHooks(ctx context.Context, s *scope, last *v1alpha1.OperationStatus) error {
	for _, hook := range last.Hooks {
		if hook.Status == string(syncer.HookRunning) {
			err := s.applier.DeleteHook(ctx, hookID(hook), hook.UID)
			if apierrors.IsForbidden(err) {
				ctrl.LoggerFrom(ctx).Info("a hook of a superseded sync runs on", "hook", hookID(hook).String(), "error", err.Error())
				continue // newer manifests don't wait for a right to stop it
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// markSuperseded notes that the sync that runs gives way to the head.
func (r *Reconciler) markSuperseded(s *scope, why string) {
	s.operation = s.app.Status.Operation.DeepCopy()
	s.operation.Phase, s.operation.NextRetry = v1alpha1.OperationSuperseded, nil
	s.operation.Message = fmt.Sprintf("revision %s came before it was over%s", s.head.Revision, why)
	s.operation.FinishedAt = r.moment()
	s.superseded = s.app.Status.Operation.Revision
}

// moment is now, as precisely as a status tells it.
func (r *Reconciler) moment() *metav1.MicroTime {
	now := metav1.NewMicroTime(r.now().Truncate(time.Microsecond))
	return &now
}

// obey takes up what is asked for. The status says that it runs before the question is taken away: if nothing comes after the
// first, it is taken up again, and a sync that is done twice does no harm.
func (r *Reconciler) obey(ctx context.Context, s *scope) error {
	taken := false
	if err := status.Patch(ctx, r.client, r.live, s.app, func(app *v1alpha1.Application) {
		taken = app.Operation == nil
		if !taken {
			app.Status.Operation = r.begun(s, app.Operation.DeepCopy())
		}
	}); err != nil {
		return err
	}
	s.operation = nil
	if taken {
		if isRunning(s.app.Status.Operation) {
			s.operation = s.app.Status.Operation.DeepCopy()
		}
		return nil
	}
	s.begin(s.app.Status.Operation.DeepCopy())
	return r.takeAway(ctx, s)
}

// +kubebuilder:rbac:groups=fairlead.dev,resources=applications,verbs=patch

// takeAway removes the question that was taken up. One that was asked in the meantime stays.
func (r *Reconciler) takeAway(ctx context.Context, s *scope) error {
	base := s.app.DeepCopy()
	s.app.Operation = nil
	if err := r.client.Patch(ctx, s.app, client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{})); err != nil {
		return fmt.Errorf("take up the operation of Application %s: %w", s.key, err)
	}
	return nil
}

// giveUp ends what was asked for, or runs, where the head can't even be prepared and only a change can mend that.
func (r *Reconciler) giveUp(ctx context.Context, s *scope) error {
	if !status.Terminal(s.err) || s.operation != nil || s.app.Spec.Suspend {
		return nil
	}
	last := s.app.Status.Operation
	switch {
	case s.question() != nil:
		if err := r.obey(ctx, s); err != nil || s.operation == nil {
			return err
		}
		s.operation.Phase, s.operation.Message, s.operation.FinishedAt = v1alpha1.OperationError, status.Bounded(s.err.Error()), r.moment()
	case isRunning(last) && s.head.Revision != "" && last.Revision != s.head.Revision:
		r.markSuperseded(s, ", and can't be synced itself")
	}
	return nil
}
