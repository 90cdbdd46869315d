package render_test

import (
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/syncer/render"
)

const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"

func TestRenderDetects(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		files  map[string]string
		said   render.Type
		want   render.Type
	}{
		"Chart":         {reason: "it holds Chart.yaml", files: map[string]string{"app/Chart.yaml": chartFile, "app/values.yaml": ""}, want: render.TypeHelm},
		"Kustomization": {reason: "one of the three names", files: map[string]string{"app/kustomization.yaml": "namePrefix: a\n"}, want: render.TypeKustomize},
		"YML":           {reason: "one of the three names", files: map[string]string{"app/kustomization.yml": "namePrefix: a\n"}, want: render.TypeKustomize},
		"NoExtension":   {reason: "one of the three names", files: map[string]string{"app/Kustomization": "namePrefix: a\n"}, want: render.TypeKustomize},
		"Both": {
			reason: "as Argo CD has it",
			files:  map[string]string{"app/Chart.yaml": chartFile, "app/kustomization.yaml": "namePrefix: a\n"},
			want:   render.TypeKustomize,
		},
		"BothAndSaid": {
			reason: "what the source says wins",
			files:  map[string]string{"app/Chart.yaml": chartFile, "app/kustomization.yaml": "namePrefix: a\n"},
			said:   render.TypeHelm,
			want:   render.TypeHelm,
		},
		"Manifests": {reason: "neither", files: map[string]string{"app/a.yaml": configMap}, want: render.TypeDirectory},
		"Below": {
			reason: "what a folder below is doesn't count",
			files:  map[string]string{"app/a.yaml": configMap, "app/chart/Chart.yaml": chartFile},
			want:   render.TypeDirectory,
		},
		"FolderOfThatName": {
			reason: "a folder is no file",
			files:  map[string]string{"app/a.yaml": configMap, "app/Chart.yaml/b.txt": ""},
			want:   render.TypeDirectory,
		},
		"Nothing": {reason: "objects that are all gone are for the guards of pruning", files: map[string]string{"app/README.md": ""}, want: render.TypeDirectory},
		"DirectorySaid": {
			reason: "then a chart's files are read as they are",
			files:  map[string]string{"app/Chart.yaml": chartFile, "app/a.yaml": configMap},
			said:   render.TypeDirectory,
			want:   render.TypeDirectory,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := render.Source{Path: "app", Type: tc.said, Helm: render.Helm{ReleaseName: "web"}}
			rendered, err := render.Render(t.Context(), repository(tc.files), source, render.Capabilities{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, rendered.Type); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRenderDetectsMistakes(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		files  map[string]string
		said   render.Type
		want   string
	}{
		"NoSuchPath": {
			reason: "a path that isn't there",
			files:  map[string]string{"README.md": ""},
			want:   "render app: app isn't there at this revision: correct source.path, or add it",
		},
		"File": {
			reason: "a path that is a file",
			files:  map[string]string{"app": ""},
			want:   "render app: it is a file: a path names the folder of a Helm chart, of a kustomization or of manifests",
		},
		"NoChart": {
			reason: "what was found instead",
			files: map[string]string{
				"app/kustomization.yaml": "", "app/a/b": "", "app/c": "", "app/d": "", "app/e": "", "app/f": "", "app/g": "",
			},
			said: render.TypeHelm,
			want: "render app: source.helm says that it is a Helm chart, and it holds no Chart.yaml but a/, c, d, e, f, ...: " +
				"correct source.path, or leave out source.helm",
		},
		"NoKustomization": {
			reason: "what was found instead",
			files:  map[string]string{"app/Chart.yaml": chartFile},
			said:   render.TypeKustomize,
			want: "render app: source.kustomize says that it is a kustomization, and it holds no kustomization.yaml but Chart.yaml: " +
				"correct source.path, or leave out source.kustomize",
		},
		"OnlyBelow": {
			reason: "rendered to nothing, it would look as if all were well",
			files:  map[string]string{"app/README.md": "", "app/docs/a.md": "", "app/web/a.yaml": configMap},
			want: "render app: it holds no Chart.yaml, no kustomization.yaml and no manifest itself, and its folder web holds some: " +
				"correct source.path, or set source.directory.recurse",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := render.Render(t.Context(), repository(tc.files), render.Source{Path: "app", Type: tc.said}, render.Capabilities{})
			refused(t, tc.reason, tc.want, err)
		})
	}
}

// FuzzRenderDetects renders folders of any two files: an error or objects, and nothing else.
func FuzzRenderDetects(f *testing.F) {
	f.Add("Chart.yaml", chartFile, "kustomization.yaml", "resources: [a.yaml]")
	f.Add("kustomization.yml", "resources: [../app/b.json]\npatches: [{patch: '[]'}]", "b.json", `{"kind": "A"}`)
	f.Add("kustomization.yaml", "configMapGenerator: [{name: a, files: [a.yaml]}]", "a.yaml", configMap)
	f.Fuzz(func(t *testing.T, name, content, other, contentOfOther string) {
		if !fs.ValidPath("app/"+name) || !fs.ValidPath("app/"+other) {
			t.Skip("no file system has such a name")
		}
		files := map[string]string{"app/" + name: content, "app/" + other: contentOfOther}
		rendered, err := render.Render(t.Context(), repository(files), render.Source{Path: "app", Helm: render.Helm{ReleaseName: "a"}}, render.Capabilities{})
		if err == nil && rendered.Type == "" {
			t.Error("it is of no kind")
		}
	})
}
