package gitwriter_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter"
)

// filesOf walks a snapshot and reads every file.
func filesOf(t testing.TB, s *gitwriter.Snapshot) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(s.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files = append(files, path)
		_, err = fs.ReadFile(s.FS(), path)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return files
}

func snapshotOf(t testing.TB, s *gitServer, m *gitwriter.Mirror) *gitwriter.Snapshot {
	t.Helper()
	snapshot, err := m.Snapshot(t.Context(), s.git("rev-parse", "main"))
	must(t, err)
	return snapshot
}

func TestFS(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	s.commit("more", map[string]string{
		"a/b/c.txt": "c\n", "a/b.txt": "between in Git's order\n", "a-b": "x", "a.b": "y", "empty/.keep": "\n", "ünï.txt": "ö\n",
	})
	snapshot := snapshotOf(t, s, m)
	if err := fstest.TestFS(snapshot.FS(), valuesFile, "README.md", "a/b/c.txt", "a/b.txt", "a-b", "a.b", "empty/.keep", "ünï.txt"); err != nil {
		t.Error(err)
	}
}

func TestPrefetchIsOneRequest(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	s.commit("more", map[string]string{
		"chart/Chart.yaml": "name: x\n", "chart/values.yaml": "a: 1\n", "chart/templates/a.yaml": "a\n", "chart/templates/b.yaml": "b\n",
		"chart/templates/same.yaml": "b\n", "elsewhere/big.txt": "not needed\n",
	})
	snapshot := snapshotOf(t, s, m)
	s.counted()
	must(t, snapshot.Prefetch(t.Context(), "chart"))
	sub, err := fs.Sub(snapshot.FS(), "chart")
	must(t, err)
	if err := fstest.TestFS(sub, "Chart.yaml", "templates/a.yaml"); err != nil {
		t.Error(err)
	}
	must(t, snapshot.Prefetch(t.Context(), "chart"))
	must(t, snapshot.Prefetch(t.Context(), "chart/values.yaml"))
	if diff := cmp.Diff([]string{kindFetch}, s.counted()); diff != "" {
		t.Errorf("requests: -want +got:\n%s", diff)
	}
	// Without it, a folder's files come together.
	again := snapshotOf(t, s, newMirror(s))
	s.counted()
	for _, name := range []string{"chart/Chart.yaml", "chart/values.yaml", "chart/templates/a.yaml", "chart/templates/same.yaml"} {
		if _, err := fs.ReadFile(again.FS(), name); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff([]string{kindFetch, kindFetch}, s.counted()); diff != "" {
		t.Errorf("requests: -want +got:\n%s", diff)
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	snapshot := snapshotOf(t, s, m)
	for path, object := range map[string]string{".": "main^{tree}", "apps": "main:apps", valuesFile: "main:" + valuesFile} {
		id, err := snapshot.ID(path)
		must(t, err)
		if diff := cmp.Diff(s.git("rev-parse", object), id); diff != "" {
			t.Errorf("%s: -want +got:\n%s", path, diff)
		}
	}
	if _, err := snapshot.ID("nothing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want not exist, got %v", err)
	}
	if snapshot.Revision() != s.git("rev-parse", "main") {
		t.Errorf("revision: %s", snapshot.Revision())
	}
}

func TestLinksAreNotFollowed(t *testing.T) {
	t.Parallel()
	s := newGitServer(t)
	work := s.clone()
	writeFile(t, work, "real/file.txt", "x\n")
	symlink(t, work, "link.txt", "real/file.txt")
	symlink(t, work, "passwd", "/no/such/place")
	symlink(t, work, "folder", "real")
	git(t, work, "add", "-A")
	git(t, work, "update-index", "--add", "--cacheinfo", "160000,"+strings.Repeat("1", 40)+",module")
	git(t, work, "commit", "-q", "-m", "start")
	git(t, work, "push", "-q", "origin", "HEAD:main")
	snapshot := snapshotOf(t, s, newMirror(s))

	open := map[string]string{
		"link.txt":        `open link.txt: "link.txt" is a symbolic link, which is never followed`,
		"passwd":          `open passwd: "passwd" is a symbolic link, which is never followed`,
		"folder":          `open folder: "folder" is a symbolic link, which is never followed`,
		"folder/file.txt": `open folder/file.txt: "folder" is a symbolic link, which is never followed`,
		"module":          `open module: "module" is a submodule, which is not read`,
		"module/x":        `open module/x: "module" is a submodule, which is not read`,
		"../x":            `open ../x: invalid argument`,
		"/etc/passwd":     `open /etc/passwd: invalid argument`,
		"real/none":       `open real/none: file does not exist`,
		"real/file.txt/x": `open real/file.txt/x: file does not exist`,
	}
	for path, want := range open {
		_, err := snapshot.FS().Open(path)
		if diff := cmp.Diff(want, errorText(err)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", path, diff)
		}
		if _, err := fs.ReadFile(snapshot.FS(), path); err == nil {
			t.Errorf("%s: could be read", path)
		}
	}
	entries, err := fs.ReadDir(snapshot.FS(), ".")
	must(t, err)
	var listed []string
	for _, e := range entries {
		listed = append(listed, e.Type().String()+" "+e.Name())
	}
	want := []string{"L--------- folder", "L--------- link.txt", "?--------- module", "L--------- passwd", "d--------- real"}
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("entries: -want +got:\n%s", diff)
	}
	to, err := fs.ReadLink(snapshot.FS(), "passwd")
	if err != nil || to != "/no/such/place" {
		t.Errorf("passwd: %q, %v", to, err)
	}
	info, err := fs.Lstat(snapshot.FS(), "passwd")
	if err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("passwd: %v, %v", info, err)
	}
}

func TestSnapshotOfRevisions(t *testing.T) {
	t.Parallel()
	s, m := seeded(t)
	first := s.git("rev-parse", "main")
	write(t, m, change(t, "www", "v1.0.36"))
	newest := s.commit("by hand", map[string]string{"new.txt": "x\n"})
	other := s.git("commit-tree", "-m", "elsewhere", "main^{tree}")
	// An old one, and one that the mirror hasn't seen yet.
	for revision, www := range map[string]string{first: "v1.0.35", newest: "v1.0.36"} {
		snapshot, err := m.Snapshot(t.Context(), revision)
		must(t, err)
		got, err := fs.ReadFile(snapshot.FS(), valuesFile)
		must(t, err)
		if diff := cmp.Diff(values(www, "v2.0.0", "v3.0.0"), string(got)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	for revision, want := range map[string]string{
		other:  "read a revision at HOST: commit " + other + ` isn't in the history of branch "main"`,
		"main": `read a revision at HOST: "main" is no commit id of 40 hexadecimal digits`,
	} {
		_, err := m.Snapshot(t.Context(), revision)
		if diff := cmp.Diff(want, strings.ReplaceAll(errorText(err), s.host(), "HOST")); diff != "" || reason(err) != gitwriter.ReasonRevisionMissing {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}
