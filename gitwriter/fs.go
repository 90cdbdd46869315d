package gitwriter

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

var (
	errIsFolder   = errors.New("is a folder")
	errIsNoFolder = errors.New("is no folder")
)

// treeFS is a Snapshot as a file system.
type treeFS struct{ snapshot *Snapshot }

var (
	_ fs.ReadDirFS  = treeFS{}
	_ fs.ReadFileFS = treeFS{}
	_ fs.StatFS     = treeFS{}
	_ fs.ReadLinkFS = treeFS{}
)

// find looks a path up to be opened: it is a file or a folder.
func (f treeFS) find(op, name string) (node, error) {
	n, err := f.snapshot.lookup(op, name)
	if err == nil && (n.isSymlink() || n.isSubmodule()) {
		err = &fs.PathError{Op: op, Path: name, Err: f.snapshot.blocked(n.treeEntry, name)}
	}
	return n, err
}

// Open implements fs.FS.
func (f treeFS) Open(name string) (fs.File, error) {
	n, err := f.find("open", name)
	if err != nil {
		return nil, err
	}
	if n.isTree() {
		entries, err := f.list("open", name, n)
		if err != nil {
			return nil, err
		}
		return &openFolder{info: f.info(n, 0), entries: entries}, nil
	}
	body, err := f.read("open", name, n)
	if err != nil {
		return nil, err
	}
	return &openFile{Reader: *bytes.NewReader(body), info: f.info(n, len(body))}, nil
}

// ReadFile implements fs.ReadFileFS. The bytes are the caller's.
func (f treeFS) ReadFile(name string) ([]byte, error) {
	n, err := f.find("read", name)
	if err != nil {
		return nil, err
	}
	if n.isTree() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errIsFolder}
	}
	body, err := f.read("read", name, n)
	return bytes.Clone(body), err
}

// ReadDir implements fs.ReadDirFS.
func (f treeFS) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := f.find("readdir", name)
	if err != nil {
		return nil, err
	}
	if !n.isTree() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errIsNoFolder}
	}
	return f.list("readdir", name, n)
}

// Stat implements fs.StatFS. Like Open it doesn't follow links, and says so.
func (f treeFS) Stat(name string) (fs.FileInfo, error) {
	n, err := f.find("stat", name)
	if err != nil {
		return nil, err
	}
	return f.stat("stat", name, n)
}

// Lstat implements fs.ReadLinkFS.
func (f treeFS) Lstat(name string) (fs.FileInfo, error) {
	n, err := f.snapshot.lookup("lstat", name)
	if err != nil {
		return nil, err
	}
	return f.stat("lstat", name, n)
}

// ReadLink implements fs.ReadLinkFS: where the link points, as it was written; it may be anywhere.
func (f treeFS) ReadLink(name string) (string, error) {
	n, err := f.snapshot.lookup("readlink", name)
	if err != nil {
		return "", err
	}
	if !n.isSymlink() {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	body, err := f.read("readlink", name, n)
	return string(body), err
}

// stat describes a node. The size of a file is that of its content, which is fetched for it.
func (f treeFS) stat(op, name string, n node) (fs.FileInfo, error) {
	if n.isTree() || n.isSubmodule() {
		return f.info(n, 0), nil
	}
	body, err := f.read(op, name, n)
	if err != nil {
		return nil, err
	}
	return f.info(n, len(body)), nil
}

// read gives a file's content, and fetches it with the other files of its folder if it isn't here.
func (f treeFS) read(op, name string, n node) ([]byte, error) {
	body, ok := f.snapshot.mirror.objects.get(plumbing.BlobObject, n.id)
	if ok {
		return body, nil
	}
	var siblings []plumbing.Hash
	tree, err := f.snapshot.tree(n.parent)
	if err == nil {
		for e, bad := range treeEntries(tree) {
			if bad == nil && e.isFile() && len(siblings) < maxPrefetch {
				siblings = append(siblings, e.id)
			}
		}
		body, err = f.snapshot.blob(n.id, siblings)
	}
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return body, nil
}

// list gives a folder's entries in the order of their names; Git sorts a folder as if its name ended in a slash.
func (f treeFS) list(op, name string, n node) ([]fs.DirEntry, error) {
	tree, err := f.snapshot.tree(n.id)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	var entries []fs.DirEntry
	for e, err := range treeEntries(tree) {
		if err != nil {
			return nil, &fs.PathError{Op: op, Path: name, Err: err}
		}
		entries = append(entries, dirEntry{fs: f, path: path.Join(name, e.name), node: node{treeEntry: e, parent: n.id}})
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, nil
}

func (f treeFS) info(n node, size int) fileInfo {
	return fileInfo{name: path.Base(n.name), size: int64(size), mode: n.fileMode(), time: f.snapshot.time}
}

// fileMode translates Git's mode.
func (e treeEntry) fileMode() fs.FileMode {
	switch {
	case e.isTree():
		return fs.ModeDir | 0o555
	case e.isSymlink():
		return fs.ModeSymlink | 0o777
	case e.isSubmodule():
		return fs.ModeIrregular | 0o444
	case e.mode == modeExec:
		return 0o555
	default:
		return 0o444
	}
}

// dirEntry implements fs.DirEntry.
type dirEntry struct {
	node

	fs   treeFS
	path string
}

func (d dirEntry) Name() string               { return d.name }
func (d dirEntry) IsDir() bool                { return d.isTree() }
func (d dirEntry) Type() fs.FileMode          { return d.fileMode().Type() }
func (d dirEntry) Info() (fs.FileInfo, error) { return d.fs.stat("stat", d.path, d.node) }

// fileInfo implements fs.FileInfo.
type fileInfo struct {
	name string
	size int64
	mode fs.FileMode
	time time.Time
}

func (i fileInfo) Name() string       { return i.name }
func (i fileInfo) Size() int64        { return i.size }
func (i fileInfo) Mode() fs.FileMode  { return i.mode }
func (i fileInfo) ModTime() time.Time { return i.time }
func (i fileInfo) IsDir() bool        { return i.mode.IsDir() }
func (i fileInfo) Sys() any           { return nil }

// openFile implements fs.File, io.Seeker and io.ReaderAt.
type openFile struct {
	bytes.Reader

	info fileInfo
}

func (o *openFile) Stat() (fs.FileInfo, error) { return o.info, nil }
func (o *openFile) Close() error               { return nil }

// openFolder implements fs.ReadDirFile.
type openFolder struct {
	info    fileInfo
	entries []fs.DirEntry
}

func (o *openFolder) Stat() (fs.FileInfo, error) { return o.info, nil }
func (o *openFolder) Close() error               { return nil }

func (o *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: o.info.name, Err: errIsFolder}
}

func (o *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 || n > len(o.entries) {
		if n > 0 && len(o.entries) == 0 {
			return nil, io.EOF
		}
		n = len(o.entries)
	}
	given := o.entries[:n:n]
	o.entries = o.entries[n:]
	return given, nil
}
