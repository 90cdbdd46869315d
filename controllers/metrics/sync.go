package metrics

import "time"

// RenderResult is whether a rendering was made.
type RenderResult string

// The results of rendering. Reused: none of what rendering reads has changed.
const (
	RenderRendered RenderResult = "rendered"
	RenderReused   RenderResult = "reused"
	RenderFailed   RenderResult = "failed"
)

// SyncResult is how a sync ended.
type SyncResult string

// The results of syncs.
const (
	SyncSucceeded  SyncResult = "succeeded"
	SyncFailed     SyncResult = "failed"
	SyncError      SyncResult = "error"
	SyncSuperseded SyncResult = "superseded"
)

// defineSync makes the metrics of the way from Git to the cluster.
func (m *Metrics) defineSync(b *builder) {
	m.renders = b.counter("fairlead_renders_total", "Renderings of Applications that were wanted at another revision or spec.",
		among("result", RenderRendered, RenderReused, RenderFailed))
	m.renderDuration = b.histogram("fairlead_render_duration_seconds", "How long renderings took that were made.", workBuckets())
	m.syncs = b.counter("fairlead_syncs_total", "Syncs that ended; a retry counts if it ends otherwise than the try before it.",
		among("result", SyncSucceeded, SyncFailed, SyncError, SyncSuperseded))
	m.syncDuration = b.histogram("fairlead_sync_duration_seconds", "How long syncs took from their beginning to their end, waves and hooks included.", stageBuckets())
	m.applied = b.counter("fairlead_objects_applied_total", "Objects that were created or changed in a cluster.")
	m.pruned = b.counter("fairlead_objects_pruned_total", "Objects that were deleted, since a revision doesn't hold them any more.")
	m.driftSeen = b.counter("fairlead_drift_seen_total", "Objects that were found changed or gone, though their manifests weren't.")
	m.driftHealed = b.counter("fairlead_drift_healed_total", "Objects that were set back to what the revision says.")
	m.fights = b.counter("fairlead_drift_fights_total", "Objects that somebody began to change again and again.")
}

// Rendered counts a rendering, and how long it took if one was made.
func (m *Metrics) Rendered(result RenderResult, took time.Duration) {
	m.renders.WithLabelValues(string(result)).Inc()
	if result == RenderRendered {
		m.renderDuration.WithLabelValues().Observe(took.Seconds())
	}
}

// Synced counts a sync that ended.
func (m *Metrics) Synced(result SyncResult, took time.Duration) {
	m.syncs.WithLabelValues(string(result)).Inc()
	m.syncDuration.WithLabelValues().Observe(took.Seconds())
}

// Wrote counts what was done to a cluster.
func (m *Metrics) Wrote(applied, pruned int) {
	m.applied.WithLabelValues().Add(float64(applied))
	m.pruned.WithLabelValues().Add(float64(pruned))
}

// DriftSeen counts objects that began to differ.
func (m *Metrics) DriftSeen(objects int) { m.driftSeen.WithLabelValues().Add(float64(objects)) }

// DriftHealed counts objects that were set back.
func (m *Metrics) DriftHealed(objects int) { m.driftHealed.WithLabelValues().Add(float64(objects)) }

// FightBegan counts an object that somebody changes again and again.
func (m *Metrics) FightBegan() { m.fights.WithLabelValues().Inc() }
