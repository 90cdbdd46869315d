package render

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// valueFiles finds the value files of a source, in the order in which they are read.
//
// It is Argo CD's way: a pattern stands for the files that it matches, in the order of their names, and with `**` those of a
// folder before those of the folders in it. What stands in the list
// by its own name, a pattern doesn't give a second time, and neither does a later pattern what an earlier one gave.
func (t *tree) valueFiles(src Source) ([]string, error) {
	places, err := locateAll(src)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, place := range places {
		if isPattern(place) {
			matched, err := t.matching(place)
			if err != nil {
				return nil, fmt.Errorf("value file %s: %w", place, err)
			}
			if len(matched) == 0 && !src.Helm.IgnoreMissingValueFiles {
				return nil, missing{"value files " + place + ": nothing matches at this revision: add one, or take it out of valueFiles"}
			}
			matched = slices.DeleteFunc(matched, func(file string) bool { return slices.Contains(places, file) || slices.Contains(files, file) })
			files = append(files, matched...)
			continue
		}
		t.depends(place)
		switch _, err := t.check(place); {
		case errors.Is(err, fs.ErrNotExist) && src.Helm.IgnoreMissingValueFiles:
		case errors.Is(err, fs.ErrNotExist):
			return nil, missing{"value file " + place + " isn't there at this revision: add it, or take it out of valueFiles"}
		case err != nil:
			return nil, fmt.Errorf("value file %s: %w", place, err)
		default:
			files = append(files, place)
		}
	}
	return files, nil
}

// locateAll finds where the value files and patterns point.
func locateAll(src Source) ([]string, error) {
	places := make([]string, 0, len(src.Helm.ValueFiles))
	for _, name := range src.Helm.ValueFiles {
		place, err := locate(src.Path, "value file", name)
		if err != nil {
			return nil, err
		}
		places = append(places, place)
	}
	return places, nil
}

// locate finds a file in the repository: relative to the chart, or with a leading slash to the root.
func locate(chart, what, name string) (string, error) {
	if err := nothingToFillIn(what+" "+name, name); err != nil {
		return "", err
	}
	if strings.Contains(name, "://") {
		return "", fmt.Errorf("%s %s is a URL: %ss are read from the repository only", what, name, what)
	}
	file := path.Join(chart, name)
	if strings.HasPrefix(name, "/") {
		// Not cleaned as an absolute path, which would quietly drop parts that lead out.
		file = path.Join(".", strings.TrimLeft(name, "/"))
	}
	if !fs.ValidPath(file) {
		return "", fmt.Errorf("%s %s leads out of the repository", what, name)
	}
	return file, nil
}

// depends notes a file or folder that the result depends on, be it that it isn't there.
func (t *tree) depends(name string) { t.outside = append(t.outside, name) }

// patternMarks make a pattern of a path.
const patternMarks = "*?["

// isPattern says whether a path is a pattern.
func isPattern(place string) bool { return strings.ContainsAny(place, patternMarks) }

// matching are the files that a pattern matches, in order. No link is followed.
func (t *tree) matching(pattern string) ([]string, error) {
	parts := strings.Split(pattern, "/")
	fixed := slices.IndexFunc(parts, isPattern)
	for _, part := range parts[fixed:] {
		if _, err := path.Match(part, ""); err != nil {
			return nil, errors.New("it is no pattern: write * ? [a-z] or ** for any number of folders")
		}
	}
	below := path.Join(".", path.Join(parts[:fixed]...))
	t.depends(below)
	switch info, err := t.check(below); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, nil
	}
	search := search{fsys: t.fsys, entries: maxFiles}
	err := search.walk(below, slices.CompactFunc(parts[fixed:], func(a, b string) bool { return a == anyFolders && b == anyFolders }))
	return search.found, err
}

// anyFolders is the part of a pattern that stands for any number of folders.
const anyFolders = "**"

// search looks for files by a pattern.
type search struct {
	fsys fs.FS
	// entries that may still be looked at.
	entries int
	found   []string
}

// walk looks for files below a folder by what is left of the pattern. What any number of folders stands for is first none of
// them, and then each in the order of their names.
func (s *search) walk(dir string, parts []string) error {
	entries, err := fs.ReadDir(s.fsys, dir)
	if err != nil {
		return reading(err, dir)
	}
	if s.entries -= 1 + len(entries); s.entries < 0 {
		return fmt.Errorf("more than %d files and folders are looked at: name the folder more closely", maxFiles)
	}
	wanted, below := parts[0], parts[1:]
	deep := wanted == anyFolders
	switch {
	case deep && len(below) > 0:
		if err := s.walk(dir, below); err != nil {
			return err
		}
	case len(below) == 0:
		s.take(dir, entries, wanted)
	}
	for _, entry := range entries {
		// The pattern was looked at before: it is one.
		matches, _ := path.Match(wanted, entry.Name())
		rest := below
		if deep {
			rest = parts
		}
		if !entry.IsDir() || !matches || len(rest) == 0 {
			continue
		}
		if err := s.walk(path.Join(dir, entry.Name()), rest); err != nil {
			return err
		}
	}
	return nil
}

// take takes the files of a folder that match the last part of the pattern.
func (s *search) take(dir string, entries []fs.DirEntry, wanted string) {
	for _, entry := range entries {
		name := path.Join(dir, entry.Name())
		if matches, _ := path.Match(wanted, entry.Name()); matches && !entry.IsDir() && !slices.Contains(s.found, name) {
			s.found = append(s.found, name)
		}
	}
}
