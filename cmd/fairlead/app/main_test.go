package app_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

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

// asks is the cluster as a user sees it, or its administrator if user is empty.
func asks(t *testing.T, user string) *app.Cluster {
	t.Helper()
	as := rest.CopyConfig(config)
	as.Impersonate.UserName = user
	made, err := app.NewCluster(as, apiserver.Scheme(t), func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// office is a namespace of a real cluster in which an Application is declared and deploys to.
type office struct{ *apiserver.Office }

func newOffice(t *testing.T) *office {
	t.Helper()
	return &office{apiserver.NewOffice(t, config)}
}

func rule(group string, resources []string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
}

func (o *office) key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: o.Namespace, Name: name}
}

// get reads the Application webhooks as the administrator.
func (o *office) get() *v1alpha1.Application {
	o.T.Helper()
	found := &v1alpha1.Application{}
	if err := o.Admin.Get(o.T.Context(), o.key("webhooks"), found); err != nil {
		o.T.Fatal(err)
	}
	return found
}

// shown is an answer as it is written, with the office's name in place of its namespace.
func (o *office) shown(write func(to *bytes.Buffer) error) string {
	o.T.Helper()
	var to bytes.Buffer
	if err := write(&to); err != nil {
		o.T.Fatal(err)
	}
	return o.named(to.String())
}

// named takes what differs between runs out of a text.
func (o *office) named(text string) string { return strings.ReplaceAll(text, o.Namespace, "OFFICE") }
