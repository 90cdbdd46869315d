package render

import (
	"io/fs"
	"os"
	"slices"
	"strings"
)

// OpenFolder opens the files of a folder as they are on disk, committed or not, without what is Git's own: a chart at the root of a
// repository would hold all its history otherwise, which it doesn't at any commit. Nothing outside of the folder is reached. The function
// that is returned closes it.
func OpenFolder(dir string) (fs.FS, func() error, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // it names the folder
	}
	return workTree{root.FS()}, root.Close, nil
}

// gitName is how Git calls what is its own: a folder, or a file that says where the folder is. It can't be committed.
const gitName = ".git"

// workTree is a file system without what is Git's own.
type workTree struct{ files fs.FS }

var (
	_ fs.ReadDirFS  = workTree{}
	_ fs.ReadLinkFS = workTree{}
)

// hidden is an error for what is Git's own, or a path in it.
func hidden(operation, name string) error {
	if slices.Contains(strings.Split(name, "/"), gitName) {
		return &fs.PathError{Op: operation, Path: name, Err: fs.ErrNotExist}
	}
	return nil
}

// Open implements fs.FS.
func (w workTree) Open(name string) (fs.File, error) {
	if err := hidden("open", name); err != nil {
		return nil, err
	}
	opened, err := w.files.Open(name)
	if folder, ok := opened.(fs.ReadDirFile); ok {
		return workFolder{folder}, err //nolint:wrapcheck // it stands in for it
	}
	return opened, err //nolint:wrapcheck // as above
}

// workFolder is an open folder, or file, without what is Git's own.
type workFolder struct{ fs.ReadDirFile }

// ReadDir implements fs.ReadDirFile.
func (f workFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	for {
		entries, err := f.ReadDirFile.ReadDir(n)
		if left := others(entries); len(left) > 0 || len(entries) == 0 || n <= 0 || err != nil {
			return left, err //nolint:wrapcheck // as above
		}
	}
}

// others are the entries that aren't Git's own.
func others(entries []fs.DirEntry) []fs.DirEntry {
	return slices.DeleteFunc(entries, func(entry fs.DirEntry) bool { return entry.Name() == gitName })
}

// ReadDir implements fs.ReadDirFS.
func (w workTree) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := hidden("open", name); err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(w.files, name)
	return others(entries), err //nolint:wrapcheck // as above
}

// Lstat implements fs.ReadLinkFS.
func (w workTree) Lstat(name string) (fs.FileInfo, error) {
	if err := hidden("lstat", name); err != nil {
		return nil, err
	}
	return fs.Lstat(w.files, name) //nolint:wrapcheck // as above
}

// ReadLink implements fs.ReadLinkFS.
func (w workTree) ReadLink(name string) (string, error) {
	if err := hidden("readlink", name); err != nil {
		return "", err
	}
	return fs.ReadLink(w.files, name) //nolint:wrapcheck // as above
}
