package render_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/fairlead/fairlead/syncer/render"
)

const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"

func TestKustomizeRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason  string
		files   map[string]string
		options render.Kustomize
		want    string
	}{
		"NotThere": {
			reason: "file, field and what is missing",
			files:  map[string]string{"app/kustomization.yaml": "resources: [../base, web.yaml]\n"},
			want:   "render app: app/kustomization.yaml: resources: base isn't there at this revision: correct the entry, or add the file",
		},
		"Outside": {
			reason: "nothing is above the repository",
			files:  map[string]string{"app/kustomization.yaml": "resources: [../../other]\n"},
			want:   "render app: app/kustomization.yaml: resources: ../../other: it leads out of the repository",
		},
		"Absolute": {
			reason: "a path of some machine",
			files:  map[string]string{"app/kustomization.yaml": "resources: [/repository/base]\n", "base/kustomization.yaml": "namePrefix: a-\n"},
			want:   "render app: app/kustomization.yaml: resources: /repository/base: it leads out of the repository",
		},
		"FileElsewhere": {
			reason: "files lie in or below the folder that names them, as `kustomize build` wants by default",
			files:  map[string]string{"app/kustomization.yaml": "configMapGenerator: [{name: a, files: [../b.txt]}]\n", "b.txt": "b"},
			want:   "render app: loading KV pairs: file sources: [../b.txt]: security; file 'b.txt' is not in or below 'app'",
		},
		"Link": {
			reason: "a link could lead anywhere",
			files:  map[string]string{"app/kustomization.yaml": "resources: [web.yaml]\n", "app/web.yaml": "-> ../../secret.yaml"},
			want:   "render app: app/web.yaml is a symbolic link: links are never followed, put the file itself there",
		},
		"LinkInBase": {
			reason: "nor to a folder",
			files:  map[string]string{"app/kustomization.yaml": "resources: [../base]\n", "base": "-> app"},
			want:   "render app: base is a symbolic link: links are never followed, put the file itself there",
		},
		"LinkAsPatch": {
			reason: "nor where kustomize itself finds it",
			files:  map[string]string{"app/kustomization.yaml": "resources: [web.yaml]\npatches: [{path: p.yaml}]\n", "app/web.yaml": deployment, "app/p.yaml": "-> web.yaml"},
			want:   "render app: app/p.yaml is a symbolic link: links are never followed, put the file itself there",
		},
		"TwoFiles": {
			reason: "one of the two would win by chance",
			files:  map[string]string{"app/kustomization.yaml": "namePrefix: a-\n", "app/Kustomization": "namePrefix: b-\n"},
			want:   "render app: app/kustomization.yaml and app/Kustomization are there, and a folder has one kustomization: remove one",
		},
		"NoKustomization": {
			reason: "a base that is a plain folder",
			files:  map[string]string{"app/kustomization.yaml": "resources: [../base]\n", "base/web.yaml": deployment},
			want:   "render app: base holds no kustomization.yaml: add it",
		},
		"UnknownField": {
			reason: "a misspelt field",
			files:  map[string]string{"app/kustomization.yaml": "resource: [web.yaml]\n"},
			want:   `render app: app/kustomization.yaml: invalid Kustomization: json: unknown field "resource"`,
		},
		"BrokenKustomization": {
			reason: "file and line",
			files:  map[string]string{"app/kustomization.yaml": "resources:\n- a: b: c\n"},
			want:   "render app: app/kustomization.yaml: invalid Kustomization: yaml: line 2: mapping values are not allowed in this context",
		},
		"BrokenResource": {
			reason: "file and line of what it names",
			files:  map[string]string{"app/kustomization.yaml": "resources: [web.yaml]\n", "app/web.yaml": "kind: A\na: b: c\n"},
			want: "render app: accumulating resources: accumulating resources from 'web.yaml': MalformedYAMLError: yaml: line 2: " +
				"mapping values are not allowed in this context in File: web.yaml",
		},
		"Cycle": {
			reason: "folders that name each other",
			files:  map[string]string{"app/kustomization.yaml": "resources: [../base]\n", "base/kustomization.yaml": "resources: [../app]\n"},
			want:   "render app: app is a base of itself: its kustomization names itself, or a base that does",
		},
		"CycleInOne": {
			reason: "an empty entry names the folder itself",
			files:  map[string]string{"app/kustomization.yaml": "resources: ['']\n"},
			want:   "render app: app is a base of itself: its kustomization names itself, or a base that does",
		},
		"Charts": {
			reason: "no helm is run",
			files:  map[string]string{"app/kustomization.yaml": "helmCharts: [{name: web, repo: 'https://charts.example.com'}]\n"},
			want: "render app: app/kustomization.yaml: helmCharts aren't rendered by kustomize: " +
				"make an Application of the chart, or commit what it renders to",
		},
		"ChartsByGenerator": {
			reason: "nor in its other form",
			files: map[string]string{
				"app/kustomization.yaml": "generators: [chart.yaml]\n",
				"app/chart.yaml":         "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: a}\nname: web\n",
			},
			want: "render app: app/chart.yaml: charts aren't rendered by kustomize: make an Application of the chart, or commit what it renders to",
		},
		"Function": {
			reason: "no program of a repository is run",
			files: map[string]string{
				"app/kustomization.yaml": "transformers: [f.yaml]\nresources: [web.yaml]\n", "app/web.yaml": deployment,
				"app/f.yaml": "apiVersion: example.com/v1\nkind: Run\nmetadata:\n  name: a\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ./run.sh}\n",
			},
			want: "render app: app/f.yaml: Run is none of kustomize's own transformers and generators: programs, containers and functions aren't run",
		},
		"PluginInline": {
			reason: "nor one that stands in the kustomization",
			files: map[string]string{
				"app/kustomization.yaml": "validators:\n- |-\n  apiVersion: example.com/v1\n  kind: Run\n  metadata: {name: a}\n",
			},
			want: "render app: app/kustomization.yaml: validators: Run is none of kustomize's own transformers and generators: " +
				"programs, containers and functions aren't run",
		},
		"PluginsMade": {
			reason: "transformers that are put together could be made to fetch",
			files: map[string]string{
				"app/kustomization.yaml": "transformers: [made]\nresources: [web.yaml]\n", "app/web.yaml": deployment,
				"app/made/kustomization.yaml": "resources: [t.yaml]\nnamePrefix: a-\n",
				"app/made/t.yaml":             "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: a}\nprefix: a-\n",
			},
			want: "render app: app/made/kustomization.yaml makes transformers or generators, and has more than resources: list their files where they are used",
		},
		"Aliases": {
			reason: "a few lines that would take all memory",
			files:  map[string]string{"app/kustomization.yaml": "resources: [web.yaml]\n", "app/web.yaml": laughs()},
			want:   "render app: app/web.yaml: its aliases stand for more than 1048576 values: write out what is needed",
		},
		"AliasesInPatch": {
			reason: "nor in a text",
			files: map[string]string{
				"app/kustomization.yaml": "resources: [web.yaml]\npatches:\n- patch: |\n    " + strings.ReplaceAll(laughs(), "\n", "\n    ") + "\n", "app/web.yaml": deployment,
			},
			want: "render app: app/kustomization.yaml: patch: its aliases stand for more than 1048576 values: write out what is needed",
		},
		"Bases": {
			reason: "a base that is used twice is built twice, and so its bases four times",
			files:  doubled(12),
			want:   "render app: a3/kustomization.yaml builds more than 1000 kustomizations: a base that is used twice counts twice",
		},
		"SchemaBroken": {
			reason: "a schema that is none",
			files: map[string]string{
				"app/kustomization.yaml": "resources: [web.yaml]\nopenapi: {path: s.yaml}\npatches: [{path: web.yaml}]\n", "app/web.yaml": deployment, "app/s.yaml": "a: b: c",
			},
			want: "render app: kustomize gives up: invalid schema file: yaml: mapping values are not allowed in this context",
		},
		"Fatal": {
			reason: "an object on which kustomize ends the process",
			files: map[string]string{
				"app/kustomization.yaml":  "resources: [../base]\nconfigMapGenerator: [{name: a, behavior: merge, literals: [b=c]}]\n",
				"base/kustomization.yaml": "resources: [a.yaml]\n", "base/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {'': b}\n",
			},
			want: "render app: kustomize gives up: wrong node kind: expected ScalarNode but got MappingNode: node contents: {}",
		},
		"LabelTaken": {
			reason:  "as `kustomize edit add label` has it",
			files:   map[string]string{"app/kustomization.yaml": "commonLabels: {a: b}\n"},
			options: render.Kustomize{CommonLabels: map[string]string{"a": "c"}},
			want:    "render app: source.kustomize.commonLabels: a is in the kustomization's file already: change it there, or leave it out",
		},
		"LabelTemplates": {
			reason:  "as `kustomize edit add label` has it",
			files:   map[string]string{"app/kustomization.yaml": "namePrefix: a-\n"},
			options: render.Kustomize{CommonLabels: map[string]string{"a": "c"}, LabelIncludeTemplates: true},
			want: "render app: source.kustomize.labelIncludeTemplates is for labels that stay out of selectors: " +
				"set labelWithoutSelector, too, or leave it out",
		},
		"Image": {
			reason:  "as `kustomize edit set image` has it",
			files:   map[string]string{"app/kustomization.yaml": "namePrefix: a-\n"},
			options: render.Kustomize{Images: []string{"registry.example.com/web"}},
			want: `render app: source.kustomize.images: "registry.example.com/web" says nothing new of an image: ` +
				"write it as name=newname, name:tag or name@digest",
		},
		"Replicas": {
			reason:  "a word is no number, and must not become none",
			files:   map[string]string{"app/kustomization.yaml": "namePrefix: a-\n"},
			options: render.Kustomize{Replicas: []render.Replica{{Name: "web", Count: intstr.FromString("two")}}},
			want:    `render app: source.kustomize.replicas: web has the count "two": write a whole number`,
		},
		"PatchOption": {
			reason:  "a misspelt option",
			files:   map[string]string{"app/kustomization.yaml": "namePrefix: a-\n"},
			options: render.Kustomize{Patches: []render.Patch{{Patch: "{}", Options: map[string]bool{"allowChange": true}}}},
			want:    `render app: source.kustomize.patches: there is no option "allowChange": use allowNameChange or allowKindChange`,
		},
		"ComponentNotThere": {
			reason:  "a pattern that matches nothing",
			files:   map[string]string{"app/kustomization.yaml": "namePrefix: a-\n"},
			options: render.Kustomize{Components: []string{"c*"}},
			want:    "render app: source.kustomize.components: c* matches nothing: correct it, or add the component",
		},
		"ComponentElsewhere": {
			reason:  "nor is anything fetched",
			files:   map[string]string{"app/kustomization.yaml": "namePrefix: a-\n"},
			options: render.Kustomize{Components: []string{"https://git.example.com/components"}},
			want: "render app: source.kustomize: components: https://git.example.com/components is outside of this repository, and nothing is fetched: " +
				"commit it to the repository, and name it there",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := render.Render(t.Context(), repository(tc.files), render.Source{Path: "app", Kustomize: tc.options}, render.Capabilities{})
			refused(t, tc.reason, tc.want, err)
		})
	}
}

