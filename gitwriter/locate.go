package gitwriter

import (
	"context"
	"io/fs"
	"strings"
	"unicode"

	"github.com/go-git/go-git/v5/plumbing"
)

// fileProblem says what is wrong with a target's file name, or nothing.
func fileProblem(file string) string {
	switch {
	case file == "":
		return "no file is named"
	case strings.HasPrefix(file, "/"):
		return "the file's name is absolute: write it relative to the repository's root"
	case !fs.ValidPath(file) || file == ".":
		return "the file's name must be a plain path from the repository's root: no .., no . and no empty part"
	case strings.ContainsFunc(file, unicode.IsControl):
		return "the file's name has control characters"
	}
	return ""
}

// targetFile is the blob that stands where a target says, or what is wrong there.
type targetFile struct {
	id      plumbing.Hash
	problem string
}

// targetFiles are the files of a set of changes by their names.
type targetFiles map[string]targetFile

// targetFiles finds the files that changes name, at a head. What can't be read is a problem of that file alone; the error
// of the function is one of the network.
func (m *Mirror) targetFiles(ctx context.Context, s *session, t *tip, changes []Change) (targetFiles, error) {
	files := targetFiles{}
	for _, c := range changes {
		for _, target := range c.Targets {
			if _, known := files[target.File]; known {
				continue
			}
			id, problem, err := m.locate(ctx, s, t, target.File)
			if err != nil {
				return nil, err
			}
			files[target.File] = targetFile{id: id, problem: problem}
		}
	}
	return files, nil
}

// read gives the files' contents. Blobs that aren't here are fetched in one request.
func (m *Mirror) read(ctx context.Context, s *session, t *tip, files targetFiles) (func(string) ([]byte, error), error) {
	var ids []plumbing.Hash
	for _, f := range files {
		if f.problem == "" {
			ids = append(ids, f.id)
		}
	}
	if _, err := m.loadBlobs(ctx, s, t.id, ids); err != nil {
		return nil, err
	}
	bodies := map[plumbing.Hash][]byte{}
	for _, id := range ids {
		bodies[id], _ = m.objects.get(plumbing.BlobObject, id)
	}
	return func(file string) ([]byte, error) {
		f := files[file]
		if f.problem != "" {
			return nil, &TargetError{File: file, Message: f.problem}
		}
		return bodies[f.id], nil
	}, nil
}

// locate finds a regular file's blob, or says what stands in its place.
func (m *Mirror) locate(ctx context.Context, s *session, t *tip, file string) (id plumbing.Hash, problem string, err error) {
	if problem := fileProblem(file); problem != "" {
		return id, problem, nil
	}
	id = t.tree
	parts := strings.Split(file, "/")
	for i, name := range parts {
		tree, err := m.treeAtHead(ctx, s, t, id)
		if err != nil {
			return id, "", err
		}
		e, ok, err := treeEntryOf(tree, name)
		if err != nil {
			return id, "", s.fault(opFetch, ReasonProtocol, err, err.Error())
		}
		path, last := strings.Join(parts[:i+1], "/"), i == len(parts)-1
		switch {
		case !ok:
			return id, "there is no such file on branch " + quote(s.remote.Branch) + ": create it, or correct the target's file", nil
		case e.isSymlink():
			return id, quote(path) + " is a symbolic link, which is never followed: name the file itself", nil
		case e.isSubmodule():
			return id, quote(path) + " is a submodule, which can't be written from here: name a file of this repository", nil
		case last && e.isTree():
			return id, "this is a folder: name a file in it", nil
		case !last && !e.isTree():
			return id, quote(path) + " is a file and no folder: correct the target's file", nil
		}
		id = e.id
	}
	return id, "", nil
}

// treeAtHead reads a tree of the head, all of which are here unless the store was compacted around them.
func (m *Mirror) treeAtHead(ctx context.Context, s *session, t *tip, id plumbing.Hash) ([]byte, error) {
	tree, ok := m.objects.get(plumbing.TreeObject, id)
	if ok {
		return tree, nil
	}
	brought, err := m.loadByID(ctx, s, t.id, []plumbing.Hash{id}, withoutBlobs)
	if err != nil {
		return nil, err
	}
	if tree, ok = brought.get(plumbing.TreeObject, id); !ok {
		return nil, s.fault(opFetch, ReasonProtocol, nil, "the server didn't send the tree "+id.String()+" of "+t.id.String())
	}
	return tree, nil
}
