package controller

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/e2e/apiserver"
)

// TestCheckKinds goes with one API server through what a cluster may serve.
func TestCheckKinds(t *testing.T) {
	t.Parallel()
	admin, server := start(t)
	await(t, server, "the CRD applications.fairlead.dev is missing; the CRD configrepositories.fairlead.dev is missing; the CRD imagepolicies.fairlead.dev is missing"+remedy)

	install(t, admin, "fairlead.dev_applications.yaml", nil)
	install(t, admin, "fairlead.dev_imagepolicies.yaml", func(definition *unstructured.Unstructured) {
		remove(t, definition, "spec.properties.interval", "status.properties.targets.items.properties.held", "spec.properties.suspend")
	})
	await(t, server, "the CRD configrepositories.fairlead.dev is missing; the CRD imagepolicies.fairlead.dev is of another version than this program: "+
		"it lacks spec.interval, spec.suspend, status.targets[].held and 6 more"+remedy)

	install(t, admin, "fairlead.dev_configrepositories.yaml", func(definition *unstructured.Unstructured) {
		add(t, definition, "spec.properties.later", map[string]any{"type": "string"})
	})
	install(t, admin, "fairlead.dev_imagepolicies.yaml", nil)
	await(t, server, "") // what a newer version brings along does no harm
}

// remedy is how each message ends.
const remedy = ": run helm upgrade, or kubectl apply --server-side -f config/default/crds.yaml, with the version of this program"

// await waits until the answer is this; "" is that all is well.
func await(t *testing.T, server rest.Interface, want string) {
	t.Helper()
	got := ""
	err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		got = ""
		if err := checkKinds(ctx, server); err != nil {
			got = err.Error()
		}
		return got == want, nil
	})
	if err != nil {
		t.Fatalf("%v: -want, +got:\n%s", err, cmp.Diff(want, got))
	}
}

// install applies one of the definitions, after a change.
func install(t *testing.T, admin client.Client, file string, change func(*unstructured.Unstructured)) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../../config/crd", file))
	if err != nil {
		t.Fatal(err)
	}
	definition := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(text, &definition.Object); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(definition)
	}
	if err := admin.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(definition), client.FieldOwner("test"), client.ForceOwnership); err != nil {
		t.Fatal(err)
	}
}

// schemaOf are the fields of a definition's only version.
func schemaOf(t *testing.T, definition *unstructured.Unstructured) map[string]any {
	t.Helper()
	found, _, err := unstructured.NestedFieldNoCopy(definition.Object, "spec", "versions")
	versions, ok := found.([]any)
	if err != nil || !ok || len(versions) != 1 {
		t.Fatalf("the versions are %v (%v)", found, err)
	}
	version, _ := versions[0].(map[string]any)
	found, _, err = unstructured.NestedFieldNoCopy(version, "schema", "openAPIV3Schema", "properties")
	fields, ok := found.(map[string]any)
	if err != nil || !ok {
		t.Fatalf("the fields are %v (%v)", found, err)
	}
	return fields
}

func remove(t *testing.T, definition *unstructured.Unstructured, paths ...string) {
	t.Helper()
	for _, path := range paths {
		unstructured.RemoveNestedField(schemaOf(t, definition), strings.Split(path, ".")...)
	}
}

func add(t *testing.T, definition *unstructured.Unstructured, path string, value map[string]any) {
	t.Helper()
	if err := unstructured.SetNestedMap(schemaOf(t, definition), value, strings.Split(path, ".")...); err != nil {
		t.Fatal(err)
	}
}

// start starts a control plane without any of the kinds. The second result is a client of a user without a role.
func start(t *testing.T) (client.Client, rest.Interface) {
	t.Helper()
	config := apiserver.For(t, apiserver.Bare)
	admin, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	nobody := rest.CopyConfig(config)
	nobody.Impersonate = rest.ImpersonationConfig{UserName: "nobody", Groups: []string{"system:authenticated"}}
	server, err := discovery.NewDiscoveryClientForConfig(nobody)
	if err != nil {
		t.Fatal(err)
	}
	return admin, server.RESTClient()
}
