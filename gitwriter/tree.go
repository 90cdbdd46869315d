package gitwriter

import (
	"bytes"
	"fmt"
	"iter"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// Trees are read and changed as bytes, not through the library's type: replacing an entry's id in place keeps every
// other byte, odd old modes and the order included.

// Modes of tree entries. Files are 100644, 100755 and, in very old trees, 100664.
const (
	modeTree      = "40000"
	modeSymlink   = "120000"
	modeSubmodule = "160000"
	modeExec      = "100755"
)

// treeEntry is one line of a tree.
type treeEntry struct {
	mode, name string
	id         plumbing.Hash
	// at is where the id stands in the tree's bytes.
	at int
}

func (e treeEntry) isTree() bool      { return strings.TrimLeft(e.mode, "0") == modeTree }
func (e treeEntry) isSymlink() bool   { return e.mode == modeSymlink }
func (e treeEntry) isSubmodule() bool { return e.mode == modeSubmodule }
func (e treeEntry) isFile() bool      { return strings.HasPrefix(e.mode, "100") }

// treeEntries walks a tree's bytes. A malformed tree ends with an error.
func treeEntries(tree []byte) iter.Seq2[treeEntry, error] {
	return func(yield func(treeEntry, error) bool) {
		for at := 0; at < len(tree); {
			head, _, found := bytes.Cut(tree[at:], []byte{0})
			mode, name, spaced := strings.Cut(string(head), " ")
			at += len(head) + 1
			if !found || !spaced || badName(name) || at+len(plumbing.ZeroHash) > len(tree) {
				yield(treeEntry{}, fmt.Errorf("malformed tree at byte %d", at))
				return
			}
			e := treeEntry{mode: mode, name: name, at: at}
			at += copy(e.id[:], tree[at:])
			if !yield(e, nil) {
				return
			}
		}
	}
}

// badName reports whether no honest tree has an entry of that name.
func badName(name string) bool {
	return name == "" || name == "." || name == ".." || strings.Contains(name, "/")
}

// treeEntryOf finds the entry of that name.
func treeEntryOf(tree []byte, name string) (treeEntry, bool, error) {
	for e, err := range treeEntries(tree) {
		if err != nil || e.name == name {
			return e, err == nil, err
		}
	}
	return treeEntry{}, false, nil
}

// withEntry gives the tree with the id of e replaced.
func withEntry(tree []byte, e treeEntry, id plumbing.Hash) []byte {
	changed := bytes.Clone(tree)
	copy(changed[e.at:], id[:])
	return changed
}
