package metrics_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/controllers/metrics"
)

const (
	alertsFile    = "../../config/chart/files/alerts.yaml"
	dashboardFile = "../../config/chart/files/dashboard.json"
	runbooks      = "../../docs/runbooks"
	runbookURL    = "https://github.com/fairlead/fairlead/blob/main/docs/runbooks/"
)

// alert is one rule.
type alert struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	For         string            `json:"for,omitempty"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

func alerts(t *testing.T) []alert {
	t.Helper()
	var file struct {
		Groups []struct {
			Name  string  `json:"name"`
			Rules []alert `json:"rules"`
		} `json:"groups"`
	}
	read(t, alertsFile, func(data []byte, into any) error { return yaml.UnmarshalStrict(data, into) }, &file)
	var all []alert
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

func read(t *testing.T, file string, parse func([]byte, any) error, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		t.Fatal(err)
	}
	if err := parse(data, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	known := newVocabulary(t)
	for _, a := range alerts(t) {
		for _, problem := range known.problems(a.Expr) {
			t.Errorf("%s: %s", a.Alert, problem)
		}
		if strings.Contains(a.Expr, "_state{") && !strings.HasPrefix(a.Expr, "max by (namespace, name) (") {
			t.Errorf("%s begins to wait anew whenever another pod shows its series, or another label of them changes: let it begin with max by (namespace, name)", a.Alert)
		}
		if !slices.Contains([]string{"critical", "warning", "info"}, a.Labels["severity"]) {
			t.Errorf("%s has the severity %q", a.Alert, a.Labels["severity"])
		}
		if got := slices.Sorted(maps.Keys(a.Annotations)); !slices.Equal(got, []string{"description", "runbook_url", "summary"}) {
			t.Errorf("%s has the annotations %v", a.Alert, got)
		}
		if got := a.Annotations["runbook_url"]; got != runbookURL+a.Alert+".md" {
			t.Errorf("%s leads to %s", a.Alert, got)
		}
		if page, err := os.ReadFile(filepath.Join(runbooks, filepath.Base(a.Alert)+".md")); err != nil || !strings.Contains(string(page), "```promql\n"+a.Expr+"\n```") {
			t.Errorf("the runbook of %s doesn't show its expression: %v", a.Alert, err)
		}
	}
}

func TestEachRunbookHasAnAlert(t *testing.T) {
	t.Parallel()
	var want, got, listed []string
	for _, a := range alerts(t) {
		want = append(want, a.Alert)
		listed = append(listed, fmt.Sprintf("| [%s](%s.md) | %s | %s |", a.Alert, a.Alert, a.Labels["severity"], a.Annotations["summary"]))
	}
	pages, err := filepath.Glob(filepath.Join(runbooks, "Fairlead*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		got = append(got, strings.TrimSuffix(filepath.Base(page), ".md"))
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-alerts, +runbooks:\n%s", diff)
	}
	index, err := os.ReadFile(filepath.Join(runbooks, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range listed {
		if !strings.Contains(string(index), line+"\n") {
			t.Errorf("docs/runbooks/README.md lacks %s", line)
		}
	}
}

func TestDashboard(t *testing.T) {
	t.Parallel()
	known := newVocabulary(t)
	var dashboard struct {
		Templating struct {
			List []struct {
				Name string `json:"name"`
				Type string `json:"type"`
			} `json:"list"`
		} `json:"templating"`
		Panels []struct {
			ID         int    `json:"id"`
			Type       string `json:"type"`
			Title      string `json:"title"`
			Datasource struct {
				UID string `json:"uid"`
			} `json:"datasource"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	read(t, dashboardFile, json.Unmarshal, &dashboard)
	if first := dashboard.Templating.List[0]; first.Name != "datasource" || first.Type != "datasource" {
		t.Errorf("the first variable is %+v, not the data source", first)
	}
	ids := map[int]bool{}
	for _, panel := range dashboard.Panels {
		if ids[panel.ID] {
			t.Errorf("%s: another panel has the id %d", panel.Title, panel.ID)
		}
		ids[panel.ID] = true
		if panel.Type == "row" {
			continue
		}
		if panel.Datasource.UID != "${datasource}" || len(panel.Targets) == 0 {
			t.Errorf("%s shows nothing of the data source", panel.Title)
		}
		for _, target := range panel.Targets {
			for _, problem := range known.problems(target.Expr) {
				t.Errorf("%s: %s", panel.Title, problem)
			}
		}
	}
}

// vocabulary is what expressions may speak of.
type vocabulary struct {
	// metrics with the values of their labels; a nil list is any value.
	metrics map[string]map[string][]string
}

