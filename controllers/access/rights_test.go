package access_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// shipped is what an installation holds beside the pods.
const shipped = "../../config/default"

// needed is what the controller may do everywhere, and for what. `verb group/resource`.
var needed = map[string]string{
	"get fairlead.dev/applications":         "read one anew before its status is patched",
	"list fairlead.dev/applications":        "keep all in a cache",
	"watch fairlead.dev/applications":       "keep the cache",
	"patch fairlead.dev/applications":       "take up spec's operation, and take the finalizer off",
	"get fairlead.dev/configrepositories":   "read one anew before its status is patched",
	"list fairlead.dev/configrepositories":  "keep all in a cache",
	"watch fairlead.dev/configrepositories": "keep the cache",
	"get fairlead.dev/imagepolicies":        "read one anew before its status is patched",
	"list fairlead.dev/imagepolicies":       "keep all in a cache",
	"watch fairlead.dev/imagepolicies":      "keep the cache",

	"patch fairlead.dev/applications/status":       "say what came of it",
	"patch fairlead.dev/configrepositories/status": "say what came of it",
	"patch fairlead.dev/imagepolicies/status":      "say what came of it",

	"get /namespaces":              "see that the namespace of an Application is going",
	"get /secrets":                 "read the Secrets that objects name, each when it is needed",
	"get /serviceaccounts":         "read the imagePullSecrets of the ServiceAccount that an ImagePolicy names",
	"impersonate /serviceaccounts": "apply with the rights of the ServiceAccount of an Application",

	"create events.k8s.io/events": "tell",
	"patch events.k8s.io/events":  "tell that it happened again",
}

// TestRightsAreNeeded holds the shipped role to the table above: a right that is added needs a reason there.
func TestRightsAreNeeded(t *testing.T) {
	t.Parallel()
	role := &rbacv1.ClusterRole{}
	for _, obj := range shippedRights(t) {
		if obj.GetKind() == "ClusterRole" && obj.GetName() == "fairlead-controller" {
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, role); err != nil {
				t.Fatal(err)
			}
		}
	}
	var got []string
	for _, rule := range role.Rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					got = append(got, fmt.Sprintf("%s %s/%s", verb, group, resource))
				}
			}
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(needed)), got); diff != "" {
		t.Errorf("-needed, +granted:\n%s", diff)
	}
}

// controller is whom the roles of the controller are bound to.
const controller = "system:serviceaccount:fairlead:fairlead"

