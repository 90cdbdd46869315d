package metrics_test

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/controllers/metrics"
)

// newMetrics makes metrics that show no objects.
func newMetrics(t *testing.T) (*metrics.Metrics, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	made, err := metrics.New(metrics.Options{Registerer: registry, Version: "v1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	return made, registry
}

// gather returns what is served, by name.
func gather(t *testing.T, registry prometheus.Gatherer) map[string]*dto.MetricFamily {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]*dto.MetricFamily{}
	for _, family := range families {
		byName[family.GetName()] = family
	}
	return byName
}

func TestDefinitionsAreServed(t *testing.T) {
	t.Parallel()
	made, registry := newMetrics(t)
	made.Uses(types.NamespacedName{Name: "www"}, "registry.example.com")
	made.RegistryAsked("registry.example.com", 200, time.Second)
	made.WebhookReceived("harbor", http.StatusAccepted, 1)
	served := gather(t, registry)
	for _, d := range made.Definitions() {
		family, ok := served[d.Name]
		if !ok && d.Type == metrics.Gauge {
			continue // read off the objects, of which there are none
		}
		if !ok {
			t.Errorf("%s isn't served", d.Name)
			continue
		}
		if got := strings.ToLower(family.GetType().String()); got != string(d.Type) || family.GetHelp() != d.Help {
			t.Errorf("%s is served as %s, %q", d.Name, got, family.GetHelp())
		}
		var want, got []string
		for _, label := range d.Labels {
			want = append(want, label.Name)
		}
		for _, label := range family.GetMetric()[0].GetLabel() {
			got = append(got, label.GetName())
		}
		slices.Sort(want)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("labels of %s: -want, +got:\n%s", d.Name, diff)
		}
	}
}

func TestLint(t *testing.T) {
	t.Parallel()
	made, registry := newMetrics(t)
	families := slices.Collect(func(yield func(*dto.MetricFamily) bool) {
		for _, family := range gather(t, registry) {
			if !yield(family) {
				return
			}
		}
	})
	for _, d := range made.Definitions() { // those of objects, too
		if d.Type == metrics.Gauge {
			families = append(families, &dto.MetricFamily{Name: &d.Name, Help: &d.Help, Type: dto.MetricType_GAUGE.Enum()})
		}
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
}

func TestEveryLabelIsBounded(t *testing.T) {
	t.Parallel()
	made, _ := newMetrics(t)
	for _, d := range made.Definitions() {
		if !strings.HasPrefix(d.Name, "fairlead_") || !strings.HasSuffix(d.Help, ".") {
			t.Errorf("%s, %q: a name begins with fairlead_, and a help is a sentence", d.Name, d.Help)
		}
		for _, label := range d.Labels {
			if label.Bounds() == "" {
				t.Errorf("nothing bounds the label %s of %s", label.Name, d.Name)
			}
		}
	}
}

func TestRegisteredTwice(t *testing.T) {
	t.Parallel()
	_, registry := newMetrics(t)
	_, err := metrics.New(metrics.Options{Registerer: registry})
	if twice := (prometheus.AlreadyRegisteredError{}); !errors.As(err, &twice) {
		t.Errorf("got %v", err)
	}
}

var update = flag.Bool("update", false, "write the table of docs/metrics.md")

const page = "../../docs/metrics.md"

// TestDocumented holds the table of docs/metrics.md against the code.
func TestDocumented(t *testing.T) {
	t.Parallel()
	made, _ := newMetrics(t)
	var want []string
	for _, d := range made.Definitions() {
		var labels []string
		for _, label := range d.Labels {
			labels = append(labels, fmt.Sprintf("`%s`: %s", label.Name, label.Bounds()))
		}
		want = append(want, fmt.Sprintf("| `%s` | %s | %s | %s |", d.Name, d.Type, cmp.Or(strings.Join(labels, "; "), "none"), d.Help))
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const head = "|---|---|---|---|\n"
	before, after, found := strings.Cut(string(text), head)
	table, rest, ends := strings.Cut(after, "\n\n")
	if !found || !ends {
		t.Fatalf("%s has no table of four columns", page)
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+head+strings.Join(want, "\n")+"\n\n"+rest), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	got := strings.Split(table, "\n")
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("docs/metrics.md: -what the code says, +what the page says:\n%s", diff)
	}
}
