package render_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/syncer/render"
)

const chartFile = "apiVersion: v2\nname: web\nversion: 0.1.0\n"

// repository makes a file system of files. A content that begins with "-> " is a symbolic link.
func repository(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range files {
		if target, link := strings.CutPrefix(content, "-> "); link {
			fsys[name] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
			continue
		}
		fsys[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o644}
	}
	return fsys
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		files  map[string]string
		source render.Source
		want   string
	}{
		"Outside": {
			reason: "a path that leads out",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile},
			source: render.Source{Path: "apps/../../web"},
			want:   "render apps/../../web: it leads out of the repository",
		},
		"LinkedPath": {
			reason: "a path through a link",
			files:  map[string]string{"apps": "-> elsewhere", "elsewhere/web/Chart.yaml": chartFile},
			want:   "render apps/web: apps is a symbolic link: links are never followed, put the file itself there",
		},
		"LinkedChart": {
			reason: "Chart.yaml that is a link",
			files:  map[string]string{"apps/web/Chart.yaml": "-> ../../Chart.yaml", "Chart.yaml": chartFile},
			want: "render apps/web: apps/web/Chart.yaml is a symbolic link: links are never followed, put the file itself there or " +
				"leave it out by .helmignore",
		},
		"LinkedTemplate": {
			reason: "a template that is a link out of the repository",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "apps/web/templates/x.yaml": "-> ../../../../etc/passwd"},
			want: "render apps/web: apps/web/templates/x.yaml is a symbolic link: links are never followed, put the file itself there or " +
				"leave it out by .helmignore",
		},
		"LinkedDirectory": {
			reason: "a directory that is a link",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "apps/web/charts": "-> ../.."},
			want: "render apps/web: apps/web/charts is a symbolic link: links are never followed, put the file itself there or " +
				"leave it out by .helmignore",
		},
		"LinkedIgnore": {
			reason: "the list of what is ignored isn't read through a link either",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "apps/web/.helmignore": "-> ../x", "apps/x": "*"},
			want:   "render apps/web: apps/web/.helmignore is a symbolic link: links are never followed, put the file itself there",
		},
		"ValueFileMissing": {
			reason: "a value file that isn't there",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile},
			source: render.Source{Helm: render.Helm{ValueFiles: []string{"prod.yaml"}}},
			want:   "render apps/web: value file apps/web/prod.yaml isn't there at this revision: add it, or take it out of valueFiles",
		},
		"ValueFileOutside": {
			reason: "a value file out of the repository",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile},
			source: render.Source{Helm: render.Helm{ValueFiles: []string{"../../../etc/passwd"}}},
			want:   "render apps/web: value file ../../../etc/passwd leads out of the repository",
		},
		"ValueFileOutsideFromRoot": {
			reason: "the same, from the root",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile},
			source: render.Source{Helm: render.Helm{ValueFiles: []string{"/../etc/passwd"}}},
			want:   "render apps/web: value file /../etc/passwd leads out of the repository",
		},
		"ValueFileURL": {
			reason: "a value file that would be fetched",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile},
			source: render.Source{Helm: render.Helm{ValueFiles: []string{"http://metadata.example.com/values.yaml"}}},
			want:   "render apps/web: value file http://metadata.example.com/values.yaml is a URL: value files are read from the repository only",
		},
		"ValueFileLinked": {
			reason: "a value file that is a link",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "values/prod.yaml": "-> ../../secret.yaml"},
			source: render.Source{Helm: render.Helm{ValueFiles: []string{"/values/prod.yaml"}}},
			want: "render apps/web: value file values/prod.yaml: values/prod.yaml is a symbolic link: links are never followed, " +
				"put the file itself there",
		},
		"FileParameterOutside": {
			reason: "a file out of the repository as a value",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile},
			source: render.Source{Helm: render.Helm{FileParameters: []render.FileParameter{{Name: "token", Path: "../../../var/run/secrets/token"}}}},
			want:   "render apps/web: file parameter token: file ../../../var/run/secrets/token leads out of the repository",
		},
		"FileParameterOutsideInList": {
			reason: "the same, hidden in a list",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile},
			source: render.Source{Helm: render.Helm{FileParameters: []render.FileParameter{{Name: "token", Path: "{/../token}"}}}},
			want:   "render apps/web: file parameter token: file /../token leads out of the repository",
		},
		"FileParameterLinked": {
			reason: "a file that is a link",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "token": "-> ../token"},
			source: render.Source{Helm: render.Helm{FileParameters: []render.FileParameter{{Name: "token", Path: "/token"}}}},
			want:   "render apps/web: file parameter token: token is a symbolic link: links are never followed, put the file itself there",
		},
		"ValueFileBroken": {
			reason: "a value file that is no YAML",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "apps/web/prod.yaml": "a: b\nc: [d\n"},
			source: render.Source{Helm: render.Helm{ValueFiles: []string{"prod.yaml"}}},
			want: "render apps/web: value file apps/web/prod.yaml: cannot unmarshal yaml document: error converting YAML to JSON: yaml: line 2: " +
				"did not find expected ',' or ']'",
		},
		"ValuesBroken": {
			reason: "values that are no table",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile},
			source: render.Source{Helm: render.Helm{Values: "- a\n"}},
			want: "render apps/web: values: cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: json: " +
				"cannot unmarshal array into Go value of type map[string]interface {}",
		},
		"BuildVariable": {
			reason: "what Argo CD would fill in, rolled out as it stands",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile},
			source: render.Source{Helm: render.Helm{Parameters: []render.Parameter{{Name: "revision", Value: "r-${ARGOCD_APP_REVISION}"}}}},
			want:   "render apps/web: parameter revision: nothing is filled in for ${ARGOCD_APP_REVISION}: write what it stands for",
		},
		"BuildVariableInFile": {
			reason: "the same in the name of a file, even where it may be missing",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile},
			source: render.Source{Helm: render.Helm{ValueFiles: []string{"values-$ARGOCD_APP_NAME.yaml"}, IgnoreMissingValueFiles: true}},
			want: "render apps/web: value file values-$ARGOCD_APP_NAME.yaml: nothing is filled in for $ARGOCD_APP_NAME: " +
				"write what it stands for",
		},
		"BuildVariableInImage": {
			reason: "and in an image of a kustomization",
			files:  map[string]string{"apps/web/kustomization.yaml": "namePrefix: a-\n"},
			source: render.Source{Kustomize: render.Kustomize{Images: []string{"web:$ARGOCD_APP_REVISION_SHORT"}}},
			want: "render apps/web: source.kustomize.images: web:$ARGOCD_APP_REVISION_SHORT: nothing is filled in for $ARGOCD_APP_REVISION_SHORT: " +
				"write what it stands for",
		},
		"ParameterBroken": {
			reason: "a parameter whose path doesn't parse",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile},
			source: render.Source{Helm: render.Helm{Parameters: []render.Parameter{{Name: "a[x]", Value: "secret"}}}},
			want:   `render apps/web: parameter a[x]: error parsing index: strconv.Atoi: parsing "x": invalid syntax`,
		},
		"ChartBroken": {
			reason: "Chart.yaml that says nothing",
			files:  map[string]string{"apps/web/Chart.yaml": "apiVersion: v2\n"},
			want:   "render apps/web: load the chart: validation: chart.metadata.name is required",
		},
		"Dependency": {
			reason: "Helm's engine would render it without",
			files: map[string]string{
				"apps/web/Chart.yaml": chartFile + "dependencies:\n- {name: redis, version: 1.x, repository: 'https://charts.example.com'}\n",
			},
			want: "render apps/web: Chart.yaml names dependencies that its charts/ lacks: redis 1.x: run `helm dependency build` and commit charts/",
		},
		"DependencyBelow": {
			reason: "the same, of a subchart",
			files: map[string]string{
				"apps/web/Chart.yaml":              chartFile,
				"apps/web/charts/redis/Chart.yaml": "apiVersion: v2\nname: redis\nversion: 1.0.0\ndependencies:\n- {name: common, version: 1.x}\n",
			},
			want: "render apps/web: charts/redis/Chart.yaml names dependencies that its charts/ lacks: common 1.x: run `helm dependency build` and commit charts/",
		},
		"PackedAndUnpacked": {
			reason: "one of the two would win by chance",
			files: map[string]string{
				"apps/web/Chart.yaml":              chartFile,
				"apps/web/charts/redis/Chart.yaml": "apiVersion: v2\nname: redis\nversion: 1.0.0\n",
				"apps/web/charts/redis.tgz":        packed(map[string]string{"redis/Chart.yaml": "apiVersion: v2\nname: redis\nversion: 1.0.0\n"}),
			},
			want: "render apps/web: charts/redis.tgz and charts/redis are the same subchart, packed and unpacked: remove one",
		},
		"SameNames": {
			reason: "an archive that was left behind by helm dependency update",
			files: map[string]string{
				"apps/web/Chart.yaml":              chartFile + "dependencies:\n- {name: redis, version: 1.x}\n",
				"apps/web/charts/redis/Chart.yaml": "apiVersion: v2\nname: redis\nversion: 1.0.0\n",
				"apps/web/charts/redis-1.2.0.tgz":  packed(map[string]string{"redis/Chart.yaml": "apiVersion: v2\nname: redis\nversion: 1.2.0\n"}),
			},
			want: "render apps/web: charts/ holds redis 1.0.0, redis 1.2.0, which all are what Chart.yaml names: remove all but one",
		},
		"SameNamesBelow": {
			reason: "charts that no Chart.yaml names",
			files: map[string]string{
				"apps/web/Chart.yaml":                       chartFile,
				"apps/web/charts/redis/Chart.yaml":          "apiVersion: v2\nname: redis\nversion: 1.0.0\n",
				"apps/web/charts/redis/charts/a/Chart.yaml": "apiVersion: v2\nname: common\nversion: 1.0.0\n",
				"apps/web/charts/redis/charts/b/Chart.yaml": "apiVersion: v2\nname: common\nversion: 1.0.0\n",
			},
			want: "render apps/web: charts/redis/charts/ holds common 1.0.0, common 1.0.0, and nothing says which counts: remove all but one",
		},
		"DependencyOfOtherVersion": {
			reason: "Helm leaves out one that has another name here, where only the version is wrong",
			files: map[string]string{
				"apps/web/Chart.yaml":              chartFile + "dependencies:\n- {name: redis, version: 2.x, alias: cache}\n",
				"apps/web/charts/redis/Chart.yaml": "apiVersion: v2\nname: redis\nversion: 1.0.0\n",
			},
			want: "render apps/web: Chart.yaml names dependencies that its charts/ lacks: cache 2.x: run `helm dependency build` and commit charts/",
		},
		"ArchiveBroken": {
			reason: "an archive that is none",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "apps/web/charts/redis.tgz": "no archive at all"},
			want:   "render apps/web: unpack charts/redis.tgz: gzip: invalid header",
		},
		"Library": {
			reason: "a library renders nothing by itself",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile + "type: library\n"},
			want:   "render apps/web: it is a chart of type library, and only those of type application can be installed",
		},
		"KubeVersion": {
			reason: "a chart that the cluster is too old for",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile + "kubeVersion: '>=2.0.0'\n"},
			want:   "render apps/web: the chart requires Kubernetes >=2.0.0, and the cluster has v1.36.3",
		},
		"ReleaseName": {
			reason: "a name that Helm wouldn't take",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile},
			source: render.Source{Helm: render.Helm{ReleaseName: "Web"}},
			want: `render apps/web: release name "Web": invalid release name, must match regex ` +
				`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53`,
		},
		"TemplateBroken": {
			reason: "file and line of a template that doesn't parse",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "apps/web/templates/x.yaml": "a: 1\nb: {{ .Values.x\n"},
			want:   "render apps/web: parse error at (web/templates/x.yaml:3): unclosed action started at web/templates/x.yaml:2",
		},
		"Required": {
			reason: "the chart's own message, with file and line",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "apps/web/templates/x.yaml": "a: 1\nb: {{ required \"set host\" .Values.host }}\n"},
			want:   "render apps/web: execution error at (web/templates/x.yaml:2:6): set host",
		},
		"NilPointer": {
			reason: "Helm's message of several lines, on one",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "apps/web/templates/x.yaml": "a: {{ .Values.a.b.c }}\n"},
			want: `render apps/web: web/templates/x.yaml:1:13 executing "web/templates/x.yaml" at <.Values.a.b.c>: ` +
				`nil pointer evaluating interface {}.b`,
		},
		"OutputBroken": {
			reason: "a template that makes no YAML",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "apps/web/templates/x.yaml": "kind: A\na: b: c\n"},
			want: "render apps/web: YAML parse error on web/templates/x.yaml: yaml: line 2: " +
				"mapping values are not allowed in this context",
		},
		"OutputNoObject": {
			reason: "a definition that is a list",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "apps/web/crds/x.yaml": "- a\n"},
			want:   "render apps/web: web/crds/x.yaml makes a document that is no object: each must have apiVersion and kind",
		},
		"OutputNoKind": {
			reason: "an object that says nothing of its kind",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "apps/web/templates/x.yaml": "apiVersion: v1\nmetadata: {name: a}\n"},
			want:   `render apps/web: web/templates/x.yaml makes an object without a kind (apiVersion "v1", name "a")`,
		},
		"Schema": {
			reason: "what of the values doesn't fit",
			files: map[string]string{
				"apps/web/Chart.yaml": chartFile, "apps/web/values.yaml": "replicas: many\n",
				"apps/web/values.schema.json": `{"properties": {"replicas": {"type": "integer"}}}`,
			},
			want: "render apps/web: the values don't fit the schema: chart web: - at '/replicas': got string, want integer",
		},
		"SchemaOfSecrets": {
			reason: "a value isn't quoted: it may be a password, and the error is for everybody to read",
			files: map[string]string{
				"apps/web/Chart.yaml": chartFile, "apps/web/values.yaml": "auth: {password: hunter2, mail: hunter3}\n",
				"apps/web/values.schema.json": `{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"auth": {"anyOf": [` +
					`{"properties": {"password": {"pattern": "^.{12,}$"}}}, {"properties": {"mail": {"format": "email"}}}]}}}`,
			},
			want: "render apps/web: the values don't fit the schema: chart web: - at '/auth': 'anyOf' failed " +
				"- at '/auth/password': 'the value' does not match pattern '^.{12,}$' " +
				"- at '/auth/mail': 'the value' is not valid email: it isn't quoted, as it may be a secret",
		},
		"SchemaFromTheNetwork": {
			reason: "no schema is loaded by HTTP",
			files: map[string]string{
				"apps/web/Chart.yaml":         chartFile,
				"apps/web/values.schema.json": `{"$ref": "http://127.0.0.1:1/schema.json"}`,
			},
			want: "render apps/web: the values don't fit the schema: chart web: values.schema.json: failing loading \"http://127.0.0.1:1/schema.json\": " +
				"schemas are not loaded from elsewhere: put its definitions into values.schema.json",
		},
		"SchemaFromTheNetworkByID": {
			reason: "nor by an address that is made of two",
			files: map[string]string{
				"apps/web/Chart.yaml":         chartFile,
				"apps/web/values.schema.json": `{"$id": "https://schemas.example.com/a/", "properties": {"x": {"$ref": "b.json"}}}`,
			},
			want: "render apps/web: the values don't fit the schema: chart web: values.schema.json: failing loading \"https://schemas.example.com/a/b.json\": " +
				"schemas are not loaded from elsewhere: put its definitions into values.schema.json",
		},
		"SchemaFromTheDisk": {
			reason: "nor from a file of the machine",
			files: map[string]string{
				"apps/web/Chart.yaml":         chartFile,
				"apps/web/values.schema.json": `{"$ref": "file:///etc/passwd"}`,
			},
			want: "render apps/web: the values don't fit the schema: chart web: values.schema.json: failing loading \"file:///etc/passwd\": " +
				"schemas are not loaded from elsewhere: put its definitions into values.schema.json",
		},
		"LongList": {
			reason: "a list that would take all memory",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "apps/web/templates/x.yaml": "a: {{ until 2000000000 }}\n"},
			want: `render apps/web: template: web/templates/x.yaml:1:6: executing "web/templates/x.yaml" at <until 2000000000>: error calling until: ` +
				`the templates make lists or texts that are too long`,
		},
		"LongText": {
			reason: "a text that would take all memory",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "apps/web/templates/x.yaml": `a: {{ repeat 900000000 "0123456789" }}`},
			want: `render apps/web: template: web/templates/x.yaml:1:6: executing "web/templates/x.yaml" at <repeat 900000000 "0123456789">: ` +
				`error calling repeat: the templates make lists or texts that are too long`,
		},
		"LongIndent": {
			reason: "a line that would",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "apps/web/templates/x.yaml": `a: {{ "b" | nindent 3000000000 }}`},
			want: `render apps/web: template: web/templates/x.yaml:1:12: executing "web/templates/x.yaml" at <nindent 3000000000>: ` +
				`error calling nindent: the templates make lists or texts that are too long`,
		},
		"ManyIndents": {
			reason: "lines that are indented a little, but many, of a text that is made of nothing",
			files: map[string]string{
				"apps/web/Chart.yaml": chartFile, "apps/web/templates/x.yaml": `a: {{ repeat 1000000 "\n" | indent 100 }}`,
			},
			want: `render apps/web: template: web/templates/x.yaml:1:28: executing "web/templates/x.yaml" at <indent 100>: ` +
				`error calling indent: the templates make lists or texts that are too long`,
		},
		"LongRandomText": {
			reason: "a text that nobody can foretell",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "apps/web/templates/x.yaml": `a: {{ randAlphaNum 2000000000 }}`},
			want: `render apps/web: template: web/templates/x.yaml:1:6: executing "web/templates/x.yaml" at <randAlphaNum 2000000000>: ` +
				`error calling randAlphaNum: the templates make lists or texts that are too long`,
		},
		"LongRandomBytes": {
			reason: "and bytes",
			files:  map[string]string{"apps/web/Chart.yaml": chartFile, "apps/web/templates/x.yaml": `a: {{ randBytes 2000000000 }}`},
			want: `render apps/web: template: web/templates/x.yaml:1:6: executing "web/templates/x.yaml" at <randBytes 2000000000>: ` +
				`error calling randBytes: the templates make lists or texts that are too long`,
		},
		"ManyLists": {
			reason: "lists that are short, but many",
			files: map[string]string{
				"apps/web/Chart.yaml":       chartFile,
				"apps/web/templates/x.yaml": "{{ range until 100000 }}{{ $a := until 100000 }}{{ end }}",
			},
			want: `render apps/web: template: web/templates/x.yaml:1:33: executing "web/templates/x.yaml" at <until 100000>: error calling until: ` +
				`the templates make lists or texts that are too long`,
		},
		"ManyObjects": {
			reason: "more objects than any chart has",
			files: map[string]string{
				"apps/web/Chart.yaml":       chartFile,
				"apps/web/templates/x.yaml": "kind: List\nitems:\n{{ range until 10001 }}- {kind: A}\n{{ end }}",
			},
			want: "render apps/web: it makes more than 10000 objects",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.source.Path == "" {
				tc.source.Path = "apps/web"
			}
			if tc.source.Helm.ReleaseName == "" {
				tc.source.Helm.ReleaseName = "web"
			}
			_, err := render.Render(t.Context(), repository(tc.files), tc.source, render.Capabilities{KubeVersion: kubeVersion})
			if err == nil {
				t.Fatalf("\n%s\nno error", tc.reason)
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			failure := (*render.Error)(nil)
			if !errors.As(err, &failure) || !failure.Terminal() {
				t.Errorf("only another source can help, and the error doesn't say so: %#v", err)
			}
		})
	}
}

