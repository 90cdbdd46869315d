package install_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRefusals holds what the chart says to values that can't be meant: a typo must not be taken for a default.
func TestRefusals(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		set    []string
		want   string
	}{
		"Typo":          {"a value that doesn't exist would do nothing", []string{"replicaCount=2"}, "at '': additional properties 'replicaCount' not allowed"},
		"NestedTypo":    {"at every depth", []string{"metrics.servicemonitor.enabled=true"}, "at '/metrics': additional properties 'servicemonitor' not allowed"},
		"Boolean":       {"text isn't true", []string{"crds.keep=never"}, "at '/crds/keep': got string, want boolean"},
		"Digest":        {"a digest has a form", []string{"image.digest=latest"}, "at '/image/digest': 'latest' does not match pattern '^(sha256:[0-9a-f]{64})?$'"},
		"TagInName":     {"a tag has its own value", []string{"image.repository=registry.example.com/fairlead@sha256:0"}, `at '/image/repository': 'registry.example.com/fairlead@sha256:0' does not match pattern '^[^\\s:@]+(:[0-9]+)?(/[^\\s:@]+)*$'`},
		"Port":          {"ports end at 65535", []string{"metrics.port=80800"}, "at '/metrics/port': maximum: got 80,800, want 65,535"},
		"Concurrency":   {"the controller would refuse it, in a pod that nobody looks at", []string{"controller.registryConcurrency=0"}, "at '/controller/registryConcurrency': minimum: got 0, want 1"},
		"Controllers":   {"there are two sides", []string{"controller.controllers={scan}"}, "at '/controller/controllers/0': value must be one of 'update', 'sync'"},
		"NoSide":        {"nothing would run", []string{"controller.controllers=null"}, "at '/controller': missing property 'controllers'"},
		"SideAlone":     {"the controller would refuse it, in a pod that nobody looks at", []string{"controller.controllers={sync}", "controller.leaderElect=false"}, "controller.controllers is sync alone and controller.leaderElect false: the sides know by their Leases which one follows the branches: elect leaders"},
		"SamePort":      {"the controller would refuse it, in a pod that nobody looks at", []string{"metrics.port=9292"}, "metrics.port and webhooks.port are both 9292: give one of them another port"},
		"Duration":      {"a number without a unit", []string{"controller.gatheringWindow=5"}, "at '/controller/gatheringWindow': got number, want string"},
		"LongWindow":    {"the controller would refuse it, in a pod that nobody looks at", []string{"controller.gatheringWindow=5m"}, `at '/controller/gatheringWindow': '5m' does not match pattern '^(0|[1-5]?[0-9]{1,4}ms|60000ms|[1-5]?[0-9](\\.[0-9]+)?s|60s|1m)$'`},
		"NoSection":     {"Helm takes null for: not there", []string{"metrics=null"}, "at '': missing property 'metrics'"},
		"NoIngress":     {"at every depth", []string{"webhooks.ingress=null"}, "at '/webhooks': missing property 'ingress'"},
		"Nobody":        {"every pod that names no ServiceAccount would get the rights", []string{"serviceAccount.create=false"}, "serviceAccount.create is false and serviceAccount.name empty: the rights would go to the ServiceAccount default, as which every pod runs that names none: name another one, or set rbac.create to false"},
		"ServiceType":   {"an ExternalName selects no pods", []string{"webhooks.service.type=ExternalName"}, "at '/webhooks/service/type': value must be one of 'ClusterIP', 'NodePort', 'LoadBalancer'"},
		"Rule":          {"a rule without verbs grants nothing", []string{"rbac.sync.rules[0].apiGroups={apps}"}, "at '/rbac/sync/rules/0': missing property 'verbs'"},
		"WatchVerbs":    {"what is watched is listed and watched", []string{"rbac.sync.watch[0].verbs={list}", "rbac.sync.watch[0].apiGroups={apps}", "rbac.sync.watch[0].resources={deployments}"}, "at '/rbac/sync/watch/0': additional properties 'verbs' not allowed"},
		"Leaderless":    {"all at once would race each other", []string{"replicas=2", "controller.leaderElect=false"}, "replicas is 2 and controller.leaderElect false: all replicas would work at once: elect a leader, or run one"},
		"BudgetTwice":   {"Kubernetes takes one of them", []string{"podDisruptionBudget.enabled=true", "podDisruptionBudget.minAvailable=1", "podDisruptionBudget.maxUnavailable=1"}, "podDisruptionBudget.minAvailable and maxUnavailable are both set: leave one of them empty"},
		"IngressAlone":  {"nobody would listen", []string{"webhooks.enabled=false", "webhooks.ingress.enabled=true"}, "webhooks.ingress.enabled is true and webhooks.enabled false: nothing would answer: enable webhooks, too"},
		"IngressNoHost": {"it would take the traffic of every host", []string{"webhooks.ingress.enabled=true"}, "webhooks.ingress.hosts is empty: name the host that registries and Git hosts post to"},
		"NotNarrowed":   {"a list that narrows nothing gives false comfort", []string{"rbac.sync.namespaces={web}"}, "rbac.sync.namespaces and rbac.sync.watch narrow nothing while rbac.sync.clusterWide is true: set it to false, or leave them out"},
		"NoMetrics":     {"there would be nothing to scrape", []string{"metrics.enabled=false", "metrics.serviceMonitor.enabled=true"}, "metrics.serviceMonitor.enabled is true and metrics.enabled false: there would be no metrics: enable them, too"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var args []string
			for _, value := range tc.set {
				args = append(args, "--set", value)
			}
			_, err := template(t, args...)
			got := ""
			if err != nil {
				got = refusal(err.Error())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

var where = regexp.MustCompile(`^Error: execution error at \([^)]*\): `)

// refusal is the last thing that helm says, without the way that led there, which differs from version to version.
func refusal(message string) string {
	message = strings.TrimSuffix(strings.TrimSpace(message), "\n\nUse --debug flag to render out invalid YAML")
	lines := strings.Split(message, "\n")
	last := strings.TrimPrefix(strings.TrimSpace(lines[len(lines)-1]), "- ")
	return where.ReplaceAllString(last, "")
}
