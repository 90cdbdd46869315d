package render_test

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/common"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/syncer/render"
)

const kubeVersion = "v1.36.3"

// helmBinary builds the real tool.
var helmBinary = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("../../hack/tools", "helm").Output()
	return filepath.Join(strings.TrimSpace(string(out)), "helm"), err
})

// helm runs the real tool in an environment of its own.
func helm(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	binary, err := helmBinary()
	if err != nil {
		t.Fatalf("build helm: %v", err)
	}
	home := t.TempDir()
	command := exec.CommandContext(t.Context(), binary, args...)
	command.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "HELM_CACHE_HOME=" + home, "HELM_CONFIG_HOME=" + home, "HELM_DATA_HOME=" + home}
	out, err := command.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return out, errors.New(string(exit.Stderr))
	}
	return out, err
}

// helmTemplate is what `helm template` prints of the same source.
func helmTemplate(t *testing.T, root string, source render.Source, apiVersions []string) (string, error) {
	t.Helper()
	args := []string{
		"template", source.Helm.ReleaseName, filepath.Join(root, source.Path),
		"--namespace", cmp.Or(source.Helm.Namespace, source.Namespace), "--kube-version", cmp.Or(source.Helm.KubeVersion, kubeVersion),
	}
	for flag, given := range map[string]bool{
		"--include-crds": !source.Helm.SkipCRDs, "--skip-tests": source.Helm.SkipTests, "--skip-schema-validation": source.Helm.SkipSchemaValidation,
	} {
		if given {
			args = append(args, flag)
		}
	}
	for _, version := range slices.Concat(apiVersions, source.Helm.APIVersions) {
		args = append(args, "--api-versions", version)
	}
	for _, file := range source.Helm.ValueFiles {
		args = append(args, "--values", filepath.Join(root, source.Path, file))
	}
	for _, inline := range []string{source.Helm.Values, string(source.Helm.ValuesObject)} {
		if inline == "" {
			continue
		}
		file := filepath.Join(t.TempDir(), "values.yaml")
		if err := os.WriteFile(file, []byte(inline), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--values", file)
	}
	for _, parameter := range source.Helm.Parameters {
		flag := "--set"
		if parameter.ForceString {
			flag = "--set-string"
		}
		args = append(args, flag, parameter.Name+"="+parameter.Value)
	}
	for _, parameter := range source.Helm.FileParameters {
		args = append(args, "--set-file", parameter.Name+"="+filepath.Join(root, source.Path, parameter.Path))
	}
	out, err := helm(t, args...)
	return string(out), err
}

// compare holds what was rendered against what helm prints: the text byte for byte, and the objects as kubectl would read it.
func compare(t *testing.T, want string, got render.Rendered, reason string) {
	t.Helper()
	var text strings.Builder
	if err := got.Text.Write(&text); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, text.String()); diff != "" {
		t.Errorf("\n%s\ntext: -helm template, +Render:\n%s", reason, diff)
	}
	if diff := gocmp.Diff(parse(t, []byte(want)), contents(got.Objects)); diff != "" {
		t.Errorf("\n%s\nobjects: -helm template, +Render:\n%s", reason, diff)
	}
}

// parse reads a YAML stream as kubectl does.
func parse(t *testing.T, stream []byte) []map[string]any {
	t.Helper()
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(stream)))
	var objects []map[string]any
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := yaml.YAMLToJSON(document)
		if err != nil {
			t.Fatal(err)
		}
		var object map[string]any
		if err := json.Unmarshal(data, &object); err != nil {
			t.Fatal(err)
		}
		if object != nil {
			objects = append(objects, object)
		}
	}
}

func contents(objects []*unstructured.Unstructured) []map[string]any {
	var all []map[string]any
	for _, object := range objects {
		all = append(all, object.Object)
	}
	return all
}

