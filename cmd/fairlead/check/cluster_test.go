package check_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/cmd/fairlead/check"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/cmd/fairlead/shipped"
)

func TestBeforeTheInstall(t *testing.T) {
	t.Parallel()
	pre := options()
	pre.Pre = true
	for name, tc := range map[string]struct {
		reason, user, want string
	}{
		"Administrator": {
			reason: "nothing is missing",
			want: "  ✔ User admin: they may create and change every kind of object that is installed\n" +
				"  ✔ User admin: they may grant the roles that are installed\n",
		},
		"Nobody": {
			reason: "everything is", user: "jane",
			want: "  ✗ User jane: they may not get, create and patch namespaces in the whole cluster: have a cluster administrator install\n" +
				"  ✗ User jane: they may not get, create and patch customresourcedefinitions.apiextensions.k8s.io in the whole cluster: have a cluster administrator install\n" +
				"  ✗ User jane: they may not get, create and patch clusterroles.rbac.authorization.k8s.io in the whole cluster: have a cluster administrator install\n" +
				"  ✗ User jane: they may not get, create and patch clusterrolebindings.rbac.authorization.k8s.io in the whole cluster: have a cluster administrator install\n" +
				"  ✗ User jane: they may not get, create and patch roles.rbac.authorization.k8s.io in namespace fairlead: have a cluster administrator install\n" +
				"  ✗ User jane: they may not get, create and patch rolebindings.rbac.authorization.k8s.io in namespace fairlead: have a cluster administrator install\n" +
				"  ✗ User jane: they may not get, create and patch serviceaccounts in namespace fairlead: have a cluster administrator install\n" +
				"  ✗ User jane: they may not get, create and patch services in namespace fairlead: have a cluster administrator install\n" +
				"  ✗ User jane: they may not get, create and patch deployments.apps in namespace fairlead: have a cluster administrator install\n" +
				"  ! User jane: they hold fewer rights than the role fairlead-sync has by default, and nobody can grant what they don't hold: " +
				"have a cluster administrator install, or narrow the role by rbac.sync.rules\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := about(looked(t, bare, tc.user, pre))["Rights to install"]
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// reinstall is the command that mends an install.
const reinstall = "      helm upgrade --install fairlead config/chart --namespace fairlead --create-namespace --reset-then-reuse-values\n" +
	"      # or, without Helm: kubectl apply --server-side -k config/default\n"

// TestInstalledKinds holds the rights that an install needs to what is installed.
func TestInstalledKinds(t *testing.T) {
	t.Parallel()
	pre := options()
	pre.Pre = true
	got := looked(t, bare, "jane", pre)
	kind := regexp.MustCompile(`(?m)^kind: (\w+)$`)
	for _, file := range []string{"controller.yaml", "crds.yaml", "namespace.yaml", "rbac.yaml"} {
		manifests, err := os.ReadFile("../../../config/default/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range kind.FindAllStringSubmatch(string(manifests), -1) {
			if want := " " + strings.ToLower(match[1]) + "s"; !strings.Contains(got, want) {
				t.Errorf("config/default/%s has a %s, and nobody asks whether one may be created", file, match[1])
			}
		}
	}
}

var said = regexp.MustCompile(`Kubernetes v[0-9.]+;`)

// TestKinds compares what a real API server serves with what the program knows.
func TestKinds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reason string
		config *rest.Config
		want   string
	}{
		"Installed": {
			reason: "nothing differs between what is installed and what is served", config: installed,
			want: "  ✔ API server: Kubernetes V; this program is made for 1.30 to 1.38\n" +
				"  ✔ CustomResourceDefinition applications.fairlead.dev: v1alpha1, as this program knows it\n" +
				"  ✔ CustomResourceDefinition configrepositories.fairlead.dev: v1alpha1, as this program knows it\n" +
				"  ✔ CustomResourceDefinition imagepolicies.fairlead.dev: v1alpha1, as this program knows it\n",
		},
		"Bare": {
			reason: "nothing is there", config: bare,
			want: "  ✔ API server: Kubernetes V; this program is made for 1.30 to 1.38\n" +
				"  ✗ CustomResourceDefinition applications.fairlead.dev: fairlead.dev/v1alpha1 isn't served: install the definition\n" +
				reinstall +
				"  ✗ CustomResourceDefinition configrepositories.fairlead.dev: fairlead.dev/v1alpha1 isn't served: install the definition\n" +
				reinstall +
				"  ✗ CustomResourceDefinition imagepolicies.fairlead.dev: fairlead.dev/v1alpha1 isn't served: install the definition\n" +
				reinstall,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := said.ReplaceAllString(about(looked(t, tc.config, "", options()))["Cluster"], "Kubernetes V;")
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestNoAPIServer(t *testing.T) {
	t.Parallel()
	got := looked(t, &rest.Config{Host: "http://127.0.0.1:1"}, "", options())
	want := "Cluster\n  ✗ API server: it doesn't answer: Get \"http://127.0.0.1:1/version?timeout=20s\": dial tcp 127.0.0.1:1: connect: connection refused: " +
		"see that the kubeconfig leads to the cluster that is meant\n      kubectl cluster-info\n\n0 fine, 1 failed\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestOptions are refused where they contradict each other.
func TestOptions(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reason, want string
		change       func(*check.Options)
	}{
		"Timeout":   {"nobody answers at once", "--timeout is -1s: it must be more than 0", func(o *check.Options) { o.Timeout = -time.Second }},
		"Pre":       {"nothing is declared yet", "--pre looks at no objects: leave out -n; --controller-namespace says where Fairlead will be", func(o *check.Options) { o.Pre, o.Namespace = true, "web" }},
		"Names":     {"nor has names", "--pre looks at no objects: leave out their names", func(o *check.Options) { o.Pre, o.Objects = true, []noun.Reference{{Name: "www"}} }},
		"Namespace": {"names are of a namespace", "in which namespace? Give it with -n", func(o *check.Options) { o.Objects = []noun.Reference{{Name: "www"}} }},
	} {
		asked := options()
		tc.change(&asked)
		if err := asked.Validate(); err == nil || err.Error() != tc.want {
			t.Errorf("%s: %s: got %v, want %s", name, tc.reason, err, tc.want)
		}
	}
}

// TestControllerRights asks for the rights that the shipped roles grant, and finds those that somebody took away.
func TestControllerRights(t *testing.T) {
	t.Parallel()
	rights, err := shipped.ControllerRights()
	if err != nil {
		t.Fatal(err)
	}
	needed := 0
	for _, rule := range slices.Concat(rights.Cluster, rights.Own) {
		needed += len(rule.APIGroups) * len(rule.Resources) * len(rule.Verbs)
	}
	for name, tc := range map[string]struct {
		reason string
		narrow func([]rbacv1.PolicyRule) []rbacv1.PolicyRule
		want   string
	}{
		"All": {
			reason: "what is shipped is enough", narrow: func(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule { return rules },
			want: "  ✔ ServiceAccount OFFICE/fairlead: it may do all that is needed: NEEDED rights were asked for\n",
		},
		"None": {
			reason: "nothing was bound", narrow: func([]rbacv1.PolicyRule) []rbacv1.PolicyRule { return nil },
			want: "  ✗ ServiceAccount OFFICE/fairlead: it has none of the NEEDED rights that it needs: its roles aren't bound\n" +
				reinstall,
		},
		"NoSecrets": {
			reason: "somebody thought better of it", narrow: func(rules []rbacv1.PolicyRule) (left []rbacv1.PolicyRule) {
				for _, rule := range rules {
					if rule.Resources[0] != "namespaces" && rule.Resources[0] != "leases" {
						left = append(left, rule)
					}
				}
				return left
			},
			want: "  ✗ ServiceAccount OFFICE/fairlead: it may not get namespaces in the whole cluster\n" +
				"  ✗ ServiceAccount OFFICE/fairlead: it may not get secrets in the whole cluster\n" +
				"  ✗ ServiceAccount OFFICE/fairlead: it may not create, get and update leases.coordination.k8s.io in namespace OFFICE\n" +
				reinstall,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.grant("fairlead", tc.narrow(rights.Cluster))
			o.Allow(account(o.Namespace, "fairlead"), tc.narrow(rights.Own)...)
			want := strings.ReplaceAll(tc.want, "NEEDED", strconv.Itoa(needed))
			asked := options()
			asked.Namespace, asked.ControllerNamespace = o.Namespace, o.Namespace
			if diff := cmp.Diff(want, about(o.named(looked(t, installed, "", asked)))["Rights of the controller"]); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			// In the cluster the ServiceAccount itself asks, which may ask about itself alone.
			user := fmt.Sprintf("system:serviceaccount:%s:fairlead", o.Namespace)
			if diff := cmp.Diff(want, about(o.named(looked(t, installed, user, asked)))["Rights of the controller"]); diff != "" {
				t.Errorf("asked by itself: %s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestOldestKubernetes holds the oldest version to that of the chart.
func TestOldestKubernetes(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../../config/chart/Chart.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var chart struct{ KubeVersion string }
	if err := yaml.Unmarshal(data, &chart); err != nil {
		t.Fatal(err)
	}
	oldest := regexp.MustCompile(`made for (1\.\d+) to`).FindStringSubmatch(looked(t, bare, "", options()))
	if len(oldest) != 2 || chart.KubeVersion != ">="+oldest[1]+".0-0" {
		t.Errorf("the chart says %s, the program %v", chart.KubeVersion, oldest)
	}
}
