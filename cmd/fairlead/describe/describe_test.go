package describe_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/describe"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/e2e/apiserver"
)

// config reaches the real API server that the tests of this package share; each test has a namespace of its own.
var config *rest.Config

func TestMain(m *testing.M) {
	ctrl.SetLogger(zap.New(zap.WriteTo(io.Discard))) // as the program does
	os.Exit(apiserver.Run(m, apiserver.WithKinds, func(started *rest.Config) error {
		config = started
		return nil
	}))
}

// noon is when everybody asks.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// hall is a namespace that holds what testdata/objects.yaml declares.
type hall struct {
	t         *testing.T
	admin     client.Client
	scheme    *runtime.Scheme
	namespace string
}

func newHall(t *testing.T) *hall {
	t.Helper()
	h := &hall{t: t, scheme: runtime.NewScheme()}
	if err := errors.Join(clientgoscheme.AddToScheme(h.scheme), v1alpha1.AddToScheme(h.scheme)); err != nil {
		t.Fatal(err)
	}
	var err error
	if h.admin, err = client.New(config, client.Options{Scheme: h.scheme}); err != nil {
		t.Fatal(err)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "hall-"}}
	h.create(namespace)
	h.namespace = namespace.Name
	manifests, err := os.ReadFile("testdata/objects.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for manifest := range strings.SplitSeq(strings.ReplaceAll(string(manifests), "NAMESPACE", h.namespace), "\n---\n") {
		h.declare(manifest)
	}
	return h
}

func (h *hall) create(object client.Object) {
	h.t.Helper()
	if err := h.admin.Create(h.t.Context(), object); err != nil {
		h.t.Fatal(err)
	}
}

// declare makes an object as a manifest says, its status included.
func (h *hall) declare(manifest string) {
	h.t.Helper()
	var object unstructured.Unstructured
	if err := yaml.Unmarshal([]byte(manifest), &object.Object); err != nil {
		h.t.Fatal(err)
	}
	object.SetNamespace(h.namespace)
	status, has := object.Object["status"]
	h.create(&object)
	if !has {
		return
	}
	object.Object["status"] = status
	if err := h.admin.Status().Update(h.t.Context(), &object); err != nil {
		h.t.Fatal(err)
	}
}

// describe tells the story of a policy as a user sees it, or the administrator if user is empty.
func (h *hall) describe(user, name string) (*describe.Story, error) {
	h.t.Helper()
	as := rest.CopyConfig(config)
	as.Impersonate.UserName = user
	cluster, err := describe.NewCluster(as, h.scheme, func() time.Time { return noon })
	if err != nil {
		h.t.Fatal(err)
	}
	return cluster.Describe(h.t.Context(), types.NamespacedName{Namespace: h.namespace, Name: name})
}

func (h *hall) told(story *describe.Story, format terminal.Format) string {
	h.t.Helper()
	var to bytes.Buffer
	if err := story.Write(&to, format, false); err != nil {
		h.t.Fatal(err)
	}
	return strings.ReplaceAll(to.String(), h.namespace, "NAMESPACE")
}

// age is how long a pod has been there, which only the API server's clock says.
var age = regexp.MustCompile(`since \w+`)

// TestStory tells all of a release that crashes, at a version that somebody took the one after back to.
func TestStory(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	story, err := h.describe("", "www")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/story.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), age.ReplaceAllString(h.told(story, terminal.Text), "since AGE")); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if diff := cmp.Diff("imagepolicy.fairlead.dev/www\n", h.told(story, terminal.Name)); diff != "" {
		t.Errorf("-o name: -want, +got:\n%s", diff)
	}
	json := h.told(story, terminal.JSON)
	for _, want := range []string{`"kind": "ImagePolicy"`, `"kind": "ConfigRepository"`, `"kind": "Application"`, `"gravity": "Broken"`, `"object": "policy/www"`} {
		if !strings.Contains(json, want) {
			t.Errorf("-o json doesn't tell %s:\n%s", want, json)
		}
	}
	if strings.Contains(json, "managedFields") {
		t.Errorf("-o json tells what only the API server needs:\n%s", json)
	}
}

// TestNew tells of a policy that nobody has looked at, which names what isn't there.
func TestNew(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	story, err := h.describe("", "new")
	if err != nil {
		t.Fatal(err)
	}
	want := `Name:        NAMESPACE/new
Image:       registry.example.com/web-hook/new, scanned every 60s
Takes:       numerical asc
Suspended:   release freeze
Selected:    nothing
In Git:      nothing is known
Waits for:   suspended: release freeze

Conditions
OBJECT  CONDITION  REASON  SINCE  MESSAGE
`
	if diff := cmp.Diff(want, h.told(story, terminal.Text)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

// TestRights asks for what isn't there, and with less rights than there are.
func TestRights(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	want := "ImagePolicy " + h.namespace + "/nobody doesn't exist: fairlead get -A lists those that do"
	if _, err := h.describe("", "nobody"); err == nil || err.Error() != want {
		t.Errorf("of what isn't there: %v", err)
	}
	if _, err := h.describe("nobody", "www"); err == nil || !strings.HasSuffix(err.Error(), "they are read with your own rights: ask for that one") {
		t.Errorf("who may read nothing is told: %v", err)
	}
	at := metav1.ObjectMeta{Namespace: h.namespace, Name: "viewer"}
	user := h.namespace + ":viewer"
	h.create(&rbacv1.Role{ObjectMeta: at, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"imagepolicies", "applications"}, Verbs: []string{"list"}},
	}})
	h.create(&rbacv1.RoleBinding{
		ObjectMeta: at, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: at.Name, APIGroup: rbacv1.GroupName},
		Subjects: []rbacv1.Subject{{Kind: "User", Name: user, APIGroup: rbacv1.GroupName}},
	})
	story, err := h.describe(user, "www")
	if err != nil {
		t.Fatal(err)
	}
	notes := []string{}
	for line := range strings.Lines(h.told(story, terminal.Text)) {
		if strings.HasPrefix(line, "Note: ") {
			notes = append(notes, strings.TrimSpace(line))
		}
	}
	if diff := cmp.Diff([]string{
		"Note: ConfigRepositories in namespace NAMESPACE are left out: you may not list them",
		"Note: DaemonSets in namespace NAMESPACE are left out: you may not list them",
		"Note: Deployments in namespace NAMESPACE are left out: you may not list them",
		"Note: Pods in namespace NAMESPACE are left out: you may not list them",
		"Note: StatefulSets in namespace NAMESPACE are left out: you may not list them",
		"Note: events in namespace NAMESPACE are left out: you may not list them",
	}, notes); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}