func TestRenderEqualsHelm(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason      string
		source      render.Source
		apiVersions []string
	}{
		"Webhooks": {
			reason: "several microservices of one chart: range, include, required, kinds in Helm's order, no notes",
			source: render.Source{Path: "webhooks"},
		},
		"ValuesInOrder": {
			reason: "value files override the chart, values the files, parameters the values",
			source: render.Source{Path: "webhooks", Helm: render.Helm{
				ValueFiles: []string{"values.yaml", "production.yaml"},
				Values:     "services: {www: {tag: v1.0.36, replicas: 7}, ws: null}\nhost: other.example.com",
				Parameters: []render.Parameter{
					{Name: "services.www.tag", Value: "1.20", ForceString: true},
					{Name: "services.api.replicas", Value: "4"},
					{Name: `services.api.env.a\.b`, Value: "true"},
				},
			}},
		},
		"ValuesObject": {
			reason: "values as an object, with numbers as YAML reads them",
			source: render.Source{Path: "features", Helm: render.Helm{ValuesObject: []byte(`{"numbers": [1000000, 0.1, 12345678901234567890], "count": 1, "name": "a---b"}`)}},
		},
		"Features":   {reason: "functions, files, several documents in one file, duplicate keys, unknown kinds", source: render.Source{Path: "features"}},
		"Subcharts":  {reason: "conditions, tags, aliases, globals, imported values, a library", source: render.Source{Path: "umbrella"}},
		"Disabled":   {reason: "a subchart that a value switches off", source: render.Source{Path: "umbrella", Helm: render.Helm{Values: "second: {enabled: false}\ncache: {enabled: false}"}}},
		"Lifecycle":  {reason: "definitions first and untemplated, hooks last, hooks that nobody knows left out", source: render.Source{Path: "lifecycle"}},
		"SkipTests":  {reason: "test hooks left out, other hooks kept", source: render.Source{Path: "lifecycle", Helm: render.Helm{SkipTests: true}}},
		"SkipCRDs":   {reason: "no definitions", source: render.Source{Path: "lifecycle", Helm: render.Helm{SkipCRDs: true}}},
		"SkipSchema": {reason: "values that don't fit a schema that isn't asked", source: render.Source{Path: "schema", Helm: render.Helm{Values: "replicas: 0", SkipSchemaValidation: true}}},
		"Namespace":  {reason: "a namespace for templates alone", source: render.Source{Path: "features", Helm: render.Helm{Namespace: "other"}}},
		"FileParameters": {
			reason: "values that are whole files, set last",
			source: render.Source{Path: "features", Helm: render.Helm{
				Parameters:     []render.Parameter{{Name: "name", Value: "by parameter"}},
				FileParameters: []render.FileParameter{{Name: "name", Path: "ignored/secret.txt"}},
			}},
		},
		"OwnCapabilities": {
			reason: "a version and kinds in place of the cluster's",
			source: render.Source{Path: "capabilities", Helm: render.Helm{KubeVersion: "v1.31.7", APIVersions: []string{"example.com/v1/Ship"}}},
		},
		"Schema":       {reason: "values that fit the schema", source: render.Source{Path: "schema"}},
		"Capabilities": {reason: "the cluster's version and kinds", source: render.Source{Path: "capabilities"}, apiVersions: []string{"example.com/v1/Ship"}},
		"Subchart":     {reason: "a chart that is another's subchart, too", source: render.Source{Path: "umbrella/charts/cache"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.source.Namespace, tc.source.Helm.ReleaseName = "web", "r1"
			want, err := helmTemplate(t, "testdata", tc.source, tc.apiVersions)
			if err != nil {
				t.Fatal(err)
			}
			if strings.TrimSpace(want) == "" {
				t.Fatal("helm template makes nothing: the case shows nothing")
			}
			got, err := render.Render(t.Context(), os.DirFS("testdata"), tc.source, capabilities(tc.apiVersions))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, want, got, tc.reason)
		})
	}
}

// capabilities are those that `helm template` has with these flags.
func capabilities(apiVersions []string) render.Capabilities {
	return render.Capabilities{KubeVersion: kubeVersion, APIVersions: slices.Concat(common.DefaultVersionSet, apiVersions)}
}

func TestRenderPackedSubcharts(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, "umbrella"), os.DirFS("testdata/umbrella")); err != nil {
		t.Fatal(err)
	}
	charts := filepath.Join(root, "umbrella", "charts")
	for _, name := range []string{"backend", "cache", "shared"} {
		if _, err := helm(t, "package", filepath.Join(charts, name), "--destination", charts); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(charts, name)); err != nil {
			t.Fatal(err)
		}
	}
	source := render.Source{Path: "umbrella", Namespace: "web", Helm: render.Helm{ReleaseName: "r1"}}
	want, err := helmTemplate(t, root, source, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := render.Render(t.Context(), os.DirFS(root), source, capabilities(nil))
	if err != nil {
		t.Fatal(err)
	}
	compare(t, want, got, "subcharts that are packed")
}

// TestRefusesWhatHelmRefuses holds both against sources that can't be rendered. Helm's words are its own.
func TestRefusesWhatHelmRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]render.Source{
		"required value missing":        {Path: "webhooks", Helm: render.Helm{ReleaseName: "r1", Values: "services: {www: {env: {a: {b: c}}}}\nhost: {}", Parameters: []render.Parameter{{Name: "services", Value: "x"}}}},
		"values that don't fit":         {Path: "schema", Helm: render.Helm{ReleaseName: "r1", Values: "replicas: 0"}},
		"no release name":               {Path: "schema", Helm: render.Helm{ReleaseName: "Not_A_Name"}},
		"a library can't be installed":  {Path: "umbrella/charts/shared", Helm: render.Helm{ReleaseName: "r1"}},
		"a value file that isn't there": {Path: "schema", Helm: render.Helm{ReleaseName: "r1", ValueFiles: []string{"none.yaml"}}},
	}
	for name, source := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := helmTemplate(t, "testdata", source, nil); err == nil {
				t.Error("helm template renders it")
			}
			if _, err := render.Render(t.Context(), os.DirFS("testdata"), source, capabilities(nil)); err == nil {
				t.Error("Render renders it")
			}
		})
	}
}
