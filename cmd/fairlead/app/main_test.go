package app_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/app"
	"github.com/fairlead/fairlead/e2e/apiserver"
)

// config reaches the real API server that the tests of this package share; each test has a namespace of its own.
var config *rest.Config

// noon is when everybody asks.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	os.Exit(apiserver.Run(m, apiserver.WithKinds, func(started *rest.Config) error {
		config = started
		return nil
	}))
}

func scheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	made := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(made), v1alpha1.AddToScheme(made)); err != nil {
		t.Fatal(err)
	}
	return made
}

// asks is the cluster as a user sees it, or its administrator if user is empty.
func asks(t *testing.T, user string) *app.Cluster {
	t.Helper()
	as := rest.CopyConfig(config)
	as.Impersonate.UserName = user
	made, err := app.NewCluster(as, scheme(t), func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// office is a namespace of a real cluster in which an Application is declared and deploys to.
type office struct {
	t         *testing.T
	admin     client.Client
	namespace string
}

func newOffice(t *testing.T) *office {
	t.Helper()
	admin, err := client.New(config, client.Options{Scheme: scheme(t)})
	if err != nil {
		t.Fatal(err)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "office-"}}
	o := &office{t: t, admin: admin}
	o.create(namespace)
	o.namespace = namespace.Name
	return o
}

func (o *office) create(object client.Object) {
	o.t.Helper()
	if err := o.admin.Create(o.t.Context(), object); err != nil {
		o.t.Fatal(err)
	}
}

// declare creates objects from manifests, in the office's namespace, with the status that they bring.
func (o *office) declare(manifests string) {
	o.t.Helper()
	decoder := yaml.NewYAMLToJSONDecoder(strings.NewReader(manifests))
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(&object.Object); err != nil {
			return
		}
		object.SetNamespace(o.namespace)
		status, has := object.Object["status"]
		o.create(object)
		if !has {
			continue
		}
		object.Object["status"] = status
		if err := o.admin.Status().Update(o.t.Context(), object); err != nil {
			o.t.Fatal(err)
		}
	}
}

// allow lets a user do something in the office.
func (o *office) allow(user string, rules ...rbacv1.PolicyRule) {
	o.t.Helper()
	o.create(&rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: o.namespace, Name: user}, Rules: rules})
	o.create(&rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: o.namespace, Name: user},
		Subjects:   []rbacv1.Subject{{Kind: "User", Name: user, APIGroup: rbacv1.GroupName}},
		RoleRef:    rbacv1.RoleRef{Kind: "Role", Name: user, APIGroup: rbacv1.GroupName},
	})
}

func rule(group string, resources []string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
}

func (o *office) key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: o.namespace, Name: name}
}

// get reads the Application webhooks as the administrator.
func (o *office) get() *v1alpha1.Application {
	o.t.Helper()
	found := &v1alpha1.Application{}
	if err := o.admin.Get(o.t.Context(), o.key("webhooks"), found); err != nil {
		o.t.Fatal(err)
	}
	return found
}

// shown is an answer as it is written, with the office's name in place of its namespace.
func (o *office) shown(write func(to *bytes.Buffer) error) string {
	o.t.Helper()
	var to bytes.Buffer
	if err := write(&to); err != nil {
		o.t.Fatal(err)
	}
	return o.named(to.String())
}

// named takes what differs between runs out of a text.
func (o *office) named(text string) string { return strings.ReplaceAll(text, o.namespace, "OFFICE") }
