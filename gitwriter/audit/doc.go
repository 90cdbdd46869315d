// Package audit reads from a branch's history alone which image stood where, since when, who wrote it, and what became of
// it.
//
// It knows commits, trees, the trailers of gitwriter's messages and, through gitwriter/edit, how a value is read from a
// file. It must never know Kubernetes or registries, nor where a repository comes from: objects are asked for through Objects.
//
// Two passes over the history make a History:
//
//	commits ──▶ claims: what messages say was written where ──▶ the places to watch
//	                                                              │
//	trees, oldest first ──▶ what stands at each place, commit by commit ──▶ changes ──▶ claims that hold: who it was
//	                                                                            └─────▶ successors: what became of it
//
// What a tree holds decides, and messages only explain it: a claim counts if the commit that makes it put that value there.
// So a change is found whether its message has trailers, has lost them, or never had any, as long as Fairlead ever wrote the
// place, or the caller names it.
//
// Histories are graphs. A commit changes a place if what stands there differs from what stands at each of its parents; a
// merge that takes what one parent has changes nothing, unless it thereby takes back what another parent's line had written
// on top of it. Which commits the branch's head has been can't be seen in a graph. Taken for heads are the first parents,
// from the tip on, and the commits that Fairlead made, since it writes to the branch itself; what came with another line
// arrived with the first of them that contains it.
//
// Everything that is read is foreign: the bounds are named where they are, and text leaves the package on one line.
package audit