// packed is a chart archive.
func packed(files map[string]string) string {
	var archive bytes.Buffer
	zipped := gzip.NewWriter(&archive)
	tarred := tar.NewWriter(zipped)
	for name, content := range files {
		_ = tarred.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))})
		_, _ = tarred.Write([]byte(content))
	}
	_ = tarred.Close()
	_ = zipped.Close()
	return archive.String()
}

func TestRenderBoundsArchives(t *testing.T) {
	t.Parallel()
	big := packed(map[string]string{"big/Chart.yaml": "apiVersion: v2\nname: big\nversion: 1.0.0\n", "big/zeros": strings.Repeat("0", 40<<20)})
	files := map[string]string{
		"Chart.yaml":      chartFile,
		"charts/a.tgz":    big,
		"charts/b.tgz":    big,
		"charts/c/d.tgz":  "never looked at",
		"charts/_e.tgz":   "never looked at",
		"templates/f.tgz": "",
	}
	_, err := render.Render(t.Context(), repository(files), render.Source{Path: ".", Helm: render.Helm{ReleaseName: "web"}}, render.Capabilities{KubeVersion: kubeVersion})
	want := "render .: unpack charts/b.tgz: the files of the chart are larger than 64 MiB: leave out what it doesn't need, by .helmignore"
	if err == nil || err.Error() != want {
		t.Errorf("two small archives that unpack to 80 MiB\ngot:  %v\nwant: %s", err, want)
	}
}

