package fairlead_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	fence    = regexp.MustCompile("(?s)(?:^|\n)```.*?\n```")
	quoted   = regexp.MustCompile("`([^`\n]+)`")
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#+ (.*)$`)
	filePath = regexp.MustCompile(`^\.?[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_.*-]+)*/?$`)
)

// looksLikePath reports whether a quoted word speaks of a file or a folder of this repository: a path with a slash
// that doesn't begin with a host, a file name with one of the extensions used here, or one lower-case word.
func looksLikePath(word string) bool {
	if !filePath.MatchString(word) {
		return false
	}
	if first, _, slash := strings.Cut(word, "/"); slash {
		return !strings.Contains(strings.TrimPrefix(first, "."), ".")
	}
	extensions := []string{".md", ".go", ".mod", ".sum", ".yml", ".yaml"}
	return slices.Contains(extensions, path.Ext(word)) ||
		slices.Contains([]string{"Makefile", "Dockerfile", "LICENSE"}, word) ||
		strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

func TestArchitecturePaths(t *testing.T) {
	t.Parallel()

	text := read(t, "ARCHITECTURE.md")
	named := map[string]bool{}
	for _, match := range quoted.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		if !looksLikePath(match[1]) {
			continue
		}
		named[strings.TrimSuffix(match[1], "/")] = true
		if found, err := fs.Glob(os.DirFS("."), strings.TrimSuffix(match[1], "/")); err != nil || len(found) == 0 {
			t.Errorf("ARCHITECTURE.md names `%s`, which doesn't exist", match[1])
		}
	}
	for _, pkg := range listPackages(t).match("...") {
		if !named[relative(pkg)] {
			t.Errorf("ARCHITECTURE.md doesn't say what `%s` is for", relative(pkg))
		}
	}
}

func TestLooksLikePath(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		word string
		want bool
	}{
		"Package":    {word: "registry/selection", want: true},
		"Folder":     {word: "hack", want: true},
		"Digits":     {word: "e2e", want: true},
		"Hidden":     {word: ".ci/run", want: true},
		"Glob":       {word: "config/crd/fairlead.dev_*.yaml", want: true},
		"File":       {word: "Makefile", want: true},
		"Extension":  {word: ".golangci.yml", want: true},
		"Host":       {word: "registry.example.com/web-hook/www", want: false},
		"Group":      {word: "fairlead.dev/application", want: false},
		"Identifier": {word: "ImagePolicy", want: false},
		"Field":      {word: "status.latest", want: false},
		"Command":    {word: "make test", want: false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := looksLikePath(tc.word); got != tc.want {
				t.Errorf("looksLikePath(%q) = %t, want %t", tc.word, got, tc.want)
			}
		})
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()

	walk(t, func(document string, _ fs.DirEntry) {
		if path.Ext(document) != ".md" || strings.Contains(document, "testdata/") {
			return
		}
		for _, match := range link.FindAllStringSubmatch(fence.ReplaceAllString(read(t, document), ""), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			target, fragment, _ := strings.Cut(match[1], "#")
			file := document
			if target != "" {
				file = path.Join(path.Dir(document), target)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s links to %s, which doesn't exist", document, match[1])
			} else if fragment != "" && !slices.Contains(anchors(read(t, file)), fragment) {
				t.Errorf("%s links to %s, but %s has no such heading", document, match[1], file)
			}
		}
	})
}

// TestEveryPageIsReached: who begins at the index, and follows links, comes to every page.
func TestEveryPageIsReached(t *testing.T) {
	t.Parallel()

	reached := map[string]bool{}
	for next := []string{"docs/README.md"}; len(next) > 0; next = next[1:] {
		document := next[0]
		if reached[document] || path.Ext(document) != ".md" {
			continue
		}
		reached[document] = true
		for _, match := range link.FindAllStringSubmatch(fence.ReplaceAllString(read(t, document), ""), -1) {
			target, _, _ := strings.Cut(match[1], "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			next = append(next, path.Join(path.Dir(document), target))
		}
	}
	walk(t, func(document string, _ fs.DirEntry) {
		if path.Ext(document) == ".md" && strings.HasPrefix(document, "docs/") && !reached[document] {
			t.Errorf("no link leads from docs/README.md to %s", document)
		}
	})
}

// anchors are the fragments that a document's headings can be linked by, as Git hosts make them.
func anchors(text string) []string {
	headings := heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1)
	found := make([]string, 0, len(headings))
	for _, match := range headings {
		kept := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case strings.ContainsRune("`.,:;!?()[]{}'\"/&+*<>=→", r):
				return -1
			}
			return r
		}, strings.ToLower(match[1]))
		found = append(found, kept)
	}
	return found
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
