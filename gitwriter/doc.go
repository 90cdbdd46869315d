// Package gitwriter keeps one branch of a Git repository in memory, reads its trees as fs.FS, and commits changes of
// single scalars to it, each change as a commit of its own, all of them in one push that never forces.
//
// It knows Git: the smart HTTP protocol, objects, commits and their messages. It must never know registries or
// Kubernetes: a tag is a string here, and whether one tag is later than another is asked through Change.Forward.
//
// A Mirror is one repository and branch. Its life:
//
//	NewMirror ──▶ Refresh ──▶ head known ──▶ Write ──▶ decided from the mirrored head
//	                 ▲                        │  nothing differs: done, no request was made
//	                 │                        ▼
//	                 │                    one commit a change, one push Old ──▶ New
//	                 │                        │
//	                 │     the remote moved   ├──▶ accepted: New is the head
//	                 └────────────────────────┤
//	                   fetch, decide anew     └──▶ refused: *Error with the server's own words
//
// The push names the head that it was made on, so the server itself compares and swaps: a commit of somebody else can
// be neither lost nor overwritten, and a change that already stands in Git is never written twice.
package gitwriter
