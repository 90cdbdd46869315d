package access_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Users to whom the roles of people are bound in namespace default.
const (
	viewer = "viewer@example.com"
	editor = "editor@example.com"
)

// TestPeople asks a real API server what people may do who hold the roles that are made for them.
func TestPeople(t *testing.T) {
	t.Parallel()
	for name, user := range map[string]string{"fairlead-viewer": viewer, "fairlead-editor": editor} {
		if err := api.Create(t.Context(), shippedRole(t, name)); err != nil {
			t.Fatal(err)
		}
		binding := &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: user}},
		}
		if err := api.Create(t.Context(), binding); err != nil {
			t.Fatal(err)
		}
		awaitRight(t, user, "get fairlead.dev/imagepolicies", "default")
	}
	cases := map[string]struct {
		reason         string
		namespace      string
		viewer, editor bool
	}{
		"get fairlead.dev/imagepolicies":              {reason: "it is what they are for", namespace: "default", viewer: true, editor: true},
		"list fairlead.dev/configrepositories":        {reason: "it is what they are for", namespace: "default", viewer: true, editor: true},
		"watch fairlead.dev/applications":             {reason: "fairlead get -w", namespace: "default", viewer: true, editor: true},
		"create fairlead.dev/imagepolicies":           {reason: "a service is declared by its owner", namespace: "default", editor: true},
		"update fairlead.dev/configrepositories":      {reason: "kubectl edit", namespace: "default", editor: true},
		"patch fairlead.dev/applications":             {reason: "suspend, sync, reconcile", namespace: "default", editor: true},
		"delete fairlead.dev/applications":            {reason: "what is declared can be taken back", namespace: "default", editor: true},
		"deletecollection fairlead.dev/imagepolicies": {reason: "kubectl delete --all", namespace: "default", editor: true},

		"patch fairlead.dev/applications/status":       {reason: "a status is Fairlead's word", namespace: "default"},
		"update fairlead.dev/imagepolicies/status":     {reason: "a status is Fairlead's word", namespace: "default"},
		"patch fairlead.dev/configrepositories/status": {reason: "a status is Fairlead's word", namespace: "default"},
		"list fairlead.dev/imagepolicies":              {reason: "a role that is bound in one namespace ends there", namespace: "fairlead"},
		"create fairlead.dev/applications":             {reason: "who may write into Fairlead's own namespace is an administrator", namespace: "fairlead"},
		"get /secrets":                                 {reason: "the credentials that objects name aren't theirs to read", namespace: "default"},
		"impersonate /serviceaccounts":                 {reason: "Fairlead acts as these, people don't by this role", namespace: "default"},
		"create /pods":                                 {reason: "other kinds are other roles'", namespace: "default"},
	}
	for line, tc := range cases {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			want := map[string]bool{viewer: tc.viewer, editor: tc.editor}
			got := map[string]bool{}
			for user := range want {
				allowed, err := may(t.Context(), user, line, tc.namespace)
				if err != nil {
					t.Fatal(err)
				}
				got[user] = allowed
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestAggregation holds which of Kubernetes' own roles those of people are added to: nobody who may only look gets to write.
func TestAggregation(t *testing.T) {
	t.Parallel()
	const label = "rbac.authorization.k8s.io/aggregate-to-"
	cases := map[string]map[string]bool{
		"fairlead-viewer":     {"view": true, "edit": true, "admin": true},
		"fairlead-editor":     {"edit": true, "admin": true},
		"fairlead-controller": {},
		"fairlead-sync":       {},
	}
	for name, want := range cases {
		got := map[string]bool{}
		for _, builtin := range []string{"view", "edit", "admin"} {
			if shippedRole(t, name).GetLabels()[label+builtin] == "true" {
				got[builtin] = true
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s is part of: -want, +got:\n%s", name, diff)
		}
	}
}

func shippedRole(t *testing.T, name string) *unstructured.Unstructured {
	t.Helper()
	for _, obj := range shippedRights(t) {
		if obj.GetKind() == "ClusterRole" && obj.GetName() == name {
			return obj
		}
	}
	t.Fatalf("%s holds no ClusterRole %s", shipped, name)
	return nil
}
