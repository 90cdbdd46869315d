package follow_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/cmd/fairlead/follow"
	"github.com/fairlead/fairlead/e2e/apiserver"
)

// config reaches the real API server that the tests of this package share.
var config *rest.Config

func TestMain(m *testing.M) {
	os.Exit(apiserver.Run(m, apiserver.Bare, func(started *rest.Config) error {
		config = started
		return nil
	}))
}

// as is the API server, asked by a user; without a name by an administrator.
func as(t *testing.T, user string) client.WithWatch {
	t.Helper()
	asked := rest.CopyConfig(config)
	asked.Impersonate.UserName = user
	made, err := client.NewWithWatch(asked, client.Options{Scheme: clientgoscheme.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func named(name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
}

// reader may get a kind, and not watch it.
func reader(t *testing.T) client.WithWatch {
	t.Helper()
	at := metav1.ObjectMeta{Namespace: "default", Name: "reader"}
	for _, made := range []client.Object{
		&rbacv1.Role{ObjectMeta: at, Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get"}}}},
		&rbacv1.RoleBinding{
			ObjectMeta: at, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "reader", APIGroup: rbacv1.GroupName},
			Subjects: []rbacv1.Subject{{Kind: "User", Name: "reader", APIGroup: rbacv1.GroupName}},
		},
	} {
		if err := as(t, "").Create(t.Context(), made); err != nil {
			t.Fatal(err)
		}
	}
	return as(t, "reader")
}

// TestObject follows an object through its changes, by whoever may watch it and by whoever may not.
func TestObject(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]client.WithWatch{"watched": as(t, ""), "looked-at": reader(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			admin := as(t, "")
			if err := admin.Create(t.Context(), named(name)); err != nil {
				t.Fatal(err)
			}
			var seen []string
			next := map[string]string{"": "one", "one": "two"}
			err := follow.Object(t.Context(), server, named(name), &corev1.ConfigMapList{}, func(now *corev1.ConfigMap) (bool, error) {
				at := now.Data["at"]
				seen = append(seen, at)
				if at == "two" {
					return true, nil
				}
				now = now.DeepCopy()
				now.Data = map[string]string{"at": next[at]}
				return false, admin.Update(t.Context(), now)
			})
			if diff := cmp.Diff([]string{"", "one", "two"}, seen); diff != "" || err != nil {
				t.Errorf("%v, seen: -want, +got:\n%s", err, diff)
			}
		})
	}
}

// TestEnds says for which reasons the following ends.
func TestEnds(t *testing.T) {
	t.Parallel()
	server, enough := as(t, ""), errors.New("enough")
	cases := map[string]struct {
		reason string
		see    func(ctx context.Context, stop context.CancelCauseFunc, now *corev1.ConfigMap) error
		want   func(error) bool
	}{
		"gone": {
			reason: "it was deleted meanwhile",
			see: func(ctx context.Context, _ context.CancelCauseFunc, now *corev1.ConfigMap) error {
				return server.Delete(ctx, now)
			},
			want: apierrors.IsNotFound,
		},
		"stopped": {
			reason: "the cause is told",
			see: func(_ context.Context, stop context.CancelCauseFunc, _ *corev1.ConfigMap) error {
				stop(enough)
				return nil
			},
			want: func(err error) bool { return errors.Is(err, enough) },
		},
		"refused": {
			reason: "who looks has seen enough",
			see:    func(context.Context, context.CancelCauseFunc, *corev1.ConfigMap) error { return enough },
			want:   func(err error) bool { return errors.Is(err, enough) },
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := server.Create(t.Context(), named(name)); err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancelCause(t.Context())
			defer stop(nil)
			err := follow.Object(ctx, server, named(name), &corev1.ConfigMapList{}, func(now *corev1.ConfigMap) (bool, error) {
				return false, tc.see(ctx, stop, now)
			})
			if !tc.want(err) {
				t.Errorf("%s: %v", tc.reason, err)
			}
		})
	}
}
