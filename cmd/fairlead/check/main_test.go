package check_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

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
	"github.com/fairlead/fairlead/cmd/fairlead/check"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/e2e/apiserver"
)

// noon is when everybody asks.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// installed reaches the real API server that most tests share; each has a namespace of its own. bare has nothing of Fairlead.
var installed, bare *rest.Config

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	config, stop, err := apiserver.Start(apiserver.Bare)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stop() //nolint:errcheck // the tests are over
	bare = config
	return apiserver.Run(m, apiserver.WithKinds, func(config *rest.Config) error {
		installed = config
		return nil
	})
}

func scheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	made := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(made), v1alpha1.AddToScheme(made)); err != nil {
		t.Fatal(err)
	}
	return made
}

// options are what most tests ask with.
func options() check.Options {
	return check.Options{
		Version: "v0.1.0", ClientGo: "v0.37.2", LeaseOf: func(side string) string { return "fairlead-" + cmp.Or(side, "controller") }, ControllerNamespace: "fairlead",
		Timeout: 20 * time.Second, UserAgent: "fairlead/test", Now: func() time.Time { return noon },
	}
}

// looked is what somebody finds, as it is written for a person; an empty user is the administrator.
func looked(t *testing.T, config *rest.Config, user string, asked check.Options) string {
	t.Helper()
	as := rest.CopyConfig(config)
	as.Impersonate.UserName = user
	report, err := check.Cluster(t.Context(), as, scheme(t), asked)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := report.Write(&text, terminal.Text, false); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// office is a namespace of a real cluster.
type office struct {
	t         *testing.T
	admin     client.Client
	namespace string
}

func newOffice(t *testing.T) *office {
	t.Helper()
	admin, err := client.New(installed, client.Options{Scheme: scheme(t)})
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

// allow lets a subject do something in the office.
func (o *office) allow(subject rbacv1.Subject, rules ...rbacv1.PolicyRule) {
	o.t.Helper()
	o.create(&rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: o.namespace, Name: subject.Name}, Rules: rules})
	o.create(&rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: o.namespace, Name: subject.Name},
		Subjects:   []rbacv1.Subject{subject},
		RoleRef:    rbacv1.RoleRef{Kind: "Role", Name: subject.Name, APIGroup: rbacv1.GroupName},
	})
}

func account(namespace, name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name}
}

// grant lets a ServiceAccount of the office do something in the whole cluster.
func (o *office) grant(account string, rules []rbacv1.PolicyRule) {
	o.t.Helper()
	o.create(&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: o.namespace + "-" + account}, Rules: rules})
	o.create(&rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: o.namespace + "-" + account},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: o.namespace, Name: account}},
		RoleRef:    rbacv1.RoleRef{Kind: "ClusterRole", Name: o.namespace + "-" + account, APIGroup: rbacv1.GroupName},
	})
}

func rule(group string, resources []string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
}

// looked is what somebody finds in the office.
func (o *office) looked(user string) string {
	o.t.Helper()
	asked := options()
	asked.Namespace = o.namespace
	return o.named(looked(o.t, installed, user, asked))
}

// named takes what differs between runs out of a text.
func (o *office) named(text string) string { return strings.ReplaceAll(text, o.namespace, "OFFICE") }

// about are the groups of a report, by their titles.
func about(report string) map[string]string {
	groups := map[string]string{}
	for part := range strings.SplitSeq(strings.TrimSpace(report), "\n\n") {
		title, findings, _ := strings.Cut(part, "\n")
		groups[title] = findings + "\n"
	}
	return groups
}
