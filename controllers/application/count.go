package application

import (
	"slices"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/metrics"
	"github.com/fairlead/fairlead/syncer"
)

// count counts what the steps came to, once it is recorded.
func (r *Reconciler) count(s *scope, before *v1alpha1.ApplicationStatus, rolledOut bool) {
	if s.changed+s.pruned > 0 {
		r.metrics.Wrote(s.changed, s.pruned)
	}
	if s.isHealing(rolledOut) {
		r.metrics.DriftHealed(s.changed)
	}
	if s.superseded != "" {
		r.metrics.Synced(metrics.SyncSuperseded, 0)
	}
	if now := s.app.Status.Operation; hasEnded(before.Operation, now) && !isRehearsal(now) {
		r.metrics.Synced(resultOf(now.Phase), now.FinishedAt.Sub(now.StartedAt.Time))
	}
	r.countStages(s, before, rolledOut)
}

// isHealing says whether objects were set back to manifests that are there already.
func (s *scope) isHealing(rolledOut bool) bool { return s.changed > 0 && !rolledOut && s.err == nil }

// countStages times the stages that a release has reached.
func (r *Reconciler) countStages(s *scope, before *v1alpha1.ApplicationStatus, rolledOut bool) {
	if s.repository == nil {
		return
	}
	history := s.app.Status.History
	if len(history) == 0 {
		return
	}
	rollout := metrics.Rollout{
		Repository: client.ObjectKeyFromObject(s.repository), Revision: history[0].Revision,
		Application: s.key.Name, Created: s.app.CreationTimestamp.Time,
		Again: slices.ContainsFunc(history[1:], func(older v1alpha1.HistoryEntry) bool { return older.Revision == history[0].Revision }),
	}
	if rolledOut {
		r.metrics.Applied(rollout, r.now())
	}
	newest, ok := becameHealthy(before.History, history)
	if !ok {
		return
	}
	applied := newest.Time.Time
	if op := s.app.Status.Operation; op != nil && op.Revision == newest.Revision && op.Phase == v1alpha1.OperationSucceeded {
		applied = op.FinishedAt.Time // with waves, that is later than the beginning
	}
	r.metrics.Healthy(rollout, applied, r.now())
}

// becameHealthy finds the newest rollout, if its verdict is new, and good.
func becameHealthy(before, after []v1alpha1.HistoryEntry) (v1alpha1.HistoryEntry, bool) {
	if len(after) == 0 || after[0].Verdict != v1alpha1.VerdictHealthy {
		return v1alpha1.HistoryEntry{}, false
	}
	known := len(before) > 0 && before[0].Time.Equal(&after[0].Time) && before[0].Verdict == v1alpha1.VerdictHealthy
	return after[0], !known
}

// hasEnded says whether a sync has ended that hadn't before.
func hasEnded(before, after *v1alpha1.OperationStatus) bool {
	if after == nil || after.FinishedAt == nil {
		return false
	}
	return before == nil || before.FinishedAt == nil || !before.FinishedAt.Equal(after.FinishedAt)
}

// isRehearsal says whether a sync has only told what it would do.
func isRehearsal(operation *v1alpha1.OperationStatus) bool {
	return operation.Operation != nil && operation.Operation.Sync != nil && operation.Operation.Sync.DryRun
}

// resultOf is how a sync has ended.
func resultOf(phase v1alpha1.OperationPhase) metrics.SyncResult {
	switch phase {
	case v1alpha1.OperationSucceeded:
		return metrics.SyncSucceeded
	case v1alpha1.OperationFailed:
		return metrics.SyncFailed
	case v1alpha1.OperationSuperseded:
		return metrics.SyncSuperseded
	default:
		return metrics.SyncError
	}
}

// countRendering counts a rendering that has begun then.
func (r *Reconciler) countRendering(known, made rendered, err error, began time.Time) {
	result := metrics.RenderRendered
	switch {
	case err != nil:
		result = metrics.RenderFailed
	case known.inputs == made.inputs:
		result = metrics.RenderReused
	}
	r.metrics.Rendered(result, r.now().Sub(began))
}

// drifted counts the objects that began to differ since the last look, though their manifests are there already.
func (s *scope) drifted() int {
	differing, began := map[syncer.ID]bool{}, 0
	for i := range s.states {
		id := s.states[i].ID
		if s.states[i].Synced {
			continue
		}
		differing[id] = true
		if !s.memory.differing[id] {
			began++
		}
	}
	s.memory.differing = differing
	if s.isNew() || isRunning(s.app.Status.Operation) {
		return 0
	}
	return began
}
