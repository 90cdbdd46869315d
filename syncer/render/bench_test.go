package render_test

import (
	"fmt"
	"testing"
	"testing/fstest"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/syncer/render"
)

// tenTemplates is a chart of ten templates as they are written.
func tenTemplates() fstest.MapFS {
	files := map[string]string{
		"Chart.yaml":             chartFile,
		"values.yaml":            "tag: v1.0.35\nreplicas: 2\nlabels: {team: web}\n",
		"templates/_helpers.tpl": `{{- define "labels" -}}app: {{ .name }}{{ "\n" }}{{ toYaml .root.Values.labels }}{{- end }}`,
	}
	for i := range 10 {
		files[fmt.Sprintf("templates/service-%d.yaml", i)] = fmt.Sprintf(`
{{- $context := dict "name" "s-%d" "root" . }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: s-%d
  labels: {{- include "labels" $context | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: s-%d}}
  template:
    metadata:
      labels: {{- include "labels" $context | nindent 8 }}
    spec: {containers: [{name: main, image: "registry.example.com/s-%d:{{ .Values.tag }}"}]}
`, i, i, i, i)
	}
	return repository(files)
}

func BenchmarkRender(b *testing.B) {
	fsys := tenTemplates()
	source := render.Source{Path: ".", Namespace: "web", Helm: render.Helm{ReleaseName: "web"}}
	b.ReportAllocs()
	for b.Loop() {
		objects, err := render.Render(b.Context(), fsys, source, render.Capabilities{KubeVersion: kubeVersion})
		if err != nil || len(objects.Objects) != 10 {
			b.Fatalf("%d objects, %v", len(objects.Objects), err)
		}
	}
}

// BenchmarkHelm is what Helm's own library takes for the same objects, files already read: its loader, its engine, its
// order, and a parser of YAML.
func BenchmarkHelm(b *testing.B) {
	fsys := tenTemplates()
	var files []*archive.BufferedFile
	for name, file := range fsys {
		files = append(files, &archive.BufferedFile{Name: name, Data: file.Data})
	}
	b.ReportAllocs()
	for b.Loop() {
		loaded, err := loader.LoadFiles(files)
		if err != nil {
			b.Fatal(err)
		}
		if err := chartutil.ProcessDependencies(loaded, nil); err != nil {
			b.Fatal(err)
		}
		values, err := util.ToRenderValues(loaded, nil, common.ReleaseOptions{Name: "web", Namespace: "web"}, nil)
		if err != nil {
			b.Fatal(err)
		}
		made, err := engine.Render(loaded, values)
		if err != nil {
			b.Fatal(err)
		}
		_, manifests, err := releaseutil.SortManifests(made, nil, releaseutil.InstallOrder)
		if err != nil {
			b.Fatal(err)
		}
		for _, manifest := range manifests {
			var object map[string]any
			if err := yaml.Unmarshal([]byte(manifest.Content), &object); err != nil {
				b.Fatal(err)
			}
		}
	}
}
