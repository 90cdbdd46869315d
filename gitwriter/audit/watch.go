package audit

import (
	"bytes"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

// watch is what is followed through a history: places, by file, arranged as folders are.
type watch struct {
	// paths of each file's places, the files in the order of folders' leaves.
	names []string
	paths [][]edit.Path
	// targets of each file: places beside each other, which make one reference together. They are indices of paths.
	targets [][][]int
	// folders[0] is the root, leaves are the folders of the files.
	folders []folder
	leaves  []int
}

// folder is a name on the way to a watched file, or that of the file.
type folder struct {
	below map[string]int
	// file is the file of this name, or -1.
	file int
}

// newWatch arranges places: by file, key paths that are claimed (true), or only asked for (false).
func newWatch(places map[string]map[edit.Path]bool) *watch {
	w := &watch{folders: []folder{{below: map[string]int{}, file: -1}}}
	for file, paths := range sortedMap(places) {
		at := 0
		for name := range strings.SplitSeq(file, "/") {
			next, known := w.folders[at].below[name]
			if !known {
				next = len(w.folders)
				w.folders = append(w.folders, folder{below: map[string]int{}, file: -1})
				w.folders[at].below[name] = next
			}
			at = next
		}
		w.folders[at].file = len(w.names)
		w.names, w.leaves = append(w.names, file), append(w.leaves, at)
		sorted := make([]edit.Path, 0, len(paths))
		for p := range paths {
			sorted = append(sorted, p)
		}
		slices.SortFunc(sorted, func(a, b edit.Path) int { return strings.Compare(a.String(), b.String()) })
		w.paths = append(w.paths, sorted)
		w.targets = append(w.targets, targetsOf(sorted, func(p edit.Path) bool { return !paths[p] }))
	}
	return w
}

// targetsOf groups the places of a file that stand beside each other: www.tag and www.digest are one target. Some are
// targets by themselves.
func targetsOf(paths []edit.Path, alone func(edit.Path) bool) [][]int {
	var targets [][]int
	known := map[string]int{}
	for i, p := range paths {
		if alone(p) {
			targets = append(targets, []int{i})
			continue
		}
		parent := parentOf(p.String())
		at, exists := known[parent]
		if !exists {
			at = len(targets)
			known[parent] = at
			targets = append(targets, nil)
		}
		targets[at] = append(targets[at], i)
	}
	return targets
}

// parentOf cuts the last key or index off a path.
func parentOf(path string) string {
	for i := len(path) - 1; i > 0; i-- {
		if (path[i] == '.' || path[i] == '[') && !escaped(path, i) {
			return path[:i]
		}
	}
	return ""
}

// escaped reports whether an odd number of backslashes stands before a character.
func escaped(s string, at int) bool {
	odd := false
	for at--; at >= 0 && s[at] == '\\'; at-- {
		odd = !odd
	}
	return odd
}

// claims reports whether a claim names a place.
func (w *watch) claims(c Claim, file, place int) bool {
	return slices.Contains(c.Places, Place{File: w.names[file], Path: w.paths[file][place]})
}

// ids are the objects that stand at each folder of a watch, in a commit; zero where there is none.
type ids []plumbing.Hash

// update moves ids to another root, and calls touched for each file of which the content changed.
func (w *watch) update(r reader, now ids, root plumbing.Hash, touched func(file int)) error {
	return w.set(r, now, 0, entry{id: root, tree: true}, touched)
}

// fileID is the blob of a file, or zero.
func (w *watch) fileID(now ids, file int) plumbing.Hash { return now[w.leaves[file]] }

// set notes what stands at a folder, and below it.
func (w *watch) set(r reader, now ids, at int, e entry, touched func(file int)) error {
	if now[at] == e.id {
		return nil
	}
	now[at] = e.id
	f := w.folders[at]
	if f.file >= 0 {
		touched(f.file)
	}
	if len(f.below) == 0 {
		return nil
	}
	found := map[string]entry{}
	if e.tree && !e.id.IsZero() {
		body, err := r.read(plumbing.TreeObject, e.id)
		if err != nil {
			return err
		}
		if err := entries(e.id, body, func(name []byte, e entry) {
			if _, wanted := f.below[string(name)]; wanted {
				found[string(name)] = e
			}
		}); err != nil {
			return err
		}
	}
	for name, below := range f.below {
		if err := w.set(r, now, below, found[name], touched); err != nil {
			return err
		}
	}
	return nil
}

// entry is what a name stands for in a tree.
type entry struct {
	id   plumbing.Hash
	tree bool
}

// entries visits the folders and the regular files of a tree: links are followed nowhere.
func entries(id plumbing.Hash, body []byte, visit func(name []byte, e entry)) error {
	for len(body) > 0 {
		space, end := bytes.IndexByte(body, ' '), bytes.IndexByte(body, 0)
		if space < 0 || end < space || len(body) < end+1+len(id) {
			return malformed(plumbing.TreeObject, id)
		}
		mode, name := body[:space], body[space+1:end]
		e := entry{tree: bytes.Equal(bytes.TrimLeft(mode, "0"), []byte("40000"))}
		copy(e.id[:], body[end+1:])
		body = body[end+1+len(id):]
		if e.tree || bytes.HasPrefix(mode, []byte("100")) {
			visit(name, e)
		}
	}
	return nil
}
