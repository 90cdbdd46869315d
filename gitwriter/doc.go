// Package gitwriter keeps one branch of a Git repository in memory, reads its trees as fs.FS, and commits changes of
// scalars to it: the parts of an image reference in one place or several, written together or not at all, each change as a
// commit of its own, all of them in one push that never forces.
//
// It knows Git: the smart HTTP protocol, objects, commits and their messages; and what a tag, a digest and a repository may
// look like. It must never know registries or Kubernetes: whether one image is later than another is asked through
// Change.Forward.
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
//
// What was written before is known from the commits that the head reaches, and from nothing else:
//
//	trailers ──▶ history: which commits claim a place ──▶ witness: which claim is what its commit did ──▶ Standing
//	                                                                                                       │
//	                 search: which commit took it back ◀── Forward says no, on somebody's word ◀───────────┘
package gitwriter
