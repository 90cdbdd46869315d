package gitwriter

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// maxPrefetch bounds how many blobs one Prefetch names.
const maxPrefetch = 100_000

// Snapshot is the tree of one commit, read from the mirror's object store. It stays valid whatever happens to the branch:
// what left the store in between is fetched again.
type Snapshot struct {
	mirror *Mirror
	commit plumbing.Hash
	root   plumbing.Hash
	time   time.Time
}

// Snapshot gives the tree of a revision (40 hexadecimal digits) of the branch's history. If the mirror doesn't know the
// revision it refreshes once. A revision that isn't there is an *Error with ReasonRevisionMissing.
func (m *Mirror) Snapshot(ctx context.Context, revision string) (*Snapshot, error) {
	s, err := m.open()
	if err != nil {
		return nil, err
	}
	defer s.close()
	const op = "read a revision"
	if !plumbing.IsHash(revision) {
		return nil, s.fault(op, ReasonRevisionMissing, nil, quote(revision)+" is no commit id of 40 hexadecimal digits")
	}
	id := plumbing.NewHash(revision)
	if err := m.need(ctx, s, id); err != nil {
		return nil, err
	}
	c, ok, err := m.objects.commit(id)
	if err != nil || !ok {
		return nil, s.fault(op, ReasonRevisionMissing, err, "commit "+revision+" isn't in the history of branch "+quote(s.remote.Branch))
	}
	var trusted plumbing.Hash
	if t := m.current(); t != nil && t.id != id {
		trusted = t.tree
	}
	if err := m.loadTrees(ctx, s, id, c.TreeHash, trusted); err != nil {
		return nil, err
	}
	return &Snapshot{mirror: m, commit: id, root: c.TreeHash, time: c.Committer.When}, nil
}

// need refreshes if a commit isn't here. Who waits for another's refresh, which may well bring it, makes none of its own.
func (m *Mirror) need(ctx context.Context, s *session, id plumbing.Hash) error {
	if m.objects.has(plumbing.CommitObject, id) {
		return nil
	}
	release, err := m.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer release()
	if m.objects.has(plumbing.CommitObject, id) {
		return nil
	}
	_, err = m.refresh(ctx, s)
	return err
}

// Revision is the commit's id.
func (s *Snapshot) Revision() string { return s.commit.String() }

// FS is the tree as a read-only file system: fs.ReadDirFS, fs.ReadFileFS, fs.StatFS and fs.ReadLinkFS. Symbolic links are
// listed and can be read with ReadLink, but never followed: opening one, or a path through one, is an error that names the
// link. A submodule is listed as an irregular file and can't be opened. A file's content that isn't here is fetched,
// together with that of the other files of its folder; call Prefetch to have a whole subtree for one request.
func (s *Snapshot) FS() fs.FS { return treeFS{s} }

// ID is the Git object id of the tree or blob at path ("." is the root): equal ids, equal content. Errors are *fs.PathError.
func (s *Snapshot) ID(path string) (string, error) {
	e, err := s.lookup("id", path)
	if err != nil {
		return "", err
	}
	return e.id.String(), nil
}

// Prefetch loads the content of all files below path that isn't here yet, in one request or none.
func (s *Snapshot) Prefetch(ctx context.Context, path string) error {
	e, err := s.lookup("prefetch", path)
	if err != nil {
		return err
	}
	if e.isSymlink() || e.isSubmodule() {
		return &fs.PathError{Op: "prefetch", Path: path, Err: s.blocked(e.treeEntry, path)}
	}
	blobs := []plumbing.Hash{e.id}
	if e.isTree() {
		if blobs, err = s.blobsBelow(e.id); err != nil {
			return &fs.PathError{Op: "prefetch", Path: path, Err: err}
		}
	}
	_, err = s.load(ctx, blobs)
	return err
}

func (s *Snapshot) load(ctx context.Context, blobs []plumbing.Hash) (fetched, error) {
	session, err := s.mirror.open()
	if err != nil {
		return nil, err
	}
	defer session.close()
	return s.mirror.loadBlobs(ctx, session, s.commit, blobs)
}

