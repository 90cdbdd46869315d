package render

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gobwas/glob"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Directory says which files of a directory are manifests. Their names end in .yaml, .yml or .json, and patterns are
// matched against their paths relative to the directory.
//
// Patterns are Argo CD's: `*` stands for any characters, also "/"; `?` for one; `[a-z]` and `{a,b}` for one of several.
type Directory struct {
	// Recurse reads the folders below, too.
	Recurse bool
	// Include is a pattern; only files that match it count. Empty: all.
	Include string
	// Exclude is a pattern; files that match it don't count.
	Exclude string
}

// skipMarks are comments that keep a file from being read as manifests. As with Argo CD, they may stand anywhere in it.
//
//nolint:gochecknoglobals // a table; nothing changes it
var skipMarks = [][]byte{[]byte("# +fairlead:skip-file-rendering"), []byte("+argocd:skip-file-rendering")}

// directory reads the manifests of a directory, files in the order of their paths, and each from top to bottom.
//
// A file that isn't meant for Kubernetes is skipped, as Argo CD does; but what looks like a manifest and is none is an
// error, for an object that is left out would be pruned.
func (t *tree) directory(ctx context.Context, dir string, options Directory) ([]*unstructured.Unstructured, error) {
	chosen, err := options.filter()
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	err = fs.WalkDir(t.fsys, dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return reading(err, name)
		case ctx.Err() != nil:
			return passing{ctx.Err()}
		case entry.IsDir() && name != dir && !options.Recurse:
			return fs.SkipDir
		case !isManifest(entry) || !chosen(below(dir, name)):
			return nil
		case entry.Type()&fs.ModeSymlink != 0:
			return fmt.Errorf("%s is a symbolic link: links are never followed, put the file itself there or leave it out by source.directory.exclude", name)
		}
		data, err := t.content(name)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(skipMarks, func(mark []byte) bool { return bytes.Contains(data, mark) }) {
			return nil
		}
		read, err := readObjects(name, data)
		if objects = append(objects, read...); len(objects) > maxObjects {
			return fmt.Errorf("the directory holds more than %d objects", maxObjects)
		}
		return err
	})
	return objects, err
}

// below is the path of name relative to dir.
func below(dir, name string) string {
	if dir == "." {
		return name
	}
	return strings.TrimPrefix(name, dir+"/")
}

// isManifest says whether a file's name is one of a manifest.
func isManifest(entry fs.DirEntry) bool {
	switch path.Ext(entry.Name()) {
	case ".yaml", ".yml", ".json":
		return !entry.IsDir()
	default:
		return false
	}
}

// filter gives what says whether a file counts.
func (d Directory) filter() (func(name string) bool, error) {
	include, err := matcher("include", cmp.Or(d.Include, "*"))
	if err != nil {
		return nil, err
	}
	exclude, err := matcher("exclude", d.Exclude)
	if err != nil {
		return nil, err
	}
	return func(name string) bool { return include(name) && !exclude(name) }, nil
}

// maxPattern is the length of a pattern, in bytes.
const maxPattern = 1024

// matcher compiles a pattern. An empty one matches nothing.
func matcher(field, given string) (match func(name string) bool, err error) {
	defer func() { // the compiler trips over some patterns
		if caught := recover(); caught != nil {
			err = fmt.Errorf("source.directory.%s: %q is no pattern", field, given)
		}
	}()
	if len(given) > maxPattern {
		return nil, fmt.Errorf("source.directory.%s has more than %d characters", field, maxPattern)
	}
	compiled, err := glob.Compile(given)
	if err != nil {
		return nil, fmt.Errorf("source.directory.%s: %q is no pattern: %w", field, given, err)
	}
	return compiled.Match, nil
}