var (
	metricName = regexp.MustCompile(`\b(?:fairlead|controller_runtime|workqueue|process|leader_election|rest_client)_[a-z_]+\b`)
	selector   = regexp.MustCompile(`([a-z_]+)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`^([a-z_]+)(=|!=|=~|!~)"([^"]*)"$`)
	grouping   = regexp.MustCompile(`by \(([a-z_, ]+)\)`)
)

func newVocabulary(t *testing.T) vocabulary {
	t.Helper()
	made, _ := newMetrics(t)
	controllers := []string{"imagepolicy", "configrepository", "application"}
	v := vocabulary{metrics: map[string]map[string][]string{
		// Those of other packages that are served with ours.
		"controller_runtime_reconcile_errors_total":        {"controller": controllers},
		"controller_runtime_reconcile_time_seconds_bucket": {"controller": controllers, "le": nil},
		"workqueue_depth":               {"name": controllers},
		"process_cpu_seconds_total":     {},
		"process_resident_memory_bytes": {},
		"leader_election_master_status": {"name": {"fairlead-controller", "fairlead-update", "fairlead-sync"}},
	}}
	for _, d := range made.Definitions() {
		labels := map[string][]string{}
		for _, label := range d.Labels {
			labels[label.Name] = label.Values
		}
		if d.Type != metrics.Histogram {
			v.metrics[d.Name] = labels
			continue
		}
		v.metrics[d.Name+"_count"], v.metrics[d.Name+"_sum"] = labels, labels
		withBounds := maps.Clone(labels)
		withBounds["le"] = nil
		v.metrics[d.Name+"_bucket"] = withBounds
	}
	return v
}

// problems are what an expression says of metrics that isn't so.
func (v vocabulary) problems(expr string) []string {
	var problems []string
	names := metricName.FindAllString(regexp.MustCompile(`"[^"]*"`).ReplaceAllString(expr, ""), -1)
	if len(names) == 0 {
		problems = append(problems, "names no metric: "+expr)
	}
	var labels []string
	for _, name := range names {
		if v.metrics[name] == nil {
			problems = append(problems, "there is no metric "+name)
		}
		labels = slices.AppendSeq(labels, maps.Keys(v.metrics[name]))
	}
	for _, found := range selector.FindAllStringSubmatch(expr, -1) {
		for text := range strings.SplitSeq(found[2], ",") {
			problems = append(problems, v.wrong(found[1], text)...)
		}
	}
	for _, found := range grouping.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(found[1], ", ") {
			if !slices.Contains(labels, label) {
				problems = append(problems, "no metric of it has the label "+label)
			}
		}
	}
	if strings.Count(expr, "(") != strings.Count(expr, ")") {
		problems = append(problems, "its parentheses don't match")
	}
	return problems
}

// wrong says what is wrong with a matcher of a metric.
func (v vocabulary) wrong(metric, text string) []string {
	parts := matcher.FindStringSubmatch(text)
	if parts == nil {
		return []string{fmt.Sprintf("%s{%s}: no matcher", metric, text)}
	}
	values, ok := v.metrics[metric][parts[1]]
	if !ok {
		return []string{fmt.Sprintf("%s has no label %s", metric, parts[1])}
	}
	var problems []string
	for value := range strings.SplitSeq(parts[3], "|") {
		if values != nil && !slices.Contains(values, value) {
			problems = append(problems, fmt.Sprintf("%s{%s}: %q is none of %v", metric, text, value, values))
		}
	}
	return problems
}

func TestProblems(t *testing.T) {
	t.Parallel()
	known := newVocabulary(t)
	cases := map[string]struct {
		reason, expr string
		want         []string
	}{
		"Good":     {reason: "as it is", expr: `sum by (stage) (rate(fairlead_stage_duration_seconds_count{stage=~"applied|healthy"}[5m])) > 0`},
		"Metric":   {reason: "misspelt", expr: `fairlead_scan_total > 0`, want: []string{"there is no metric fairlead_scan_total"}},
		"Label":    {reason: "one that it hasn't", expr: `fairlead_scans_total{kind="x"}`, want: []string{"fairlead_scans_total has no label kind"}},
		"Value":    {reason: "one that never is", expr: `fairlead_pushes_total{result="ok"}`, want: []string{`fairlead_pushes_total{result="ok"}: "ok" is none of [pushed refused conflict failed]`}},
		"Grouping": {reason: "by nothing", expr: `sum by (host) (fairlead_scans_total)`, want: []string{"no metric of it has the label host"}},
		"None":     {reason: "nothing is asked", expr: `1 > 0`, want: []string{"names no metric: 1 > 0"}},
		"Open":     {reason: "not closed", expr: `sum(fairlead_scans_total`, want: []string{"its parentheses don't match"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, known.problems(tc.expr)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
