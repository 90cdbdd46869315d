package gitwriter

import (
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
)

// maxTreeDepth bounds how deep folders may lie in one another.
const maxTreeDepth = 128

// missingTrees names the trees below root that the store hasn't got. Whatever trusted, an earlier tree that was looked
// through already, has in the same place is skipped: after a commit, only what it changed is visited.
func (s *store) missingTrees(root, trusted plumbing.Hash) ([]plumbing.Hash, error) {
	w := treeWalk{store: s, seen: map[plumbing.Hash]struct{}{}}
	err := w.compare(root, trusted, 0)
	return w.missing, err
}

// treeWalk visits every tree once, however often it is mentioned: ten trees that each name the next one ten times are ten
// trees, not ten billion.
type treeWalk struct {
	store   *store
	seen    map[plumbing.Hash]struct{}
	missing []plumbing.Hash
}

func (w *treeWalk) compare(id, trusted plumbing.Hash, depth int) error {
	if _, seen := w.seen[id]; seen || id == trusted {
		return nil
	}
	w.seen[id] = struct{}{}
	if depth > maxTreeDepth {
		return fmt.Errorf("%w: folders are nested more than %d deep", errAnswer, maxTreeDepth)
	}
	tree, ok := w.store.get(plumbing.TreeObject, id)
	if !ok {
		w.missing = append(w.missing, id)
		return nil
	}
	old := map[string]plumbing.Hash{}
	if trustedTree, ok := w.store.get(plumbing.TreeObject, trusted); ok {
		for e, err := range treeEntries(trustedTree) {
			if err == nil && e.isTree() {
				old[e.name] = e.id
			}
		}
	}
	for e, err := range treeEntries(tree) {
		if err != nil {
			return fmt.Errorf("%w: tree %s: %w", errAnswer, id, err)
		}
		if !e.isTree() {
			continue
		}
		if err := w.compare(e.id, old[e.name], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// reach names all that a head needs: its history's commits, its tree's trees and blobs.
func (s *store) reach(tip plumbing.Hash) map[plumbing.Hash]struct{} {
	reach := map[plumbing.Hash]struct{}{}
	commits := []plumbing.Hash{tip}
	for len(commits) > 0 {
		id := commits[len(commits)-1]
		commits = commits[:len(commits)-1]
		if _, seen := reach[id]; seen {
			continue
		}
		c, ok, err := s.commit(id)
		if err != nil || !ok {
			continue
		}
		reach[id] = struct{}{}
		commits = append(commits, c.ParentHashes...)
		if id == tip {
			s.reachTree(reach, c.TreeHash)
		}
	}
	return reach
}

func (s *store) reachTree(reach map[plumbing.Hash]struct{}, root plumbing.Hash) {
	trees := []plumbing.Hash{root}
	for len(trees) > 0 {
		id := trees[len(trees)-1]
		trees = trees[:len(trees)-1]
		if _, seen := reach[id]; seen {
			continue
		}
		reach[id] = struct{}{}
		tree, _ := s.get(plumbing.TreeObject, id)
		for e, err := range treeEntries(tree) {
			switch {
			case err != nil:
			case e.isTree():
				trees = append(trees, e.id)
			default:
				reach[e.id] = struct{}{}
			}
		}
	}
}
