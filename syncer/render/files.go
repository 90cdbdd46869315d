package render

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"helm.sh/helm/v4/pkg/ignore"
)

// byteOrderMark is what Helm takes off the head of files.
const byteOrderMark = "\xEF\xBB\xBF"

// tree reads files of the repository, within bounds, and never through a symbolic link.
type tree struct {
	fsys fs.FS
	read budget
	// outside are files and folders that the result depends on beside the source's own folder, those that aren't there
	// included.
	outside []string
}

// check refuses a path that leads through a symbolic link or to nothing. Every part of it is looked at: a file system
// that follows links would follow one in the middle, too.
func (t *tree) check(name string) (fs.FileInfo, error) {
	var info fs.FileInfo
	var err error
	for i := range len(name) + 1 {
		if i < len(name) && name[i] != '/' {
			continue
		}
		if info, err = fs.Lstat(t.fsys, name[:i]); err != nil {
			return nil, reading(err, name)
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return nil, fmt.Errorf("%s is a symbolic link: links are never followed, put the file itself there", name[:i])
		}
	}
	return info, nil
}

// reading tells what isn't there, which is the source's fault, from what can't be read, which isn't.
func reading(err error, name string) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return missing{name + " isn't there at this revision"}
	case errors.Is(err, fs.ErrInvalid):
		return fmt.Errorf("%s is no path in the repository: %w", name, err)
	default:
		return passing{fmt.Errorf("read %s: %w", name, err)}
	}
}

// file reads one file.
func (t *tree) file(name string) ([]byte, error) {
	info, err := t.check(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", name)
	}
	return t.content(name)
}

// content reads a file that is known to be one.
func (t *tree) content(name string) ([]byte, error) {
	opened, err := t.fsys.Open(name)
	if err != nil {
		return nil, reading(err, name)
	}
	data, err := io.ReadAll(io.LimitReader(opened, maxBytes+1))
	if err := errors.Join(err, opened.Close()); err != nil {
		return nil, passing{fmt.Errorf("read %s: %w", name, err)}
	}
	return bytes.TrimPrefix(data, []byte(byteOrderMark)), t.read.spend(len(data))
}

// chart reads the files of a chart that .helmignore doesn't leave out, named relative to it.
func (t *tree) chart(ctx context.Context, dir string) ([]*archive.BufferedFile, error) {
	rules, err := t.ignored(dir)
	if err != nil {
		return nil, err
	}
	var files []*archive.BufferedFile
	err = fs.WalkDir(t.fsys, dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return reading(err, name)
		case ctx.Err() != nil:
			return passing{ctx.Err()}
		case name == dir:
			return nil
		}
		relative := strings.TrimPrefix(strings.TrimPrefix(name, dir), "/")
		if dir == "." {
			relative = name
		}
		switch skip := rules.Ignore(relative, entryInfo{entry}); {
		case skip && entry.IsDir():
			return fs.SkipDir
		case skip, entry.IsDir():
			return nil
		case entry.Type()&fs.ModeSymlink != 0:
			return fmt.Errorf("%s is a symbolic link: links are never followed, put the file itself there or leave it out by .helmignore", name)
		case !entry.Type().IsRegular():
			return fmt.Errorf("%s is no file: leave it out by .helmignore", name)
		}
		data, err := t.content(name)
		if err != nil {
			return err
		}
		files = append(files, &archive.BufferedFile{Name: relative, Data: data})
		return nil
	})
	return files, err
}

// ignored reads .helmignore.
func (t *tree) ignored(dir string) (*ignore.Rules, error) {
	rules := ignore.Empty()
	name := path.Join(dir, ignore.HelmIgnore)
	data, err := t.file(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		if rules, err = ignore.Parse(bytes.NewReader(data)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	rules.AddDefaults()
	return rules, nil
}

// entryInfo is what the rules of .helmignore look at. Asking for more could make a file system load the file.
type entryInfo struct{ fs.DirEntry }

func (entryInfo) Size() int64         { return 0 }
func (e entryInfo) Mode() fs.FileMode { return e.Type() }
func (entryInfo) ModTime() time.Time  { return time.Time{} }
func (entryInfo) Sys() any            { return nil }