// TestRenderFollowsNoLink holds it against a real disk, which does follow links.
func TestRenderFollowsNoLink(t *testing.T) {
	t.Parallel()
	outside, root := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "values.yaml"), []byte("secret: value\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "Chart.yaml"), []byte(chartFile), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(root, "charts")); err != nil {
		t.Fatal(err)
	}
	_, err := render.Render(t.Context(), os.DirFS(root), render.Source{Path: ".", Helm: render.Helm{ReleaseName: "web", ValueFiles: []string{"charts/values.yaml"}}}, render.Capabilities{})
	want := "render .: charts is a symbolic link: links are never followed, put the file itself there or leave it out by .helmignore"
	if err == nil || err.Error() != want {
		t.Errorf("got:  %v\nwant: %s", err, want)
	}
}

// unreadable is a file system whose files can't be read just now.
type unreadable struct {
	fstest.MapFS

	broken string
}

var errUnreachable = errors.New("the remote can't be reached")

func (u unreadable) Open(name string) (fs.File, error) {
	if name == u.broken {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errUnreachable}
	}
	return u.MapFS.Open(name)
}

func TestRenderPassesOnWhatIsNotItsFault(t *testing.T) {
	t.Parallel()
	files := repository(map[string]string{"web/Chart.yaml": chartFile, "web/values.yaml": "a: b"})
	source := render.Source{Path: "web", Helm: render.Helm{ReleaseName: "web"}}
	_, err := render.Render(t.Context(), unreadable{files, "web/values.yaml"}, source, render.Capabilities{})
	want := "render web: read web/values.yaml: open web/values.yaml: the remote can't be reached"
	if err == nil || err.Error() != want {
		t.Errorf("got:  %v\nwant: %s", err, want)
	}
	failure := (*render.Error)(nil)
	if errors.As(err, &failure) || !errors.Is(err, errUnreachable) {
		t.Errorf("it must be tried again, and the cause must be found: %#v", err)
	}

	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = render.Render(canceled, files, source, render.Capabilities{})
	if !errors.Is(err, context.Canceled) || errors.As(err, &failure) {
		t.Errorf("the caller has given up, and that is no fault of the source: %v", err)
	}
}