// refused compares an error's text, and that only another source can help.
func refused(t *testing.T, reason, want string, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("\n%s\nno error", reason)
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("\n%s\n-want, +got:\n%s", reason, diff)
	}
	if failure := (*render.Error)(nil); !errors.As(err, &failure) {
		t.Errorf("only another source can help, and the error doesn't say so: %#v", err)
	}
}

// laughs is a document of a billion values.
func laughs() string {
	var document strings.Builder
	document.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nx0: &x0 a\n")
	for i := range 10 {
		fmt.Fprintf(&document, "x%d: &x%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*x%d, ", i), 10), ", "))
	}
	return document.String()
}

// doubled are kustomizations that each use two that use the next.
func doubled(levels int) map[string]string {
	files := map[string]string{"app/kustomization.yaml": "resources: [../a0, ../b0]\n"}
	for i := range levels {
		for _, side := range []string{"a", "b"} {
			files[fmt.Sprintf("%s%d/kustomization.yaml", side, i)] = fmt.Sprintf("namePrefix: %s-\nresources: [../a%d, ../b%d]\n", side, i+1, i+1)
		}
	}
	for _, side := range []string{"a", "b"} {
		files[fmt.Sprintf("%s%d/kustomization.yaml", side, levels)] = "resources: [web.yaml]\n"
		files[fmt.Sprintf("%s%d/web.yaml", side, levels)] = deployment
	}
	return files
}