// blobsBelow names every blob below a tree once.
func (s *Snapshot) blobsBelow(root plumbing.Hash) ([]plumbing.Hash, error) {
	var blobs []plumbing.Hash
	seen := map[plumbing.Hash]struct{}{root: {}}
	trees := []plumbing.Hash{root}
	for len(trees) > 0 {
		tree, err := s.tree(trees[len(trees)-1])
		if err != nil {
			return nil, err
		}
		trees = trees[:len(trees)-1]
		for e, err := range treeEntries(tree) {
			if err != nil {
				return nil, err
			}
			if _, known := seen[e.id]; known || e.isSubmodule() {
				continue
			}
			seen[e.id] = struct{}{}
			if e.isTree() {
				trees = append(trees, e.id)
			} else if blobs = append(blobs, e.id); len(blobs) > maxPrefetch {
				return nil, fmt.Errorf("there are more than %d files", maxPrefetch)
			}
		}
	}
	return blobs, nil
}

// tree reads a tree. It was here when the snapshot was taken; if it left the store since, it is fetched.
func (s *Snapshot) tree(id plumbing.Hash) ([]byte, error) {
	if tree, ok := s.mirror.objects.get(plumbing.TreeObject, id); ok {
		return tree, nil
	}
	session, err := s.mirror.open()
	if err != nil {
		return nil, err
	}
	defer session.close()
	// fs.FS knows no context; the Remote's timeout bounds the request.
	brought, err := s.mirror.loadByID(context.Background(), session, s.commit, []plumbing.Hash{id}, withoutBlobs)
	if err != nil {
		return nil, err
	}
	tree, ok := brought.get(plumbing.TreeObject, id)
	if !ok {
		return nil, session.fault(opFetch, ReasonProtocol, nil, "the server didn't send the tree "+id.String()+" of "+s.commit.String())
	}
	return tree, nil
}

// blob reads a file's content; siblings are what may come along if it must be fetched.
func (s *Snapshot) blob(id plumbing.Hash, siblings []plumbing.Hash) ([]byte, error) {
	if body, ok := s.mirror.objects.get(plumbing.BlobObject, id); ok {
		return body, nil
	}
	for range maxRounds {
		brought, err := s.load(context.Background(), append([]plumbing.Hash{id}, siblings...))
		if err != nil {
			return nil, err
		}
		if body, ok := brought.get(plumbing.BlobObject, id); ok {
			return body, nil
		}
		if body, ok := s.mirror.objects.get(plumbing.BlobObject, id); ok {
			return body, nil // Somebody else fetched it meanwhile.
		}
	}
	return nil, fmt.Errorf("%w: the blob %s left the store again and again", errAnswer, id)
}

// node is what a path leads to, and the tree that it stands in.
type node struct {
	treeEntry

	parent plumbing.Hash
}

// lookup follows a path, through trees only.
func (s *Snapshot) lookup(op, path string) (node, error) {
	fail := func(err error) (node, error) { return node{}, &fs.PathError{Op: op, Path: path, Err: err} }
	if !fs.ValidPath(path) {
		return fail(fs.ErrInvalid)
	}
	at := node{treeEntry: treeEntry{mode: modeTree, name: ".", id: s.root}}
	if path == "." {
		return at, nil
	}
	rest := path
	for rest != "" {
		if !at.isTree() {
			return fail(s.blocked(at.treeEntry, path[:len(path)-len(rest)-1]))
		}
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		tree, err := s.tree(at.id)
		if err != nil {
			return fail(err)
		}
		e, found, err := treeEntryOf(tree, name)
		if err != nil {
			return fail(err)
		}
		if !found {
			return fail(fs.ErrNotExist)
		}
		at = node{treeEntry: e, parent: at.id}
	}
	return at, nil
}

// blocked says why a path can't go on behind an entry that is no folder.
func (s *Snapshot) blocked(e treeEntry, path string) error {
	switch {
	case e.isSymlink():
		return fmt.Errorf("%q is a symbolic link, which is never followed", path)
	case e.isSubmodule():
		return fmt.Errorf("%q is a submodule, which is not read", path)
	default:
		return fs.ErrNotExist
	}
}
