package check_test

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

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
	report, err := check.Cluster(t.Context(), as, apiserver.Scheme(t), asked)
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
type office struct{ *apiserver.Office }

func newOffice(t *testing.T) *office {
	t.Helper()
	return &office{apiserver.NewOffice(t, installed)}
}

func account(namespace, name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name}
}

// grant lets a ServiceAccount of the office do something in the whole cluster.
func (o *office) grant(account string, rules []rbacv1.PolicyRule) {
	o.T.Helper()
	o.Create(&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: o.Namespace + "-" + account}, Rules: rules})
	o.Create(&rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: o.Namespace + "-" + account},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: o.Namespace, Name: account}},
		RoleRef:    rbacv1.RoleRef{Kind: "ClusterRole", Name: o.Namespace + "-" + account, APIGroup: rbacv1.GroupName},
	})
}

func rule(group string, resources []string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
}

// looked is what somebody finds in the office.
func (o *office) looked(user string) string {
	o.T.Helper()
	asked := options()
	asked.Namespace = o.Namespace
	return o.named(looked(o.T, installed, user, asked))
}

// named takes what differs between runs out of a text.
func (o *office) named(text string) string { return strings.ReplaceAll(text, o.Namespace, "OFFICE") }

// about are the groups of a report, by their titles.
func about(report string) map[string]string {
	groups := map[string]string{}
	for part := range strings.SplitSeq(strings.TrimSpace(report), "\n\n") {
		title, findings, _ := strings.Cut(part, "\n")
		groups[title] = findings + "\n"
	}
	return groups
}
