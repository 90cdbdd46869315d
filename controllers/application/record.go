package application

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/status"
	"github.com/fairlead/fairlead/syncer"
)

// record writes what the steps came to, in one patch, and tells of what changed.
func (r *Reconciler) record(ctx context.Context, s *scope) error {
	before := s.app.Status.DeepCopy()
	now := r.now()
	rolledOut := s.rolledOut()
	if err := status.Patch(ctx, r.client, r.live, s.app, func(app *v1alpha1.Application) { s.write(app, rolledOut, now) }); err != nil {
		return err
	}
	if s.operation != nil {
		s.memory.note(s.app)
	}
	r.count(s, before, rolledOut)
	r.tell(ctx, s, before, rolledOut)
	return nil
}

// rolledOut says whether manifests have begun to be rolled out that weren't before.
func (s *scope) rolledOut() bool { return s.isNew() && s.applied && (s.changed > 0 || s.stepwise) }

// write puts what the steps came to into the status of an Application.
func (s *scope) write(app *v1alpha1.Application, rolledOut bool, now time.Time) {
	st := &app.Status
	st.ObservedGeneration = app.Generation
	st.LastHandledReconcileAt = s.memory.asked
	recordSync(st, s)
	recordResources(st, s)
	if s.operation != nil {
		st.Operation = s.operation.DeepCopy()
	}
	if s.superseded != "" {
		st.History = concludeOf(st.History, s.superseded, v1alpha1.VerdictSuperseded, now)
	}
	if rolledOut && !s.stepwise {
		st.History = begin(st.History, s.head, st.Images, historyLimit(app), now)
	}
	recordFailed(st, s)
	if s.gaveUp {
		st.History = concludeOf(st.History, s.operation.Revision, v1alpha1.VerdictDegraded, now)
	}
	if s.compared && st.Sync.Applied == s.rendered.digest {
		st.History = judge(st.History, st.Health.Status, now)
	}
	outcomeOf(app, s).Apply(&st.Conditions, app.Generation)
}

// recordSync writes whether the cluster is as the revision says. What couldn't be compared is Unknown.
func recordSync(st *v1alpha1.ApplicationStatus, s *scope) {
	st.Sync.Revision = s.head.Revision
	switch {
	case !s.compared:
		st.Sync.Status, st.Sync.Reason = v1alpha1.SyncStatusUnknown, s.err.Error()
	case s.differs():
		st.Sync.Status, st.Sync.Reason = v1alpha1.SyncStatusOutOfSync, s.difference()
	default:
		st.Sync.Status, st.Sync.Reason = v1alpha1.SyncStatusSynced, ""
	}
	switch {
	case s.compared && s.err == nil && (s.applied || s.operation == nil && s.isThere()):
		st.Sync.Applied = s.rendered.digest
	case s.changed > 0 && s.isNew():
		st.Sync.Applied = "" // a part of these manifests is there by now: those before are new again
	}
	if s.compared && st.Sync.Applied == s.rendered.digest {
		st.DeletionHooksAt = s.hooksOnDeletion()
	}
}

// recordFailed writes whether a sync of all of these manifests has failed for good. What was asked for in part, or to know what would
// be done, changes nothing about that.
func recordFailed(st *v1alpha1.ApplicationStatus, s *scope) {
	switch whole := s.operation != nil && isWhole(s.operation); {
	case whole && s.gaveUp && s.isOver(s.operation):
		st.Sync.Failed = s.operation.Manifests
	case whole, s.compared && st.Sync.Failed != s.rendered.digest, s.compared && st.Sync.Applied == s.rendered.digest:
		st.Sync.Failed = ""
	}
}

// isThere says whether all of these manifests is in the cluster without a sync of them. After a sync that has failed it takes
// more: that everything is healthy.
func (s *scope) isThere() bool {
	return s.automated() && s.unsynced() == 0 && len(s.hooks) == 0 && (!s.isSpent() || syncer.Worst(s.healths).Status == syncer.Healthy)
}

