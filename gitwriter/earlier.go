package gitwriter

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

const (
	// maxBlobsAtOnce bounds how many files' contents one request asks for.
	maxBlobsAtOnce = 256
	// maxEarlierAtOnce bounds in bytes what one request for earlier contents is expected to bring: the file was of about the
	// size that it has now.
	maxEarlierAtOnce = 32 << 20
)

// fileAt is a file in the tree of an earlier commit.
type fileAt struct {
	commit plumbing.Hash
	file   string
}

// loadFiles brings what it takes to read files at earlier commits, of whose trees nothing may be here: one request for each
// folder on the way down, for all files together, and one for the contents. Only what lies on the way is fetched.
func (m *Mirror) loadFiles(ctx context.Context, s *session, files []fileAt) error {
	if err := m.loadFolders(ctx, s, files); err != nil {
		return err
	}
	for blobs := range slices.Chunk(m.missingOf(files, plumbing.BlobObject), m.filesAtOnce(files)) {
		if err := m.loadEarlier(ctx, s, files, blobs, everything, everything); err != nil {
			return err
		}
	}
	return nil
}

// loadFolders brings the folders on the way to the files.
func (m *Mirror) loadFolders(ctx context.Context, s *session, files []fileAt) error {
	for range maxTreeDepth {
		trees := m.missingOf(files, plumbing.TreeObject)
		if len(trees) == 0 {
			break
		}
		if err := m.loadEarlier(ctx, s, files, trees, commitsOnly, withoutBlobs); err != nil {
			return err
		}
		if !m.objects.has(plumbing.TreeObject, trees[0]) {
			return s.fault(opFetch, ReasonProtocol, nil, "the server didn't send the tree "+trees[0].String())
		}
	}
	return nil
}

// filesAtOnce is how many of the files one request asks for, by the size of the largest at the head.
func (m *Mirror) filesAtOnce(files []fileAt) int {
	size, head := 1, m.current()
	seen := map[string]struct{}{}
	for _, f := range files {
		if _, known := seen[f.file]; known || head == nil {
			continue
		}
		seen[f.file] = struct{}{}
		_, id := m.find(fileAt{head.id, f.file})
		body, _ := m.objects.get(plumbing.BlobObject, id)
		size = max(size, len(body))
	}
	return max(1, min(maxBlobsAtOnce, maxEarlierAtOnce/size))
}

// loadEarlier fetches objects by their ids. A server that gives none by its id is asked for the commits as a whole instead,
// and one that gives only what a branch points to for all that it has.
func (m *Mirror) loadEarlier(ctx context.Context, s *session, files []fileAt, ids []plumbing.Hash, leaveOut, instead filter) error {
	commits := make([]plumbing.Hash, 0, len(files))
	seen := make(map[plumbing.Hash]struct{}, len(files))
	for _, f := range files {
		if _, twice := seen[f.commit]; !twice {
			seen[f.commit] = struct{}{}
			commits = append(commits, f.commit)
		}
	}
	attempts := []struct {
		wants    []plumbing.Hash
		leaveOut filter
	}{{ids, leaveOut}, {commits, instead}, {[]plumbing.Hash{m.current().id}, instead}}
	var denied error
	for _, attempt := range attempts {
		objects, err := s.fetch(ctx, request{wants: attempt.wants, leaveOut: attempt.leaveOut, whole: true})
		if _, no := errors.AsType[*serverError](err); no {
			denied = err
			continue
		}
		if err != nil {
			return err
		}
		m.objects.put(objects)
		return nil
	}
	return denied
}

// missingOf names the objects of a kind that the way to the files stops at because they aren't here, each once.
func (m *Mirror) missingOf(files []fileAt, kind plumbing.ObjectType) []plumbing.Hash {
	seen := map[plumbing.Hash]struct{}{}
	var missing []plumbing.Hash
	for _, f := range files {
		found, id := m.find(f)
		if _, known := seen[id]; known || found != kind || m.objects.has(kind, id) {
			continue
		}
		seen[id] = struct{}{}
		missing = append(missing, id)
	}
	return missing
}

// find follows the way to a file as far as it is here, and gives the object that it ends at: the file's blob, a tree that
// isn't here, or nothing (an invalid type) where there is no such file.
func (m *Mirror) find(f fileAt) (plumbing.ObjectType, plumbing.Hash) {
	c, ok, err := m.objects.commit(f.commit)
	if err != nil || !ok {
		return plumbing.InvalidObject, plumbing.ZeroHash
	}
	id := c.TreeHash
	for rest := f.file; ; {
		tree, ok := m.objects.get(plumbing.TreeObject, id)
		if !ok {
			return plumbing.TreeObject, id
		}
		name, below, deeper := strings.Cut(rest, "/")
		e, ok, err := treeEntryOf(tree, name)
		switch {
		case err != nil || !ok || deeper && !e.isTree() || !deeper && !e.isFile():
			return plumbing.InvalidObject, plumbing.ZeroHash
		case !deeper:
			return plumbing.BlobObject, e.id
		}
		id, rest = e.id, below
	}
}
