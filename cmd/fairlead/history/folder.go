package history

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/gitwriter/edit"
)

const (
	// maxCache bounds the objects that are kept in memory: deltas need their bases again and again.
	maxCache = 64 << 20
	// maxAlternates bounds the repositories from which one may borrow objects.
	maxAlternates = 16
	// maxPointer bounds a file that holds nothing but the path of a folder, or a few.
	maxPointer = 64 << 10
)

// findFolder finds the folder that Git keeps a repository in, gitrepository-layout(5): folder itself if it is bare, else .git
// in it or in one above it. common is where the objects are, if that is another one, as for a linked work tree.
func findFolder(folder string) (git, common string, err error) {
	start, err := filepath.Abs(folder)
	if err != nil {
		return "", "", err
	}
	if _, err := os.Stat(start); err != nil {
		return "", "", terminal.Failf(nil, "open the repository %s: %s", terminal.Printable(folder), cause(err))
	}
	for at := start; ; at = filepath.Dir(at) {
		git, err = gitFolder(at)
		if git != "" || err != nil {
			break
		}
		if at == filepath.Dir(at) {
			return "", "", terminal.Failf(nil, "open %s: there is no Git repository: name a clone, or a URL, with --repo", terminal.Printable(folder))
		}
	}
	if err != nil {
		return "", "", err
	}
	common = git
	if line, err := readPointer(filepath.Join(git, "commondir")); err == nil {
		if common = line; !filepath.IsAbs(common) {
			common = filepath.Join(git, common)
		}
	}
	return git, common, nil
}

// gitFolder is the folder of the repository that begins at a folder, or nothing if none does.
func gitFolder(at string) (string, error) {
	dot := filepath.Join(at, ".git")
	info, err := os.Stat(dot)
	switch {
	case err == nil && info.IsDir():
		return dot, nil
	case err == nil:
		line, err := readPointer(dot)
		target, found := strings.CutPrefix(line, "gitdir: ")
		if err != nil || !found {
			return "", terminal.Failf(nil, "open the repository %s: its file .git names no folder", terminal.Printable(at))
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(at, target)
		}
		return target, nil
	case isFolder(filepath.Join(at, "objects")) && isFolder(filepath.Join(at, "refs")):
		if _, err := os.Lstat(filepath.Join(at, "HEAD")); err == nil {
			return at, nil
		}
	}
	return "", nil
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// readPointer reads a small file of one line.
func readPointer(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if info.Size() > maxPointer {
		return "", errors.New("it is too large")
	}
	text, err := os.ReadFile(name)
	return strings.TrimRight(string(text), "\r\n"), err
}

// cause is what an error of the file system says, without the name of the file.
func cause(err error) string {
	if failure, ok := errors.AsType[*os.PathError](err); ok {
		err = failure.Err
	}
	return err.Error()
}

// openFolder opens a repository, in any of its folders if it has a work tree.
func openFolder(folder string) (*Repository, error) {
	git, common, err := findFolder(folder)
	if err != nil {
		return nil, err
	}
	r := &Repository{shown: terminal.Printable(folder)}
	files := osfs.New(git)
	if common != git {
		files = dotgit.NewRepositoryFilesystem(files, osfs.New(common))
	}
	store := newStorage(files)
	config, err := store.Config()
	if err != nil {
		return nil, terminal.Failf(err, "open the repository %s: read its config: %v", r.shown, err)
	}
	extensions := config.Raw.Section("extensions")
	if format := extensions.Option("objectformat"); format != "" && !strings.EqualFold(format, "sha1") {
		return nil, terminal.Failf(nil, "open the repository %s: its objects are named by %s: only sha1 is known", r.shown, terminal.Printable(format))
	}
	if storage := extensions.Option("refstorage"); storage != "" && !strings.EqualFold(storage, "files") {
		return nil, terminal.Failf(nil, "open the repository %s: its references are kept as %s: only files are known: make a clone with git clone --ref-format=files",
			r.shown, terminal.Printable(storage))
	}
	r.stores = append(r.stores, store)
	return r, r.borrow(filepath.Join(common, "objects"))
}

func newStorage(files billy.Filesystem) *filesystem.Storage {
	return filesystem.NewStorageWithOptions(files, cache.NewObjectLRU(maxCache),
		filesystem.Options{KeepDescriptors: true, LargeObjectThreshold: edit.MaxFile})
}

// borrow adds the folders of objects that one of them refers to.
func (r *Repository) borrow(objects string) error {
	list, err := readPointer(filepath.Join(objects, "info", "alternates"))
	if err != nil {
		return nil // Most borrow nothing.
	}
	for line := range strings.Lines(list) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !filepath.IsAbs(line) {
			line = filepath.Join(objects, line)
		}
		if !isFolder(line) || len(r.stores) > maxAlternates {
			return terminal.Failf(nil, "open the repository %s: it borrows objects from %s, which can't be opened: make a clone of its own",
				r.shown, terminal.Printable(line))
		}
		r.stores = append(r.stores, newStorage(osfs.New(filepath.Dir(line))))
		if err := r.borrow(line); err != nil {
			return err
		}
	}
	return nil
}
