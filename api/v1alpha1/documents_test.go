package v1alpha1_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

var (
	example  = regexp.MustCompile("(?s)\n```yaml\n(.*?\n)```\n")
	boundary = regexp.MustCompile(`(?m)^---\n`)
	ours     = regexp.MustCompile(`(?m)^apiVersion: ` + regexp.QuoteMeta(v1alpha1.GroupVersion.String()) + `$`)
)

// TestDocumentedObjects has the API server judge each whole object of the documents, by its schema and its rules, and refuse
// fields that there aren't: what somebody copies from a page has to be accepted.
func TestDocumentedObjects(t *testing.T) {
	t.Parallel()

	pages := documents(t, "../..")
	judged := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range example.FindAllSubmatch(text, -1) {
			for _, manifest := range boundary.Split(string(block[1]), -1) {
				if !ours.MatchString(manifest) {
					continue
				}
				judged++
				if _, err := create(t, manifest); err != nil {
					t.Errorf("%s: %v\n%s", page, err, manifest)
				}
			}
		}
	}
	if judged == 0 {
		t.Errorf("no object stands in any of %d documents", len(pages))
	}
}

// documents are the pages of docs and of the folder above it, and the chart's.
func documents(t *testing.T, root string) []string {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"docs", "config"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && filepath.Ext(path) == ".md" {
				pages = append(pages, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return pages
}