func TestRenderGivesUpOnTime(t *testing.T) {
	t.Parallel()
	files := repository(map[string]string{
		"Chart.yaml": chartFile,
		// Ends by itself, some seconds after it has been given up: each round of the inner loop pays.
		"templates/x.yaml": "{{ range until 3000 }}{{ range until 3000 }}{{ range $.Values.l }}{{ end }}{{ end }}{{ end }}",
		"values.yaml":      "l: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n",
	})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := render.Render(ctx, files, render.Source{Path: ".", Helm: render.Helm{ReleaseName: "web"}}, render.Capabilities{})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestRenderFlattensLists(t *testing.T) {
	t.Parallel()
	files := repository(map[string]string{
		"Chart.yaml": chartFile,
		"templates/x.yaml": `
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
- apiVersion: v1
  kind: List
  items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}, null]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleList
items: [{metadata: {name: c}}]
---
apiVersion: example.com/v1
kind: ShoppingList
metadata: {name: d}
spec: {items: [milk]}
`,
	})
	objects, err := render.Render(t.Context(), files, render.Source{Path: ".", Helm: render.Helm{ReleaseName: "web"}}, render.Capabilities{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"rbac.authorization.k8s.io/v1 Role c", "v1 ConfigMap a", "v1 ConfigMap b", "example.com/v1 ShoppingList d"}
	var got []string
	for _, object := range objects.Objects {
		got = append(got, object.GetAPIVersion()+" "+object.GetKind()+" "+object.GetName())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestRenderFromTheRoot(t *testing.T) {
	t.Parallel()
	files := repository(map[string]string{
		"common/values.yaml":        "where: root\n",
		"apps/web/Chart.yaml":       chartFile,
		"apps/shared.yaml":          "beside: shared\n",
		"apps/web/templates/x.yaml": "kind: A\nwhere: {{ .Values.where }}\nbeside: {{ .Values.beside }}\n",
	})
	source := render.Source{Path: "apps/web", Helm: render.Helm{ReleaseName: "web", ValueFiles: []string{"/common/values.yaml", "../shared.yaml"}}}
	objects, err := render.Render(t.Context(), files, source, render.Capabilities{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]map[string]any{{"kind": "A", "where": "root", "beside": "shared"}}, contents(objects.Objects)); diff != "" {
		t.Errorf("a value file outside of the chart, inside the repository (-want, +got):\n%s", diff)
	}
}
