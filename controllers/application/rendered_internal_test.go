package application

import (
	"fmt"
	"io"
	"maps"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/syncer/render"
)

// configRepository is a Git repository behind a real Git server.
type configRepository struct {
	t      *testing.T
	dir    string
	mirror *gitwriter.Mirror
}

func newConfigRepository(t *testing.T) *configRepository {
	t.Helper()
	root := t.TempDir()
	r := &configRepository{t: t, dir: filepath.Join(root, "config.git")}
	execPath, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("git", "init", "-q", "-b", "main", r.dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	server := httptest.NewServer(&cgi.Handler{
		Path:   filepath.Join(strings.TrimSpace(string(execPath)), "git-http-backend"),
		Env:    []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "HOME=" + root},
		Stderr: io.Discard,
	})
	t.Cleanup(server.Close)
	r.mirror = gitwriter.NewMirror(gitwriter.Remote{URL: server.URL + "/config.git", Branch: "main", Insecure: true})
	return r
}

// commit writes files, and returns the snapshot of a commit with them. An empty file is removed.
func (r *configRepository) commit(files map[string]string) *gitwriter.Snapshot {
	r.t.Helper()
	for name, content := range files {
		file := filepath.Join(r.dir, name)
		err := os.MkdirAll(filepath.Dir(file), 0o700)
		if err == nil {
			err = os.WriteFile(file, []byte(content), 0o600)
		}
		if content == "" {
			err = os.Remove(file)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"add", "-A"}, {"-c", "user.name=Joe", "-c", "user.email=joe@example.com", "commit", "-q", "-m", "change"}} {
		if out, err := exec.Command("git", append([]string{"-C", r.dir}, args...)...).CombinedOutput(); err != nil {
			r.t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
	head, err := r.mirror.Refresh(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	snapshot, err := r.mirror.Snapshot(r.t.Context(), head.Revision)
	if err != nil {
		r.t.Fatal(err)
	}
	return snapshot
}

// TestRendersWhatChanged counts which of many Applications of one repository are rendered again.
func TestRendersWhatChanged(t *testing.T) {
	t.Parallel()
	const count = 500
	repository := newConfigRepository(t)
	files := map[string]string{
		"env/a.yaml":                    "env: a\n",
		"env/extra.txt":                 "text\n",
		"other/base/kustomization.yaml": "resources: [c.yaml]\n",
		"other/base/c.yaml":             "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
		"apps/k/kustomization.yaml":     "resources: [../../other/base]\n",
	}
	sources := map[string]render.Source{"k": {Path: "apps/k"}}
	for i := range count {
		name := fmt.Sprintf("a%d", i)
		files["apps/"+name+"/Chart.yaml"] = "apiVersion: v2\nname: web\nversion: 1.0.0\n"
		files["apps/"+name+"/values.yaml"] = "tag: v1\n"
		files["apps/"+name+"/templates/c.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {tag: {{ .Values.tag }}}\n"
		sources[name] = render.Source{Path: "apps/" + name, Helm: render.Helm{ReleaseName: name}}
	}
	globbing := sources["a1"]
	globbing.Helm.ValueFiles = []string{"/env/*.yaml"}
	sources["a1"] = globbing
	hoping := sources["a2"]
	hoping.Helm.ValueFiles, hoping.Helm.IgnoreMissingValueFiles = []string{"/later/values.yaml"}, true
	sources["a2"] = hoping
	reading := sources["a3"]
	reading.Helm.FileParameters = []render.FileParameter{{Name: "text", Path: "/env/extra.txt"}}
	sources["a3"] = reading

	known := map[string]rendered{}
	steps := []struct {
		reason string
		files  map[string]string
		want   []string
	}{
		{reason: "a commit to one of them", files: map[string]string{"apps/a7/values.yaml": "tag: v2\n"}, want: []string{"a7"}},
		{reason: "a commit to none", files: map[string]string{"README.md": "x"}},
		{reason: "a file that a pattern matches from now on", files: map[string]string{"env/b.yaml": "env: b\n"}, want: []string{"a1"}},
		{reason: "a value file that wasn't there", files: map[string]string{"later/values.yaml": "tag: v3\n"}, want: []string{"a2"}},
		{reason: "a file that a value is read from; it lies in a folder that a pattern looks through", files: map[string]string{"env/extra.txt": "changed\n"}, want: []string{"a1", "a3"}},
		{reason: "a base outside of the kustomization's folder", files: map[string]string{"other/base/c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\n"}, want: []string{"k"}},
		{reason: "a value file that is gone", files: map[string]string{"later/values.yaml": ""}, want: []string{"a2"}},
	}
	if first := renderAll(t, repository.commit(files), sources, known); len(first) != count+1 {
		t.Fatalf("%d of %d are rendered at first", len(first), count+1)
	}
	for _, step := range steps {
		if diff := cmp.Diff(step.want, renderAll(t, repository.commit(step.files), sources, known)); diff != "" {
			t.Errorf("\n%s\nrendered again: -want, +got:\n%s", step.reason, diff)
		}
	}
}

// renderAll renders sources at a snapshot as the controller does, and says which of them were rendered rather than known.
func renderAll(t *testing.T, snapshot *gitwriter.Snapshot, sources map[string]render.Source, known map[string]rendered) []string {
	t.Helper()
	var again []string
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		made, err := known[name].render(t.Context(), snapshot, sources[name], render.Capabilities{})
		if err != nil {
			t.Fatal(err)
		}
		// What is known is the very same objects; what is rendered are new ones.
		if before := known[name].objects; len(before) == 0 || before[0] != made.objects[0] {
			again = append(again, name)
		}
		known[name] = made
	}
	return again
}
