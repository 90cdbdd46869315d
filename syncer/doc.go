// Package syncer brings objects to a cluster: it prepares what was rendered for its Application, compares it with what is
// live, applies it in order by server-side apply, prunes what is left over, and tells the health of objects.
//
// It knows the Kubernetes API and its objects. It must never know Git, registries, or where the objects came from.
//
// An object's way through it:
//
//	rendered ─▶ Prepare ─▶ desired ─▶ Comparer.Compare ─▶ Synced ──────────────────────▶ HealthOf
//	                          │             └──────────▶ OutOfSync ─▶ Applier.Apply ─▶ HealthOf
//	inventory ─▶ Leftover ◀───┘ ─▶ Applier.Prune
package syncer