// TestKustomizeFetchesNothing names a server that counts in every field that kustomize loads from, in every form.
func TestKustomizeFetchesNothing(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{})
	go func() {
		if connection, err := listener.Accept(); err == nil {
			_ = connection.Close()
			close(asked)
		}
	}()
	fields := map[string]string{
		"Resources":             "resources: ['%s']",
		"Bases":                 "bases: ['%s']",
		"Components":            "components: ['%s']",
		"CRDs":                  "crds: ['%s']",
		"Configurations":        "configurations: ['%s']",
		"Generators":            "generators: ['%s']",
		"Transformers":          "transformers: ['%s']",
		"Validators":            "validators: ['%s']",
		"OpenAPI":               "openapi: {path: '%s'}",
		"Patches":               "patches: [{path: '%s'}]",
		"PatchesStrategicMerge": "patchesStrategicMerge: ['%s']",
		"PatchesJSON6902":       "patchesJson6902: [{path: '%s', target: {kind: Deployment, name: web, version: v1}}]",
		"Replacements":          "replacements: [{path: '%s'}]",
		"Files":                 "configMapGenerator: [{name: a, files: ['%s']}]",
		"FilesByKey":            "configMapGenerator: [{name: a, files: ['a=%s']}]",
		"Env":                   "configMapGenerator: [{name: a, env: '%s'}]",
		"Envs":                  "secretGenerator: [{name: a, envs: ['%s']}]",
		"InlineGenerator":       "generators: ['{apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: a}, files: [\"a=%s\"]}']",
		"InlinePatch":           "transformers: ['{apiVersion: builtin, kind: PatchTransformer, metadata: {name: a}, path: \"%s\"}']",
		"InlinePatches":         "transformers: ['{apiVersion: builtin, kind: PatchStrategicMergeTransformer, metadata: {name: a}, paths: [\"%s\"]}']",
		"InlineReplacement":     "transformers: ['{apiVersion: builtin, kind: ReplacementTransformer, metadata: {name: a}, replacements: [{path: \"%s\"}]}']",
		"InlineValue":           "transformers: ['{apiVersion: builtin, kind: ValueAddTransformer, metadata: {name: a}, targetFilePath: \"%s\"}']",
		"OtherCase":             "transformers: ['{apiVersion: builtin, kind: PatchTransformer, metadata: {name: a}, PATH: \"%s\"}']",
		"FoldedCase":            "transformers: ['{apiVersion: builtin, kind: PatchStrategicMergeTransformer, metadata: {name: a}, pathſ: [\"%s\"]}']",
	}
	addresses := map[string]string{
		"HTTP": "http://%s/a.yaml", "Upper": "HTTP://%s/a.yaml", "Opaque": "http:%s/a.yaml", "Git": "http://%s/org/repo.git?ref=main", "Forced": "git::http://%s/a/b",
		"User": "git@%s:org/repo", "SSH": "ssh://git@%s/org/repo", "File": "file:///%s", "Host": "github.com/%s/b",
	}
	for field, format := range fields {
		for form, address := range addresses {
			address = fmt.Sprintf(address, listener.Addr())
			fsys := repository(map[string]string{"app/kustomization.yaml": "namePrefix: a-\n" + fmt.Sprintf(format, address) + "\n"})
			_, err := render.Render(t.Context(), fsys, render.Source{Path: "app"}, render.Capabilities{})
			if err == nil || !strings.Contains(err.Error(), " is outside of this repository, and nothing is fetched: ") {
				t.Errorf("%s, %s: got %v", field, form, err)
			}
		}
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-asked:
		t.Error("the server was asked")
	default:
	}
}
