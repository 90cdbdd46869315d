// Package syncer brings a cluster to what a revision says: it prepares the rendered objects, plans, compares, applies,
// prunes, and tells the health of what is there.
//
// A sync runs through it in this order:
//
//	Prepare ─▶ PlanSync ─▶ Comparer.Compare ─▶ Applier.Apply ─▶ Comparer.Record ─▶ Applier.Prune ─▶ HealthOf, Worst
//
// Preparing, planning and health are pure; comparing asks by dry runs what it doesn't remember; applying and pruning write.
//
// It knows Kubernetes objects and the API server. It must never know where the objects came from: Git, registries,
// charts, nor the kind that declares the sync.
package syncer
