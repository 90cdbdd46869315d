package install_test

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestPlainManifests builds config/default and holds it to the chart with its default values: but for the namespace and what
// is said about Helm, they are the same objects.
func TestPlainManifests(t *testing.T) {
	t.Parallel()
	rendered, err := template(t, "--skip-tests")
	if err != nil {
		t.Fatal(err)
	}
	want := byName(objects(t, rendered))
	for _, object := range want {
		withoutHelm(object)
	}
	got := byName(objects(t, kustomize(t, "../../config/default")))
	delete(got, "Namespace/fairlead")
	if differing := differing(want, got); len(differing) > 0 {
		t.Errorf("config/default and the chart differ: run make manifests: %q", differing)
	}
}

// TestOtherNamespace moves config/default to another namespace, as overlays do: nothing may go on to speak of the old one.
func TestOtherNamespace(t *testing.T) {
	t.Parallel()
	base, err := filepath.Abs("../../config/default")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	from, err := filepath.Rel(dir, base)
	if err != nil {
		t.Fatal(err)
	}
	overlay := "namespace: gitops\nresources: [" + from + "]\n"
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(overlay), 0o600); err != nil {
		t.Fatal(err)
	}
	left := regexp.MustCompile(`(?m)^.*namespace[:=] ?fairlead$`).FindAllString(kustomize(t, dir), -1)
	if len(left) > 0 {
		t.Errorf("these still speak of the old namespace: %q", left)
	}
}

// differing are the names of what isn't the same in both: whole CustomResourceDefinitions would be too long to read.
func differing(want, got map[string]*unstructured.Unstructured) []string {
	var names []string
	all := maps.Clone(want)
	maps.Copy(all, got)
	for name := range all {
		if !cmp.Equal(want[name], got[name]) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// withoutHelm takes away what only Helm reads.
func withoutHelm(object *unstructured.Unstructured) {
	fields := [][]string{
		{"metadata", "labels", "helm.sh/chart"},
		{"metadata", "labels", "app.kubernetes.io/managed-by"},
		{"spec", "template", "metadata", "labels", "helm.sh/chart"},
		{"spec", "template", "metadata", "labels", "app.kubernetes.io/managed-by"},
		{"metadata", "annotations", "helm.sh/resource-policy"},
	}
	for _, field := range fields {
		unstructured.RemoveNestedField(object.Object, field...)
	}
}

// TestCustomResourceDefinitions holds those of the chart to those that are generated from the types, and has them kept when
// the release goes, unless that isn't wanted.
func TestCustomResourceDefinitions(t *testing.T) {
	t.Parallel()
	source := map[string]*unstructured.Unstructured{}
	files, err := filepath.Glob("../../config/crd/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no CustomResourceDefinitions: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(source, byName(objects(t, string(data))))
	}
	cases := map[string]struct {
		reason string
		set    string
		want   bool
		policy string
	}{
		"Default": {reason: "uninstalling must lose no object of a user", set: "crds.keep=true", want: true, policy: "keep"},
		"NotKept": {reason: "who says so gets a clean cluster", set: "crds.keep=false", want: true},
		"Without": {reason: "somebody else installs them", set: "crds.install=false"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rendered, err := template(t, "--set", tc.set)
			if err != nil {
				t.Fatal(err)
			}
			want, got := map[string]*unstructured.Unstructured{}, map[string]*unstructured.Unstructured{}
			for name, object := range byName(objects(t, rendered)) {
				if object.GetKind() != "CustomResourceDefinition" {
					continue
				}
				got[name] = specOf(object)
				if policy := object.GetAnnotations()["helm.sh/resource-policy"]; policy != tc.policy {
					t.Errorf("%s: %s has the policy %q, want %q", tc.reason, name, policy, tc.policy)
				}
			}
			for name, object := range source {
				if tc.want {
					want[name] = specOf(object)
				}
			}
			if differing := differing(want, got); len(differing) > 0 {
				t.Errorf("%s: config/crd and the chart differ: run make manifests: %q", tc.reason, differing)
			}
		})
	}
}

func specOf(object *unstructured.Unstructured) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"spec": object.Object["spec"]}}
}

// kustomize builds a kustomization with the kustomize that the project pins.
func kustomize(t *testing.T, dir string) string {
	t.Helper()
	folder, err := exec.CommandContext(t.Context(), "../../hack/tools", "kustomize").Output()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(strings.TrimSpace(string(folder)), "kustomize"), "build", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("kustomize build %s: %v\n%s", dir, err, out)
	}
	return string(out)
}

func byName(all []*unstructured.Unstructured) map[string]*unstructured.Unstructured {
	named := map[string]*unstructured.Unstructured{}
	for _, object := range all {
		named[object.GetKind()+"/"+object.GetName()] = object
	}
	return named
}

// applyPlain applies config/default as a user does, on top of CustomResourceDefinitions that an uninstallation has left, and
// waits until its pods run.
func (i *installation) applyPlain(ctx context.Context) {
	i.Helper()
	commands := [][]string{
		{"apply", "--server-side", "--force-conflicts", "--kustomize", "../../config/default"},
		{"rollout", "status", "deployment/" + release, "--namespace", namespace, "--timeout", patience.String()},
	}
	for _, args := range commands {
		if out, err := i.stack.KubectlIn(ctx, ".", args...); err != nil {
			i.Fatalf("%v\n%s", err, out)
		}
	}
}

// deletePlain takes away what applyPlain made, but for the CustomResourceDefinitions and the namespace.
func (i *installation) deletePlain(ctx context.Context) {
	i.Helper()
	files := []string{"--filename", "../../config/default/controller.yaml", "--filename", "../../config/default/rbac.yaml"}
	if _, err := i.stack.KubectlIn(ctx, ".", append([]string{"delete"}, files...)...); err != nil {
		i.Fatal(err)
	}
}
