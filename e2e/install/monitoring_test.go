package install_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// TestMonitoring holds what the chart wraps for Prometheus and Grafana to the files themselves: nothing in them is taken for
// a template of Helm.
func TestMonitoring(t *testing.T) {
	t.Parallel()
	rendered, err := template(t, "--set", "metrics.prometheusRule.enabled=true", "--set", "metrics.dashboard.enabled=true",
		"--set", "metrics.prometheusRule.namespace=monitoring", "--set", "metrics.dashboard.annotations.grafana_folder=Releases")
	if err != nil {
		t.Fatal(err)
	}
	all := byName(objects(t, rendered))

	alerts, dashboard := readYAML(t, "alerts.yaml"), readYAML(t, "dashboard.json")
	rule := all["PrometheusRule/fairlead"]
	if rule == nil || rule.GetNamespace() != "monitoring" {
		t.Fatalf("want a PrometheusRule in monitoring, got %v", rule)
	}
	if diff := cmp.Diff(map[string]any{"groups": alerts["groups"]}, rule.Object["spec"]); diff != "" {
		t.Errorf("-files/alerts.yaml, +PrometheusRule:\n%s", diff)
	}

	config := all["ConfigMap/fairlead-dashboard"]
	if config == nil || config.GetLabels()["grafana_dashboard"] != "1" || config.GetAnnotations()["grafana_folder"] != "Releases" {
		t.Fatalf("want a ConfigMap that Grafana's sidecar finds, got %v", config)
	}
	text, _, err := unstructured.NestedString(config.Object, "data", "fairlead.json")
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(dashboard, got); diff != "" {
		t.Errorf("-files/dashboard.json, +ConfigMap:\n%s", diff)
	}
}

func readYAML(t *testing.T, name string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(chart, "files", name))
	if err != nil {
		t.Fatal(err)
	}
	var read map[string]any
	if err := yaml.Unmarshal(data, &read); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return read
}