// recordResources writes the objects and their health. Where the source can't be compared, the objects stay as they were
// last known: they are the inventory.
func recordResources(st *v1alpha1.ApplicationStatus, s *scope) {
	if !s.compared {
		return
	}
	waves := waveIn(s.app)
	st.SourceType = v1alpha1.SourceType(s.rendered.kind)
	st.Images = syncer.Images(s.desired)
	st.Resources = make([]v1alpha1.ResourceStatus, 0, len(s.states)+len(s.leftover))
	for i, state := range s.states {
		resource := resourceOf(state.ID)
		resource.Status, resource.Health = v1alpha1.SyncStatusSynced, v1alpha1.HealthStatusCode(s.healths[i].Status)
		resource.Message = strings.TrimSpace(strings.TrimPrefix(s.healths[i].Message, state.ID.String()))
		resource.SyncWave = int32(syncer.MetaOf(state.Desired).Wave) //nolint:gosec // it was read as one
		if !state.Synced {
			resource.Status, resource.Message = v1alpha1.SyncStatusOutOfSync, state.Difference
		}
		st.Resources = append(st.Resources, resource)
	}
	for _, id := range s.leftover {
		resource := resourceOf(id)
		entry := s.left[id]
		resource.SyncWave = int32(waves(id)) //nolint:gosec // it was an int32 before
		resource.Status, resource.RequiresPruning, resource.Message = v1alpha1.SyncStatusOutOfSync, !entry.settled, entry.kept
		resource.LeftoverSince = &entry.since
		st.Resources = append(st.Resources, resource)
	}
	if len(s.leftover) > 0 { // what is pruned in a later wave waits until these are gone
		for _, id := range s.leaving {
			resource := resourceOf(id)
			resource.SyncWave = int32(waves(id)) //nolint:gosec // it was an int32 before
			resource.Status, resource.Message = v1alpha1.SyncStatusOutOfSync, "is being deleted"
			st.Resources = append(st.Resources, resource)
		}
	}
	worst := syncer.Worst(s.healths)
	st.Health = v1alpha1.HealthStatus{Status: v1alpha1.HealthStatusCode(worst.Status), Message: worst.Message}
}

func resourceOf(id syncer.ID) v1alpha1.ResourceStatus {
	return v1alpha1.ResourceStatus{Group: id.Group, Version: id.Version, Kind: id.Kind, Namespace: id.Namespace, Name: id.Name}
}

// outcomeOf is the condition Ready: synced and healthy, or what is in the way.
func outcomeOf(app *v1alpha1.Application, s *scope) status.Outcome {
	st, waits := app.Status, (*waitError)(nil)
	switch {
	case errors.As(s.err, &waits):
		return status.Outcome{Ready: metav1.ConditionUnknown, Reason: s.reason, Message: waits.message, Retrying: true}
	case s.err != nil:
		reason := s.reason
		if reason == "" {
			reason = v1alpha1.ReasonSyncFailed
		}
		return status.Failed(reason, s.err)
	case app.Spec.Suspend:
		return status.Suspended("syncing is suspended: unset spec.suspend to go on")
	}
	if outcome := outcomeOfOperation(s); outcome != nil {
		return *outcome
	}
	switch {
	case st.Sync.Status != v1alpha1.SyncStatusSynced:
		return status.Outcome{Ready: metav1.ConditionFalse, Reason: v1alpha1.ReasonOutOfSync, Message: st.Sync.Reason}
	case st.Health.Status == v1alpha1.HealthHealthy, st.Health.Status == v1alpha1.HealthSuspended:
		return status.Succeeded("the cluster is as the revision says, and healthy")
	case st.Health.Status == v1alpha1.HealthProgressing:
		return status.Progressing(st.Health.Message)
	default:
		return status.Outcome{Ready: metav1.ConditionFalse, Reason: v1alpha1.ReasonDegraded, Message: st.Health.Message}
	}
}

