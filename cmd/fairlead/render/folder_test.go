package render_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/cmd/fairlead/render"
)

func TestOpenFolderHidesWhatIsGits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"Chart.yaml": "name: web", ".git/HEAD": "ref: refs/heads/main", ".gitignore": "x", "vendored/.git": "gitdir: ../.git/modules/vendored", "vendored/a.yaml": "a: 1",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("Chart.yaml", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	files, done, err := render.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(files, "Chart.yaml", ".gitignore", "vendored/a.yaml", "link"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{".git", ".git/HEAD", "vendored/.git"} {
		if _, err := files.Open(name); !os.IsNotExist(err) {
			t.Errorf("open %s: %v", name, err)
		}
	}
	if err := done(); err != nil {
		t.Error(err)
	}
	_, _, err = render.OpenFolder(filepath.Join(dir, "none"))
	if diff := cmp.Diff(true, os.IsNotExist(err)); diff != "" {
		t.Errorf("a folder that isn't there: %v", err)
	}
}