// TestRights asks a real API server what the controller's ServiceAccount may do for itself, without the role by which it
// deploys for administrators: that one is theirs to narrow.
func TestRights(t *testing.T) {
	t.Parallel()
	for _, obj := range shippedRights(t) {
		if slices.Contains([]string{"fairlead-sync", "fairlead-viewer", "fairlead-editor"}, obj.GetName()) {
			continue
		}
		if err := api.Create(t.Context(), obj); err != nil {
			t.Fatalf("%s %s: %v", obj.GetKind(), obj.GetName(), err)
		}
	}
	type claim struct {
		reason    string
		namespace string

		allowed bool
	}
	claims := map[string]claim{
		"get coordination.k8s.io/leases":    {reason: "one of several replicas leads", namespace: "fairlead", allowed: true},
		"create coordination.k8s.io/leases": {reason: "one of several replicas leads", namespace: "fairlead", allowed: true},
		"update coordination.k8s.io/leases": {reason: "one of several replicas leads", namespace: "fairlead", allowed: true},
		"delete coordination.k8s.io/leases": {reason: "a lease is given back by an update", namespace: "fairlead"},
		"watch coordination.k8s.io/leases":  {reason: "a lease is looked at now and then", namespace: "fairlead"},

		"list /secrets":   {reason: "who can't list them must know the name of each", namespace: "default"},
		"watch /secrets":  {reason: "no Secret is kept in a cache", namespace: "default"},
		"create /secrets": {reason: "a Secret of type service-account-token would be a key to its ServiceAccount", namespace: "default"},
		"patch /secrets":  {reason: "Secrets are people's", namespace: "default"},

		"list /serviceaccounts":                        {reason: "each is named by an object", namespace: "default"},
		"create /serviceaccounts/token":                {reason: "impersonating needs no token, and a token would outlive it", namespace: "default"},
		"impersonate /users":                           {reason: "nobody but ServiceAccounts is impersonated"},
		"impersonate /groups":                          {reason: "system:masters may do everything"},
		"impersonate authentication.k8s.io/userextras": {reason: "nothing decides by them here"},

		"escalate rbac.authorization.k8s.io/clusterroles": {reason: "roles that it applies hold what it holds, at most"},
		"bind rbac.authorization.k8s.io/clusterroles":     {reason: "bindings that it applies grant what it holds, at most"},
		"escalate rbac.authorization.k8s.io/roles":        {reason: "roles that it applies hold what it holds, at most", namespace: "default"},
		"create rbac.authorization.k8s.io/rolebindings":   {reason: "it grants nothing by itself", namespace: "default"},

		"get /pods":              {reason: "pods are asked with the rights of the Application", namespace: "default"},
		"list /pods":             {reason: "pods are asked with the rights of the Application", namespace: "default"},
		"get /pods/log":          {reason: "logs are read with the rights of the Application", namespace: "default"},
		"list /events":           {reason: "events are read with the rights of the Application", namespace: "default"},
		"create /pods":           {reason: "a pod may use any ServiceAccount and Secret of its namespace", namespace: "fairlead"},
		"create /pods/exec":      {reason: "it runs nothing in pods", namespace: "default"},
		"list /namespaces":       {reason: "only the namespace of an object is looked at"},
		"get /nodes/proxy":       {reason: "the kubelet's API runs commands in any pod"},
		"patch apps/deployments": {reason: "what is deployed is deployed with the rights of fairlead-sync, or of a ServiceAccount", namespace: "default"},
		"create /namespaces":     {reason: "namespaces are made with the rights of the Application"},

		"create fairlead.dev/applications":                                   {reason: "Applications are people's", namespace: "default"},
		"update fairlead.dev/applications":                                   {reason: "it changes single fields, by patches", namespace: "default"},
		"delete fairlead.dev/applications":                                   {reason: "Applications are people's", namespace: "default"},
		"patch fairlead.dev/imagepolicies":                                   {reason: "ImagePolicies are people's", namespace: "default"},
		"patch fairlead.dev/configrepositories":                              {reason: "ConfigRepositories are people's", namespace: "default"},
		"update fairlead.dev/applications/status":                            {reason: "statuses are patched", namespace: "default"},
		"patch apiextensions.k8s.io/customresourcedefinitions":               {reason: "it doesn't install itself"},
		"patch admissionregistration.k8s.io/validatingwebhookconfigurations": {reason: "it has no admission webhook"},
	}
	for line, reason := range needed {
		claims[line] = claim{reason: reason, namespace: "default", allowed: true}
	}
	awaitRight(t, controller, "get /secrets", "default")
	for line, tc := range claims {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			got, err := may(t.Context(), controller, line, tc.namespace)
			if err != nil {
				t.Fatal(err)
			}
			if got != tc.allowed {
				t.Errorf("%s: allowed is %t, want %t", tc.reason, got, tc.allowed)
			}
		})
	}
}

// awaitRight waits until the authorizer, which watches the roles, has seen a right.
func awaitRight(t *testing.T, user, line, namespace string) {
	t.Helper()
	granted := func(ctx context.Context) (bool, error) { return may(ctx, user, line, namespace) }
	if err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, granted); err != nil {
		t.Fatal(err)
	}
}

// may asks the API server for `verb group/resource[/subresource]` in a namespace; empty: in the whole cluster.
func may(ctx context.Context, user, line, namespace string) (bool, error) {
	verb, rest, _ := strings.Cut(line, " ")
	group, resource, _ := strings.Cut(rest, "/")
	resource, subresource, _ := strings.Cut(resource, "/")
	groups := []string{"system:authenticated"}
	if user == controller {
		groups = append(groups, "system:serviceaccounts", "system:serviceaccounts:fairlead")
	}
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user, Groups: groups,
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: verb, Group: group, Version: "*", Resource: resource, Subresource: subresource, Namespace: namespace,
		},
	}}
	err := api.Create(ctx, review)
	return review.Status.Allowed, err
}

// shippedRights are the roles, their bindings, and the namespace that they need.
func shippedRights(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	objects := objectsIn(t, filepath.Join(shipped, "namespace.yaml"))
	return append(objects, objectsIn(t, filepath.Join(shipped, "rbac.yaml"))...)
}

func objectsIn(t *testing.T, name string) []*unstructured.Unstructured {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(file, 4096)
	for {
		obj := &unstructured.Unstructured{}
		if err := decoder.Decode(obj); errors.Is(err, io.EOF) {
			return objects
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		objects = append(objects, obj)
	}
}