// outcomeOfOperation is the condition Ready as long as a sync runs, and where the last one has failed at what is to be there; nil
// otherwise.
func outcomeOfOperation(s *scope) *status.Outcome {
	operation := s.app.Status.Operation
	failed := status.Outcome{Ready: metav1.ConditionFalse, Reason: v1alpha1.ReasonSyncFailed}
	switch {
	case isRunning(operation) && operation.NextRetry != nil:
		failed.Message, failed.Retrying = operation.Message, true
		return &failed
	case isRunning(operation) && operation.Message != "":
		outcome := status.Progressing(operation.Message)
		return &outcome
	case s.isNew() && s.hasFailed():
		failed.Message, failed.Stalled = operation.Message, true
		return &failed
	case s.isNew() && s.hasFailedBefore():
		failed.Message, failed.Stalled = "the sync of these manifests has failed: ask for one, or change them", true
		return &failed
	}
	return nil
}

// difference names the first object that differs and how many others do.
func (s *scope) difference() string {
	var found []string
	for _, state := range s.states {
		if !state.Synced {
			found = append(found, fmt.Sprintf("%s %s", state.ID, state.Difference))
		}
	}
	for _, id := range s.surplus() {
		why := s.left[id].kept
		if why == "" {
			why = "is not in the revision any more: it needs pruning, which syncPolicy.automated.prune allows"
		}
		found = append(found, fmt.Sprintf("%s %s", id, why))
	}
	if len(found) == 1 {
		return found[0]
	}
	return fmt.Sprintf("%s; and %d more", found[0], len(found)-1)
}

// tell logs and records events for what changed.
func (r *Reconciler) tell(ctx context.Context, s *scope, before *v1alpha1.ApplicationStatus, rolledOut bool) {
	log := ctrl.LoggerFrom(ctx)
	after := s.app.Status
	if rolledOut {
		log.Info("synced", "revision", s.head.Revision, "subject", s.head.Subject, "objects", len(s.desired), "pruned", s.pruned)
		r.recorder.Tell(s.app, nil, v1alpha1.ReasonSynced, "revision %s is applied: %s", s.head.Revision, s.head.Subject)
	}
	if s.isHealing(rolledOut) {
		log.Info("drift healed", "revision", s.head.Revision, "objects", s.changed)
		r.recorder.Tell(s.app, nil, v1alpha1.ReasonDriftHealed, "objects that differed from revision %s were set back: %d", s.head.Revision, s.changed)
	}
	r.tellTaken(s)
	ready, was := meta.FindStatusCondition(after.Conditions, v1alpha1.ConditionReady), meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionReady)
	if ready.Status == metav1.ConditionFalse && (was == nil || was.Reason != ready.Reason || was.Message != ready.Message) {
		r.tellFailing(log, s, ready)
	}
	if before.Health.Status != after.Health.Status {
		log.Info("health changed", "from", before.Health.Status, "to", after.Health.Status, "revision", s.head.Revision, "message", after.Health.Message)
		if after.Health.Status == v1alpha1.HealthHealthy {
			r.recorder.Tell(s.app, nil, v1alpha1.ReasonHealthy, "revision %s is healthy", s.head.Revision)
		}
	}
}

// tellFailing tells that the Application isn't as it should be, or for another reason. Of its health the log tells anyway.
func (r *Reconciler) tellFailing(log logr.Logger, s *scope, ready *metav1.Condition) {
	switch {
	case s.err != nil:
		status.Failing(log, s.err, "reason", ready.Reason)
	case ready.Reason != string(v1alpha1.ReasonDegraded):
		log.Info("not ready", "reason", ready.Reason, "message", ready.Message)
	}
	r.recorder.Fail(s.app, v1alpha1.Reason(ready.Reason), "Sync", ready.Message)
}
