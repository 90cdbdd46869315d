package history_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/history"
	"github.com/fairlead/fairlead/e2e/apiserver"
)

// newAPI starts a real API server that has the CRDs.
func newAPI(t *testing.T) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	api, err := client.New(apiserver.For(t, apiserver.WithKinds), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func TestResolve(t *testing.T) {
	t.Parallel()

	api := newAPI(t)
	if err := api.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "fairlead"}}); err != nil {
		t.Fatal(err)
	}
	policy := `{apiVersion: fairlead.dev/v1alpha1, kind: ImagePolicy, metadata: {name: %s, namespace: fairlead}, ` +
		`spec: {image: registry.example.com/www, select: {semver: {range: '*'}}, targets: [{applicationRef: {name: a}, tag: www.tag}]}}`
	application := `{apiVersion: fairlead.dev/v1alpha1, kind: Application, metadata: {name: %s, namespace: fairlead}, ` +
		`spec: {source: {repoURL: 'https://git.example.com/config.git', path: apps/webhooks}, destination: {namespace: webhooks}}}`
	for _, manifest := range []string{
		fmt.Sprintf(policy, "www"), fmt.Sprintf(application, "webhooks"), fmt.Sprintf(policy, "both"), fmt.Sprintf(application, "both"),
	} {
		object := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict([]byte(manifest), &object.Object); err != nil {
			t.Fatal(err)
		}
		if err := api.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	cases := map[string]struct{ reason, name, want, err string }{
		"Policy":      {reason: "a policy", name: "www", want: "imagepolicy/fairlead/www"},
		"Application": {reason: "an Application is the path that it is rendered from", name: "webhooks", want: "application/apps/webhooks"},
		"Both": {
			reason: "a name of both", name: "both",
			err: `find "both": fairlead/both is both an ImagePolicy and an Application: without -n, --kubeconfig and --context, ` +
				`ask for imagepolicy/fairlead/both or for application/apps/webhooks`,
		},
		"Neither": {
			reason: "a name of neither", name: "other",
			err: `find "other": there is neither an ImagePolicy nor an Application fairlead/other: the history may still know it: ` +
				`ask without -n, --kubeconfig and --context`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := history.Resolve(t.Context(), api, types.NamespacedName{Namespace: "fairlead", Name: tc.name})
			message := ""
			if err != nil {
				message = err.Error()
			}
			if diff := cmp.Diff([]string{tc.want, tc.err}, []string{got, message}); diff != "" {
				t.Errorf("%s: Resolve(%s): -want, +got:\n%s", tc.reason, tc.name, diff)
			}
		})
	}
}
