package apiserver

import (
	"errors"
	"io"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// Scheme knows Kubernetes' kinds and Fairlead's.
func Scheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	made := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(made), v1alpha1.AddToScheme(made)); err != nil {
		t.Fatal(err)
	}
	return made
}

// Office is a namespace that one test has to itself. Its name is another one each time.
type Office struct {
	T *testing.T
	// Admin may do everything, everywhere.
	Admin     client.Client
	Namespace string
}

// NewOffice makes a namespace.
func NewOffice(t *testing.T, config *rest.Config) *Office {
	t.Helper()
	admin, err := client.New(config, client.Options{Scheme: Scheme(t)})
	if err != nil {
		t.Fatal(err)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "office-"}}
	o := &Office{T: t, Admin: admin}
	o.Create(namespace)
	o.Namespace = namespace.Name
	return o
}

// Create creates an object.
func (o *Office) Create(object client.Object) {
	o.T.Helper()
	if err := o.Admin.Create(o.T.Context(), object); err != nil {
		o.T.Fatal(err)
	}
}

// Declare creates objects from manifests, in the namespace, with the status that they bring.
func (o *Office) Declare(manifests string) {
	o.T.Helper()
	decoder := yaml.NewYAMLToJSONDecoder(strings.NewReader(manifests))
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(&object.Object); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			o.T.Fatalf("read a manifest: %v\n%s", err, manifests)
		}
		if len(object.Object) == 0 {
			continue
		}
		object.SetNamespace(o.Namespace)
		status, has := object.Object["status"]
		o.Create(object)
		if !has {
			continue
		}
		object.Object["status"] = status
		if err := o.Admin.Status().Update(o.T.Context(), object); err != nil {
			o.T.Fatal(err)
		}
	}
}

// User is a person, as rights are given to one.
func User(name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.UserKind, Name: name, APIGroup: rbacv1.GroupName}
}

// Allow lets somebody do something in the namespace.
func (o *Office) Allow(subject rbacv1.Subject, rules ...rbacv1.PolicyRule) {
	o.T.Helper()
	o.Create(&rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: subject.Name}, Rules: rules})
	o.Create(&rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: subject.Name},
		Subjects:   []rbacv1.Subject{subject},
		RoleRef:    rbacv1.RoleRef{Kind: "Role", Name: subject.Name, APIGroup: rbacv1.GroupName},
	})
}
