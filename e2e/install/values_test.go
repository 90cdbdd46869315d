package install_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	sigsyaml "sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write what is rendered into testdata/rendered, and the table of values into the chart's README.md")

// TestValues renders the chart with each of testdata/values, holds the result to testdata/rendered, and has a real API
// server judge it: every field known, every object valid, and the pods admitted where PodSecurity is `restricted`.
func TestValues(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/values/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no values: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			if out, err := helm(t, os.DevNull, "lint", "--strict", "--values", file, chart); err != nil {
				t.Errorf("helm lint: %v\n%s", err, out)
			}
			// The CustomResourceDefinitions are compared with their source in TestPlainManifests.
			got, err := template(t, "--values", file, "--set", "crds.install=false")
			if err != nil {
				t.Fatal(err)
			}
			onceEach(t, got)
			compare(t, filepath.Join("testdata/rendered", filepath.Base(file)), withoutOwnRights(got))
			judge(t, objects(t, got))
		})
	}
}

// withoutOwnRights leaves out what the controllers need for themselves: it changes with the code, and config/default has it.
func withoutOwnRights(rendered string) string {
	const mark = "---\n# Source: "
	var kept strings.Builder
	for document := range strings.SplitSeq(strings.TrimPrefix(rendered, mark), "\n"+mark) {
		source, _, _ := strings.Cut(document, "\n")
		if file := path.Base(source); file != "controller.yaml" && file != "leader-election.yaml" {
			kept.WriteString(mark + strings.TrimRight(document, "\n") + "\n")
		}
	}
	return kept.String()
}

// onceEach fails if a key is twice in a mapping, or a variable in a container: Helm takes the last, but what others do with
// it, a server-side apply for one, is to refuse it.
func onceEach(t *testing.T, rendered string) {
	t.Helper()
	for document := range strings.SplitSeq(rendered, "\n---\n") {
		var object struct {
			Spec struct {
				Template struct {
					Spec corev1.PodSpec `json:"spec"`
				} `json:"template"`
			} `json:"spec"`
		}
		if err := sigsyaml.UnmarshalStrict([]byte(document), &map[string]any{}); err != nil {
			t.Errorf("%v in\n%s", err, document)
		} else if !strings.Contains(document, "\nkind: Deployment\n") {
			continue
		} else if err := sigsyaml.Unmarshal([]byte(document), &object); err != nil {
			t.Errorf("%v in\n%s", err, document)
		}
		var names []string
		for _, container := range object.Spec.Template.Spec.Containers {
			for _, variable := range container.Env {
				names = append(names, container.Name+" "+variable.Name)
			}
		}
		slices.Sort(names)
		if once := slices.Compact(slices.Clone(names)); len(once) != len(names) {
			t.Errorf("variables that are there twice: %q", names)
		}
	}
}

// compare holds a text to a file, or writes it there.
func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run this test with -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: -want, +got, or run this test with -update:\n%s", file, diff)
	}
}

// judge has the API server check objects without keeping them.
func judge(t *testing.T, rendered []*unstructured.Unstructured) {
	t.Helper()
	s := running(t)
	strict := client.WithFieldValidation(s.Client, metav1.FieldValidationStrict)
	for _, name := range []string{"judged", "web", "shop"} {
		makeNamespace(t, s, name)
	}
	for _, object := range rendered {
		if object.GroupVersionKind().Group == "monitoring.coreos.com" {
			continue // no such kind in this cluster
		}
		if object.GetNamespace() == namespace || object.GetNamespace() == "" {
			object.SetNamespace("judged")
		}
		if object.GetKind() != "Pod" {
			if err := strict.Create(t.Context(), object.DeepCopy(), client.DryRunAll); err != nil && !apierrors.IsAlreadyExists(err) {
				t.Errorf("%s %s: %v", object.GetKind(), object.GetName(), err)
			}
		}
		if pod := podOf(t, object); pod != nil {
			// A controller makes the pods of a Deployment, and is told what the Deployment isn't: that PodSecurity refuses them.
			if err := strict.Create(t.Context(), pod, client.DryRunAll); err != nil {
				t.Errorf("a pod of %s %s: %v", object.GetKind(), object.GetName(), err)
			}
		}
	}
}

// TestPodSecurity makes sure that pods are judged at all: those of a chart whose values loosen them are refused.
func TestPodSecurity(t *testing.T) {
	t.Parallel()
	s := running(t)
	makeNamespace(t, s, "judged")
	rendered, err := template(t, "--show-only", "templates/deployment.yaml", "--set", "podSecurityContext=null", "--set", "securityContext.capabilities=null")
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	if err := s.Client.Create(t.Context(), podOf(t, objects(t, rendered)[0]), client.DryRunAll); err != nil {
		got = err.Error()
	}
	want := `pods "controller" is forbidden: violates PodSecurity "restricted:latest": ` +
		`unrestricted capabilities (container "controller" must set securityContext.capabilities.drop=["ALL"]), ` +
		`runAsNonRoot != true (pod or container "controller" must set securityContext.runAsNonRoot=true), ` +
		`seccompProfile (pod or container "controller" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

// podOf is a pod, as it is or as a Deployment would have it made; nil for other kinds.
func podOf(t *testing.T, object *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	pod := object.DeepCopy()
	switch object.GetKind() {
	case "Pod":
	case "Deployment":
		template, _, err := unstructured.NestedMap(object.Object, "spec", "template")
		if err != nil {
			t.Fatal(err)
		}
		pod.Object = template
		pod.SetAPIVersion("v1")
		pod.SetKind("Pod")
		pod.SetName("controller")
	default:
		return nil
	}
	pod.SetNamespace("judged")
	// The one that it names isn't kept.
	if err := unstructured.SetNestedField(pod.Object, "default", "spec", "serviceAccountName"); err != nil {
		t.Fatal(err)
	}
	return pod
}

// objects reads rendered manifests.
func objects(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewBufferString(text), 4096)
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if len(object.Object) > 0 {
			all = append(all, object)
		}
	}
}
