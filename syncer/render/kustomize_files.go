package render

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// mounted is where kustomize sees the repository: it wants absolute paths, and in a folder that isn't the root one sees
// paths that lead out.
const mounted = "/repository"

// absolute is a path as kustomize sees it.
func absolute(name string) string { return path.Join(mounted, name) }

// errReadOnly refuses what building a kustomization never does.
var errReadOnly = errors.New("the files of a repository can only be read")

// errOutside refuses a path that leads out of the repository.
var errOutside = errors.New("it leads out of the repository")

// kustomizeFiles are the files of the repository for kustomize, each read once. Kustomize tries some paths to see what
// they are, and takes any error for "not there"; cause tells what went wrong first.
type kustomizeFiles struct {
	ctx      context.Context //nolint:containedctx // kustomize reads without one
	tree     *tree
	contents map[string][]byte
	listed   []string
	failed   error
}

var _ filesys.FileSystem = (*kustomizeFiles)(nil)

// cause is what explains an error: a file that couldn't be read, or itself.
func (f *kustomizeFiles) cause(err error) error {
	if f.failed != nil {
		return f.failed
	}
	return err
}

// inside is the path in the repository.
func inside(name string) (string, error) {
	name = path.Clean(name)
	if name == mounted {
		return ".", nil
	}
	relative, found := strings.CutPrefix(name, mounted+"/")
	if !found {
		return "", fmt.Errorf("%s: %w", name, errOutside)
	}
	return relative, nil
}

// stat says what a path is.
func (f *kustomizeFiles) stat(name string) (fs.FileInfo, error) {
	if f.ctx.Err() != nil {
		return nil, f.fail(passing{f.ctx.Err()})
	}
	relative, err := inside(name)
	if err != nil {
		return nil, err
	}
	info, err := f.tree.check(relative)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, f.fail(err)
	}
	return info, err
}

// list gives the names in a folder of the repository, and remembers that it was listed.
func (f *kustomizeFiles) list(dir string) ([]string, error) {
	if _, err := f.tree.check(dir); err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(f.tree.fsys, dir)
	if err != nil {
		return nil, reading(err, dir)
	}
	f.listed = append(f.listed, dir)
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names, nil
}

// fail keeps the first error.
func (f *kustomizeFiles) fail(err error) error {
	if f.failed == nil {
		f.failed = err
	}
	return err
}

// ReadFile reads a file.
func (f *kustomizeFiles) ReadFile(name string) ([]byte, error) {
	info, err := f.stat(name)
	if err != nil {
		return nil, err
	}
	relative, err := inside(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", relative)
	}
	if content, read := f.contents[relative]; read {
		return bytes.Clone(content), nil
	}
	content, err := f.tree.content(relative)
	if err != nil {
		return nil, f.fail(err)
	}
	if err := boundAliases(content); err != nil {
		return nil, f.fail(fmt.Errorf("%s: %w", relative, err))
	}
	f.contents[relative] = content
	return bytes.Clone(content), nil
}

// CleanedAbs splits a path into a folder and a file.
func (f *kustomizeFiles) CleanedAbs(name string) (filesys.ConfirmedDir, string, error) {
	name = path.Clean(name)
	info, err := f.stat(name)
	if err != nil {
		return "", "", err
	}
	if info.IsDir() {
		return filesys.ConfirmedDir(name), "", nil
	}
	return filesys.ConfirmedDir(path.Dir(name)), path.Base(name), nil
}

// IsDir says whether a path is a folder.
func (f *kustomizeFiles) IsDir(name string) bool {
	info, err := f.stat(name)
	return err == nil && info.IsDir()
}

// Exists says whether a path is there.
func (f *kustomizeFiles) Exists(name string) bool {
	_, err := f.stat(name)
	return err == nil
}

// Create refuses.
func (*kustomizeFiles) Create(string) (filesys.File, error) { return nil, errReadOnly }

// Mkdir refuses.
func (*kustomizeFiles) Mkdir(string) error { return errReadOnly }

// MkdirAll refuses.
func (*kustomizeFiles) MkdirAll(string) error { return errReadOnly }

// RemoveAll refuses.
func (*kustomizeFiles) RemoveAll(string) error { return errReadOnly }

// WriteFile refuses.
func (*kustomizeFiles) WriteFile(string, []byte) error { return errReadOnly }

// Open refuses: kustomize reads whole files.
func (*kustomizeFiles) Open(string) (filesys.File, error) { return nil, errReadOnly }

// ReadDir refuses: a build lists no folder.
func (*kustomizeFiles) ReadDir(string) ([]string, error) { return nil, errReadOnly }

// Glob refuses: a build knows no patterns.
func (*kustomizeFiles) Glob(string) ([]string, error) { return nil, errReadOnly }

// Walk refuses: a build walks no folder.
func (*kustomizeFiles) Walk(string, filepath.WalkFunc) error { return errReadOnly }

// kustomization reads the kustomization in dir as kustomize does.
func (f *kustomizeFiles) kustomization(dir string) (name string, read types.Kustomization, err error) {
	var content []byte
	for _, candidate := range konfig.RecognizedKustomizationFileNames() {
		candidate = path.Join(dir, candidate)
		data, err := f.ReadFile(absolute(candidate))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return "", read, err
		case name != "":
			return "", read, fmt.Errorf("%s and %s are there, and a folder has one kustomization: remove one", name, candidate)
		}
		name, content = candidate, data
	}
	if name == "" {
		return "", read, missing{fmt.Sprintf("%s holds no %s: add it", dir, konfig.DefaultKustomizationFileName())}
	}
	if err := read.Unmarshal(content); err != nil {
		return "", read, fmt.Errorf("%s: %w", name, err)
	}
	read.FixKustomization()
	return name, read, nil
}
