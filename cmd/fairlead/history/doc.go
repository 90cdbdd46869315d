// Package history answers for a person what a config repository's history says: which image stood where and when, who wrote
// it, and what became of it.
//
// It knows where repositories lie and how they are opened or cloned, how times are written, how the answer looks, and where an
// Application's files are. What happened is found by gitwriter/audit. It must never decide that itself, nor write to a
// repository or a cluster.
package history
