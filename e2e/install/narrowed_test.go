package install_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/e2e/stack"
)

// TestNarrowed asks a real API server what Applications of administrators may do, by default and where values narrow it.
func TestNarrowed(t *testing.T) {
	t.Parallel()
	s := running(t)
	claims := []struct {
		reason, verb, group, resource, namespace string
		wide, narrowed                           bool
	}{
		{reason: "it is listed", verb: "create", group: "apps", resource: "deployments", namespace: "web", wide: true, narrowed: true},
		{reason: "it is listed for each namespace", verb: "patch", resource: "services", namespace: "shop", wide: true, narrowed: true},
		{reason: "pruning needs it", verb: "delete", resource: "services", namespace: "web", wide: true, narrowed: true},
		{reason: "drift is seen in the whole cluster", verb: "watch", group: "apps", resource: "deployments", wide: true, narrowed: true},
		{reason: "another namespace", verb: "create", group: "apps", resource: "deployments", namespace: "judged", wide: true},
		{reason: "another kind", verb: "create", group: "batch", resource: "jobs", namespace: "web", wide: true},
		{reason: "what isn't deployed isn't watched", verb: "watch", resource: "secrets", namespace: "web", wide: true},
		{reason: "cluster-scoped kinds", verb: "create", resource: "namespaces", wide: true},
		{reason: "granting rights to others", verb: "create", group: "rbac.authorization.k8s.io", resource: "rolebindings", namespace: "web", wide: true},
	}
	want, got := map[string]bool{}, map[string]bool{}
	for name, values := range map[string]string{"wide": "defaults", "narrowed": "narrowed"} {
		grant(t, s, name, values)
		for _, c := range claims {
			claim := fmt.Sprintf("%s: %s: %s %s/%s in %q", name, c.reason, c.verb, c.group, c.resource, c.namespace)
			want[claim] = c.wide && name == "wide" || c.narrowed && name == "narrowed"
			review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
				User: "system:serviceaccount:fairlead:" + name,
				ResourceAttributes: &authorizationv1.ResourceAttributes{
					Verb: c.verb, Group: c.group, Version: "*", Resource: c.resource, Namespace: c.namespace,
				},
			}}
			// The authorizer watches the roles: what it hasn't seen yet, it denies.
			deadline := time.Now().Add(10 * time.Second)
			err := s.WaitFor(t.Context(), claim, func(ctx context.Context) (bool, string) {
				asked := review.DeepCopy()
				if err := s.Client.Create(ctx, asked); err != nil {
					return false, err.Error()
				}
				got[claim] = asked.Status.Allowed
				return asked.Status.Allowed == want[claim] || time.Now().After(deadline), asked.Status.Reason
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

// grant applies the roles that the chart makes of values, for a ServiceAccount and roles of that name.
func grant(t *testing.T, s *stack.Stack, name, values string) {
	t.Helper()
	rendered, err := template(t, "--values", "testdata/values/"+values+".yaml", "--set", "fullnameOverride="+name, "--show-only", "templates/rbac/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects(t, rendered) {
		if !strings.HasPrefix(object.GetKind(), "Cluster") && object.GetNamespace() == namespace {
			continue // what it needs for itself, in its own namespace
		}
		makeNamespace(t, s, object.GetNamespace())
		if err := s.Client.Create(t.Context(), object); err != nil {
			t.Fatalf("%s %s: %v", object.GetKind(), object.GetName(), err)
		}
		t.Cleanup(func() {
			if err := client.IgnoreNotFound(s.Client.Delete(context.Background(), object)); err != nil {
				t.Error(err)
			}
		})
	}
}

// makeNamespace makes a namespace in which PodSecurity is `restricted`, unless it is there.
func makeNamespace(t *testing.T, s *stack.Stack, name string) {
	t.Helper()
	if name == "" {
		return
	}
	labels := map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}
	err := s.Client.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
}
