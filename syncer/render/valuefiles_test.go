package render_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/syncer/render"
)

func TestValueFilePatterns(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"apps/web/Chart.yaml": chartFile,
		"apps/web/templates/c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {last: {{ .Values.last | quote }}, " +
			"all: \"{{ range $name, $_ := .Values.read }}{{ $name }} {{ end }}\"}\n",
	}
	for name, file := range map[string]string{
		"a": "apps/web/env/a.yaml", "b": "apps/web/env/b.yml", "z": "apps/web/env/z.yaml", "nested": "apps/web/env/inner/nested.yaml",
		"deep": "apps/web/env/inner/more/deep.yaml", "hidden": "apps/web/env/.hidden.yaml", "shared": "shared/all.yaml", "bracket": "shared/[x].yaml",
	} {
		files[file] = "last: " + name + "\nread: {" + name + ": true}\n"
	}
	cases := map[string]struct {
		reason        string
		valueFiles    []string
		ignoreMissing bool
		last, all     string
		err           string
		read          []string
	}{
		"Star":          {reason: "in the order of names, not below", valueFiles: []string{"env/*.yaml"}, last: "z", all: "a hidden z ", read: []string{"apps/web/env"}},
		"Question":      {reason: "one character", valueFiles: []string{"env/?.y*ml"}, last: "z", all: "a b z ", read: []string{"apps/web/env"}},
		"Class":         {reason: "one of several", valueFiles: []string{"env/[a-b].y*ml"}, last: "b", all: "a b ", read: []string{"apps/web/env"}},
		"Folders":       {reason: "a folder's own files before those of folders in it, whatever the names", valueFiles: []string{"env/**/*.yaml"}, last: "deep", all: "a deep hidden nested z ", read: []string{"apps/web/env"}},
		"FoldersAtEnd":  {reason: "all files below", valueFiles: []string{"env/inner/**"}, last: "deep", all: "deep nested ", read: []string{"apps/web/env/inner"}},
		"OneFolder":     {reason: "a star for a folder", valueFiles: []string{"*/*/nested.yaml"}, last: "nested", all: "nested ", read: []string{"apps/web"}},
		"Root":          {reason: "from the root of the repository", valueFiles: []string{"/shared/a*.yaml"}, last: "shared", all: "shared ", read: []string{"shared"}},
		"Outside":       {reason: "relative, outside of the chart", valueFiles: []string{"../../shared/a*"}, last: "shared", all: "shared ", read: []string{"shared"}},
		"Pinned":        {reason: "a file that is named stands where it is named", valueFiles: []string{"env/?.yaml", "env/a.yaml"}, last: "a", all: "a z ", read: []string{"apps/web/env", "apps/web/env/a.yaml"}},
		"FirstPattern":  {reason: "a file that two patterns match is read once", valueFiles: []string{"env/z.*", "env/?.yaml"}, last: "a", all: "a z ", read: []string{"apps/web/env", "apps/web/env"}},
		"Nothing":       {reason: "a pattern without files is a missing file", valueFiles: []string{"env/*.json"}, err: "render apps/web: value files apps/web/env/*.json: nothing matches at this revision: add one, or take it out of valueFiles"},
		"NoFolder":      {reason: "nor is its folder there", valueFiles: []string{"/none/*.yaml"}, err: "render apps/web: value files none/*.yaml: nothing matches at this revision: add one, or take it out of valueFiles"},
		"Ignored":       {reason: "missing files may be left out; they are inputs all the same", valueFiles: []string{"env/*.json", "/none/*.yaml", "none.yaml", "env/a.yaml"}, ignoreMissing: true, last: "a", all: "a ", read: []string{"apps/web/env", "none", "apps/web/none.yaml", "apps/web/env/a.yaml"}},
		"NoPattern":     {reason: "a bracket that isn't closed", valueFiles: []string{"env/[a.yaml"}, err: "render apps/web: value file apps/web/env/[a.yaml: it is no pattern: write * ? [a-z] or ** for any number of folders"},
		"LeadsOut":      {reason: "nothing outside of the repository", valueFiles: []string{"../../../*.yaml"}, err: "render apps/web: value file ../../../*.yaml leads out of the repository"},
		"MissingByName": {reason: "without leave a missing file is an error", valueFiles: []string{"none.yaml"}, err: "render apps/web: value file apps/web/none.yaml isn't there at this revision: add it, or take it out of valueFiles"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := render.Source{Path: "apps/web", Namespace: "web", Helm: render.Helm{ReleaseName: "web", ValueFiles: tc.valueFiles, IgnoreMissingValueFiles: tc.ignoreMissing}}
			made, err := render.Render(t.Context(), repository(files), source, render.Capabilities{})
			if err != nil {
				if diff := cmp.Diff(tc.err, err.Error()); diff != "" {
					t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
				}
				return
			}
			want := map[string]any{"last": tc.last, "all": tc.all}
			if diff := cmp.Diff(want, made.Objects[0].Object["data"]); diff != "" || tc.err != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(append([]string{"apps/web"}, tc.read...), made.Read); diff != "" {
				t.Errorf("\n%s\nwhat was read: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
