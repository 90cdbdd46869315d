package render_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fairlead/fairlead/syncer/render"
)

// named is a manifest of that name.
func named(name string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\n"
}

// names are those of objects.
func names(objects []*unstructured.Unstructured) []string {
	var names []string
	for _, object := range objects {
		names = append(names, object.GetName())
	}
	return names
}

func TestDirectoryReads(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason  string
		files   map[string]string
		options render.Directory
		want    []string
	}{
		"Order": {
			reason: "files by name, documents as they stand; only YAML and JSON",
			files: map[string]string{
				"app/b.yml": named("b"), "app/a.yaml": named("a2") + "---\n" + named("a1"), "app/c.json": `{"apiVersion": "v1", "kind": "A", "metadata": {"name": "c"}}`,
				"app/d.txt": named("d"), "app/e.yaml.bak": named("e"), "app/f/f.yaml": named("f"), "app/.hidden.yaml": named("hidden"),
			},
			want: []string{"hidden", "a2", "a1", "b", "c"},
		},
		"Recursive": {
			reason:  "folders in their places between files, as they are listed",
			files:   map[string]string{"app/b/b.yaml": named("b"), "app/a.yaml": named("a"), "app/c.yaml": named("c"), "app/b/d/d.yaml": named("d")},
			options: render.Directory{Recurse: true},
			want:    []string{"a", "b", "d", "c"},
		},
		"Include": {
			reason: "a star stands for slashes, too, as with Argo CD",
			files: map[string]string{
				"app/a.yaml": named("a"), "app/b/a.yaml": named("b"), "app/c.yml": named("c"), "app/d/e/f.yaml": named("f"),
			},
			options: render.Directory{Recurse: true, Include: "*.yaml"},
			want:    []string{"a", "b", "f"},
		},
		"IncludeSeveral": {
			reason:  "alternatives",
			files:   map[string]string{"app/a.yaml": named("a"), "app/b/a.yaml": named("b"), "app/c.yml": named("c"), "app/d.yaml": named("d")},
			options: render.Directory{Recurse: true, Include: "{a.yaml,b/**,[c-x].yml}"},
			want:    []string{"a", "b", "c"},
		},
		"Exclude": {
			reason: "wins over include",
			files: map[string]string{
				"app/config.json": `{"kind": "A", "apiVersion": "v1"}`, "app/deployment.yaml": named("a"), "app/env-use2/configmap.yaml": named("b"), "app/env-usw2/configmap.yaml": named("c"),
			},
			options: render.Directory{Recurse: true, Include: "*.yaml", Exclude: "{config.json,env-usw2/*}"},
			want:    []string{"a", "b"},
		},
		"ExcludedLink": {
			reason:  "a link that isn't looked at is nobody's business",
			files:   map[string]string{"app/a.yaml": named("a"), "app/b.yaml": "-> a.yaml", "app/c": "-> /etc"},
			options: render.Directory{Exclude: "b.yaml", Recurse: true},
			want:    []string{"a"},
		},
		"Documents": {
			reason: "empty ones, markers with content and without, comments, carriage returns, directives",
			files: map[string]string{
				"app/a.yaml": "\xEF\xBB\xBF# a comment\n---\n---\n# nothing\n--- # a\n" + named("a") + "...\n%YAML 1.1\n---\r\n" + strings.ReplaceAll(named("b"), "\n", "\r\n") +
					"---\nnull\n--- {apiVersion: v1, kind: A, metadata: {name: c}}\n---\napiVersion: v1\nkind: A\nmetadata: {name: d}\ndata:\n  a: |\n    x\n    ---\n    y\n---",
			},
			want: []string{"a", "b", "c", "d"},
		},
		"JSON": {
			reason: "values one after the other, also in YAML",
			files: map[string]string{
				"app/a.json": "{\"apiVersion\": \"v1\", \"kind\": \"A\", \"metadata\": {\"name\": \"a\"}}\nnull\n{\"apiVersion\": \"v1\", \"kind\": \"A\", \"metadata\": {\"name\": \"b\"}}",
				"app/b.yaml": "{\"apiVersion\": \"v1\", \"kind\": \"A\", \"metadata\": {\"name\": \"c\"}}\n{\"apiVersion\": \"v1\", \"kind\": \"A\", \"metadata\": {\"name\": \"d\"}}",
				"app/c.yaml": "{apiVersion: v1, kind: A, metadata: {name: e}}\n---\n{apiVersion: v1, kind: A, metadata: {name: f}}",
			},
			want: []string{"a", "b", "c", "d", "e", "f"},
		},
		"Lists": {
			reason: "lists, typed and not, are their items",
			files: map[string]string{
				"app/a.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A, metadata: {name: a}}\n- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: A, metadata: {name: b}}]}\n" +
					"---\napiVersion: v1\nkind: ConfigMapList\nmetadata: {}\nitems: [{metadata: {name: c}}]\n",
			},
			want: []string{"a", "b", "c"},
		},
		"GeneratedName": {
			reason: "hooks may leave their names to the cluster",
			files:  map[string]string{"app/a.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: a-}\n"},
			want:   []string{""},
		},
		"SomethingElse": {
			reason: "files that aren't meant for Kubernetes, as Argo CD has it: values, settings, charts, broken ones",
			files: map[string]string{
				"app/a.yaml": named("a"), "app/values.yaml": "kind: DaemonSet\nimage: {tag: v1}\n", "app/package.json": `{"name": "a"}`, "app/list.yaml": "- a\n- b\n",
				"app/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n", "app/broken.yaml": "a: b: c\n", "app/broken.json": "{", "app/text.yml": "just text\n",
			},
			options: render.Directory{Recurse: true},
			want:    []string{"a"},
		},
		"Skipped": {
			reason: "files that say so, in Argo CD's words and ours",
			files: map[string]string{
				"app/a.yaml": named("a"), "app/b.yaml": "# +argocd:skip-file-rendering\n" + named("b"), "app/c.yaml": named("c") + "# +fairlead:skip-file-rendering\n",
			},
			want: []string{"a"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := render.Source{Path: "app", Type: render.TypeDirectory, Directory: tc.options}
			rendered, err := render.Render(t.Context(), repository(tc.files), source, render.Capabilities{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, names(rendered.Objects)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff([]string{"app"}, rendered.Read); diff != "" {
				t.Errorf("what it depends on (-want, +got):\n%s", diff)
			}
		})
	}
}

func TestDirectoryFromTheRoot(t *testing.T) {
	t.Parallel()
	fsys := repository(map[string]string{"a.yaml": named("a"), "b/c.yaml": "apiVersion: v1\nkind: A\nmetadata: {name: c}\nwhole: 9007199254740993\nfloat: 1.50\nyes: on\n"})
	rendered, err := render.Render(t.Context(), fsys, render.Source{Path: ".", Directory: render.Directory{Recurse: true, Include: "b/*"}}, render.Capabilities{})
	if err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{{
		"apiVersion": "v1", "kind": "A", "metadata": map[string]any{"name": "c"}, "whole": int64(9007199254740993), "float": 1.5, "true": true,
	}}
	if diff := cmp.Diff(want, contents(rendered.Objects)); diff != "" {
		t.Errorf("values are read as kubectl and Helm read them (-want, +got):\n%s", diff)
	}
}

func TestDirectoryRefuses(t *testing.T) {
	t.Parallel()
	const hint = ": add it, leave the file out by source.directory.exclude, or mark it by a comment `# +fairlead:skip-file-rendering`"
	cases := map[string]struct {
		reason  string
		files   map[string]string
		options render.Directory
		want    string
	}{
		"Broken": {
			reason: "the line in the file, not in the document",
			files:  map[string]string{"app/a.yaml": named("a") + "---\n" + named("b") + "data:\n  a: b: c\n"},
			want:   "render app: YAML parse error on app/a.yaml: yaml: line 9: mapping values are not allowed in this context",
		},
		"BrokenJSON": {
			reason: "file and line",
			files:  map[string]string{"app/a.json": "{\"apiVersion\": \"v1\",\n \"kind\": \"A\",\n \"metadata\": }"},
			want:   "render app: app/a.json:3: JSON parse error: invalid character '}' looking for beginning of value",
		},
		"CutJSON": {
			reason: "file and line",
			files:  map[string]string{"app/a.json": "{\"apiVersion\": \"v1\",\n \"kind\": \"A\",\n"},
			want:   "render app: app/a.json:1: JSON parse error: unexpected EOF",
		},
		"NoKind": {
			reason: "file and line of the document that lacks it",
			files:  map[string]string{"app/a.yaml": named("a") + "---\n\n# a comment\napiVersion: v1\nmetadata: {name: b}\n"},
			want:   `render app: app/a.yaml:7 makes an object without a kind (apiVersion "v1", name "b")`,
		},
		"NoVersion": {
			reason: "a misspelt field must not make an object go away",
			files:  map[string]string{"app/a.yaml": "apiVerison: v1\nkind: ConfigMap\nmetadata: {name: b}\n"},
			want:   "render app: app/a.yaml:1: the ConfigMap has no apiVersion" + hint,
		},
		"NoMetadata": {
			reason: "a kustomization, say",
			files:  map[string]string{"app/a.yaml": named("a"), "app/b/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"},
			want:   "render app: app/b/kustomization.yaml:1: the Kustomization has no metadata" + hint,
		},
		"NoName": {
			reason: "the item of a list",
			files:  map[string]string{"app/a.yaml": "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: A, metadata: {}}]\n"},
			want:   "render app: app/a.yaml:1: the A has no metadata.name" + hint,
		},
		"NoObject": {
			reason: "a document that is none, beside one that is",
			files:  map[string]string{"app/a.yaml": named("a") + "---\n- a\n"},
			want:   "render app: app/a.yaml:5 is no object: each document must have apiVersion, kind and metadata.name",
		},
		"Array": {
			reason: "objects in an array would be left out silently",
			files:  map[string]string{"app/a.json": `[{"apiVersion": "v1", "kind": "A", "metadata": {"name": "a"}}]`},
			want:   "render app: app/a.json:1 is no object: each document must have apiVersion, kind and metadata.name",
		},
		"Template": {
			reason: "a template of Helm",
			files:  map[string]string{"app/a.yaml": named("a") + "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n"},
			want:   `render app: YAML parse error on app/a.yaml:5: yaml: invalid map key: map[interface {}]interface {}{".Release.Name":interface {}(nil)}`,
		},
		"Link": {
			reason: "a link could lead anywhere",
			files:  map[string]string{"app/a.yaml": "-> ../../secret.yaml"},
			want:   "render app: app/a.yaml is a symbolic link: links are never followed, put the file itself there or leave it out by source.directory.exclude",
		},
		"Exclude": {
			reason:  "a pattern that is none",
			files:   map[string]string{"app/a.yaml": named("a")},
			options: render.Directory{Exclude: "[a"},
			want:    `render app: source.directory.exclude: "[a" is no pattern: unexpected end of input`,
		},
		"LongPattern": {
			reason:  "patterns are bounded",
			files:   map[string]string{"app/a.yaml": named("a")},
			options: render.Directory{Exclude: strings.Repeat("a", 1025)},
			want:    "render app: source.directory.exclude has more than 1024 characters",
		},
		"ManyObjects": {
			reason: "more objects than anybody has",
			files:  map[string]string{"app/a.yaml": strings.Repeat("---\n"+named("a"), 10_001)},
			want:   "render app: the directory holds more than 10000 objects",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.options.Recurse = true
			_, err := render.Render(t.Context(), repository(tc.files), render.Source{Path: "app", Type: render.TypeDirectory, Directory: tc.options}, render.Capabilities{})
			refused(t, tc.reason, tc.want, err)
		})
	}
}

// FuzzDirectory reads files of any bytes: an error, or objects that an API server could be given.
func FuzzDirectory(f *testing.F) {
	f.Add("a.yaml", named("a")+"---\n- b\n", "*.yaml")
	f.Add("a.json", `{"apiVersion": "v1", "kind": "A", "metadata": {"name": "a"}} []`, "{a,b}*")
	f.Add("a.yml", "--- {apiVersion: v1, kind: List, items: [null, {kind: A}]}\n...\n%YAML 1.2\n---\n&a [*a]", "")
	f.Fuzz(func(t *testing.T, name, content, pattern string) {
		if !fs.ValidPath("app/" + name) {
			t.Skip("no file system has such a name")
		}
		source := render.Source{Path: "app", Type: render.TypeDirectory, Directory: render.Directory{Recurse: true, Include: pattern}}
		rendered, err := render.Render(t.Context(), repository(map[string]string{"app/" + name: content}), source, render.Capabilities{})
		if err != nil {
			return
		}
		for _, object := range rendered.Objects {
			if object.GetKind() == "" || object.GetAPIVersion() == "" || object.GetName() == "" && object.GetGenerateName() == "" {
				t.Errorf("not complete: %v", object.Object)
			}
		}
	})
}
