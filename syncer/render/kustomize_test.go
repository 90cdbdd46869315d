package render_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/fairlead/fairlead/syncer/render"
)

// kustomizeBinary builds the real tool.
var kustomizeBinary = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("../../hack/tools", "kustomize").Output()
	return filepath.Join(strings.TrimSpace(string(out)), "kustomize"), err
})

// kustomize runs the real tool in dir.
func kustomize(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	binary, err := kustomizeBinary()
	if err != nil {
		t.Fatalf("build kustomize: %v", err)
	}
	var stderr strings.Builder
	command := exec.CommandContext(t.Context(), binary, args...)
	command.Dir, command.Stderr = dir, &stderr
	command.Env = []string{"HOME=" + t.TempDir(), "PATH=/nowhere"}
	out, err := command.Output()
	if err != nil {
		t.Fatalf("kustomize %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out
}

// example gives the files of an archive in testdata/kustomize, and a copy of them on the disk. The kustomization is in app.
func example(t *testing.T, name string) (fstest.MapFS, string) {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "kustomize", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	files, root := map[string]string{}, t.TempDir()
	for _, file := range archive.Files {
		files[file.Name] = string(file.Data)
		onDisk := filepath.Join(root, file.Name)
		if err := os.MkdirAll(filepath.Dir(onDisk), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(onDisk, file.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return repository(files), root
}

// same compares what is rendered to what the tool prints.
func same(t *testing.T, fsys fstest.MapFS, options render.Kustomize, printed []byte) {
	t.Helper()
	rendered, err := render.Render(t.Context(), fsys, render.Source{Path: "app", Kustomize: options}, render.Capabilities{})
	if err != nil {
		t.Fatal(err)
	}
	if rendered.Type != render.TypeKustomize {
		t.Errorf("it is taken for a %s", rendered.Type)
	}
	want := parse(t, printed)
	if len(want) == 0 {
		t.Fatal("the tool prints nothing")
	}
	if diff := cmp.Diff(want, contents(rendered.Objects)); diff != "" {
		t.Errorf("-`kustomize build`, +got:\n%s", diff)
	}
}

func TestKustomizeEqualsKustomizeBuild(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/kustomize/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no example: %v", err)
	}
	for _, archive := range archives {
		name := strings.TrimSuffix(filepath.Base(archive), ".txtar")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fsys, root := example(t, name)
			same(t, fsys, render.Kustomize{}, kustomize(t, root, "build", "app"))
		})
	}
}

// TestKustomizeOptionsEqualEdits holds options against the commands that Argo CD runs for them.
func TestKustomizeOptionsEqualEdits(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason  string
		example string
		options render.Kustomize
		edits   []string
	}{
		"Names": {
			reason:  "prefix, suffix and namespace replace those of the file, where an overlay would add to them",
			example: "overlay",
			options: render.Kustomize{NamePrefix: "us-", NameSuffix: "-green", Namespace: "store"},
			edits:   []string{"set nameprefix -- us-", "set namesuffix -- -green", "set namespace -- store"},
		},
		"Images": {
			reason:  "an image of the file is replaced, tag and digest with it; others are added",
			example: "overlay",
			options: render.Kustomize{Images: []string{
				"registry.example.com/web:v9", "registry.example.com/proxy=mirror.example.com/other:v3", "registry.example.com/none@sha256:abc",
			}},
			edits: []string{"set image registry.example.com/web:v9 registry.example.com/proxy=mirror.example.com/other:v3 registry.example.com/none@sha256:abc"},
		},
		"ImagesKept": {
			reason:  "a star keeps what the file has",
			example: "overlay",
			options: render.Kustomize{Images: []string{"registry.example.com/web=example.com/other:*", "registry.example.com/proxy=*:v7"}},
			edits:   []string{"set image registry.example.com/web=example.com/other:* registry.example.com/proxy=*:v7"},
		},
		"Replicas": {
			reason:  "a number of the file is replaced, and counts before the prefix",
			example: "overlay",
			options: render.Kustomize{Replicas: []render.Replica{{Name: "web", Count: intstr.FromInt32(9)}}},
			edits:   []string{"set replicas web=9"},
		},
		"ReplicasAdded": {
			reason:  "a file without any",
			example: "patches",
			options: render.Kustomize{Replicas: []render.Replica{{Name: "web", Count: intstr.FromString("0")}}},
			edits:   []string{"set replicas web=0"},
		},
		"Labels": {
			reason:  "labels that selectors have, too",
			example: "overlay",
			options: render.Kustomize{CommonLabels: map[string]string{"a": "b", "c": `"true"`}, CommonAnnotations: map[string]string{"d": "e:f"}},
			edits:   []string{`add label a:b c:"true"`, "add annotation d:e:f"},
		},
		"LabelsWithoutSelector": {
			reason:  "labels that selectors don't have join those of the file",
			example: "overlay",
			options: render.Kustomize{CommonLabels: map[string]string{"a": "b"}, LabelWithoutSelector: true},
			edits:   []string{"add label --without-selector a:b"},
		},
		"LabelsOfTemplates": {
			reason:  "and those on pods",
			example: "patches",
			options: render.Kustomize{CommonLabels: map[string]string{"a": "b", "c": "d"}, LabelWithoutSelector: true, LabelIncludeTemplates: true},
			edits:   []string{"add label --without-selector --include-templates a:b c:d"},
		},
		"Components": {
			reason:  "a component that isn't one of the file",
			example: "components",
			options: render.Kustomize{Components: []string{"../components/quiet", "../components/tls"}},
			edits:   []string{"add component ../components/quiet ../components/tls"},
		},
		"ComponentsByPattern": {
			reason:  "folders that match",
			example: "components",
			options: render.Kustomize{Components: []string{"../components/q*"}},
			edits:   []string{"add component ../components/q*"},
		},
		"All": {
			reason:  "older fields are kept beside new ones",
			example: "legacy",
			options: render.Kustomize{NamePrefix: "a-", Images: []string{"registry.example.com/web:v2"}, CommonAnnotations: map[string]string{"b": "c"}},
			edits:   []string{"set nameprefix -- a-", "set image registry.example.com/web:v2", "add annotation b:c"},
		},
		"Schema": {
			reason:  "every field of a file stays",
			example: "schema",
			options: render.Kustomize{NameSuffix: "-b"},
			edits:   []string{"set namesuffix -- -b"},
		},
		"Plugins": {
			reason:  "every field of a file stays",
			example: "plugins",
			options: render.Kustomize{NameSuffix: "-b"},
			edits:   []string{"set namesuffix -- -b"},
		},
		"Order": {
			reason:  "every field of a file stays",
			example: "order",
			options: render.Kustomize{NameSuffix: "-b"},
			edits:   []string{"set namesuffix -- -b"},
		},
		"Generators": {
			reason:  "every field of a file stays",
			example: "generators",
			options: render.Kustomize{NameSuffix: "-b"},
			edits:   []string{"set namesuffix -- -b"},
		},
		"Replacements": {
			reason:  "every field of a file stays",
			example: "replacements",
			options: render.Kustomize{NameSuffix: "-b"},
			edits:   []string{"set namesuffix -- -b"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fsys, root := example(t, tc.example)
			for _, edit := range tc.edits {
				kustomize(t, filepath.Join(root, "app"), append([]string{"edit"}, strings.Fields(edit)...)...)
			}
			same(t, fsys, tc.options, kustomize(t, root, "build", "app"))
		})
	}
}

// TestKustomizePatches holds patches against a file that Argo CD would write: `kustomize edit` can't add all of them.
func TestKustomizePatches(t *testing.T) {
	t.Parallel()
	fsys, root := example(t, "components")
	file := filepath.Join(root, "app", "kustomization.yaml")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	patches := `
patches:
- patch: '[{"op": "replace", "path": "/spec/replicas", "value": 5}]'
  target: {group: apps, version: v1, kind: Deployment, name: .*web, labelSelector: app=web}
- patch: '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "other"}}'
  target: {kind: Service, annotationSelector: "!a"}
  options: {allowNameChange: true}
- path: more.yaml
`
	more := "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: elsewhere, labels: {a: b}}\n"
	for name, content := range map[string]string{file: string(data) + patches, filepath.Join(root, "app", "more.yaml"): more} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fsys["app/more.yaml"] = &fstest.MapFile{Data: []byte(more), Mode: 0o644}
	same(t, fsys, render.Kustomize{Patches: []render.Patch{
		{
			Patch:  `[{"op": "replace", "path": "/spec/replicas", "value": 5}]`,
			Target: &render.Target{Group: "apps", Version: "v1", Kind: "Deployment", Name: ".*web", LabelSelector: "app=web"},
		},
		{
			Patch:   `{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "other"}}`,
			Target:  &render.Target{Kind: "Service", AnnotationSelector: "!a"},
			Options: map[string]bool{"allowNameChange": true},
		},
		{Path: "more.yaml"},
	}}, kustomize(t, root, "build", "app"))
}

func TestKustomizeTellsWhatItReads(t *testing.T) {
	t.Parallel()
	fsys, _ := example(t, "components")
	source := render.Source{Path: "app", Kustomize: render.Kustomize{Components: []string{"../components/q*"}}}
	rendered, err := render.Render(t.Context(), fsys, source, render.Capabilities{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"app", "base", "components", "components/debug", "components/quiet", "components/tls"}
	if diff := cmp.Diff(want, rendered.Read); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

// TestKustomizeAtOnce builds kustomizations with and without schemas of their own side by side: none may see another's.
func TestKustomizeAtOnce(t *testing.T) {
	t.Parallel()
	var running sync.WaitGroup
	for _, name := range []string{"schema", "patches", "overlay", "components"} {
		fsys, root := example(t, name)
		printed := kustomize(t, root, "build", "app")
		for range 5 {
			running.Go(func() { same(t, fsys, render.Kustomize{}, printed) })
		}
	}
	running.Wait()
}

func BenchmarkKustomize(b *testing.B) {
	files := map[string]string{"app/kustomization.yaml": "resources: [../base]\nnamePrefix: eu-\nimages: [{name: web, newTag: v2}]\n"}
	var base strings.Builder
	base.WriteString("resources:\n")
	for i := range 10 {
		fmt.Fprintf(&base, "- s-%d.yaml\n", i)
		files[fmt.Sprintf("base/s-%d.yaml", i)] = fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: s-%d}
spec:
  selector: {matchLabels: {app: s-%d}}
  template: {metadata: {labels: {app: s-%d}}, spec: {containers: [{name: main, image: "web:v1"}]}}
`, i, i, i)
	}
	files["base/kustomization.yaml"] = base.String()
	fsys := repository(files)
	b.ReportAllocs()
	for b.Loop() {
		rendered, err := render.Render(b.Context(), fsys, render.Source{Path: "app"}, render.Capabilities{})
		if err != nil || len(rendered.Objects) != 10 {
			b.Fatalf("%d objects, %v", len(rendered.Objects), err)
		}
	}
}
