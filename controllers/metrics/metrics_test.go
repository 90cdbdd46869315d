package metrics_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/controllers/metrics"
)

// shown are the series of a metric with their values; a histogram shows its count and its sum.
func shown(family *dto.MetricFamily) map[string]string {
	all := map[string]string{}
	for _, metric := range family.GetMetric() {
		var labels []string
		for _, label := range metric.GetLabel() {
			labels = append(labels, label.GetName()+"="+label.GetValue())
		}
		value := fmt.Sprint(metric.GetCounter().GetValue())
		if histogram := metric.GetHistogram(); histogram != nil {
			value = fmt.Sprintf("%d in %gs", histogram.GetSampleCount(), histogram.GetSampleSum())
		}
		if value != "0" && !strings.HasPrefix(value, "0 in") {
			all[strings.Join(labels, ",")] = value
		}
	}
	return all
}

func named(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: "fairlead", Name: name}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	const asked = "fairlead_registry_requests_total"
	m, registry := newMetrics(t)
	steps := []struct {
		reason string
		do     func()
		want   map[string]string
	}{
		{
			reason: "a host that no policy names, as where an answer came after its last policy went, has no series of its own",
			do:     func() { m.RegistryAsked("evil.example.com", 200, time.Second) },
			want:   map[string]string{"code=2xx,host=other": "1"},
		},
		{
			reason: "two policies name one host; every class of answer counts alone, and a made-up status is none",
			do: func() {
				m.Uses(named("www"), "registry.example.com")
				m.Uses(named("api"), "registry.example.com")
				for _, status := range []int{200, 204, 429, 503, 0, 999} {
					m.RegistryAsked("registry.example.com", status, time.Second)
				}
			},
			want: map[string]string{
				"code=2xx,host=other": "1", "code=2xx,host=registry.example.com": "2", "code=429,host=registry.example.com": "1",
				"code=5xx,host=registry.example.com": "1", "code=error,host=registry.example.com": "2",
			},
		},
		{
			reason: "one of the two moves on",
			do: func() {
				m.Uses(named("api"), "other.example.com")
				m.RegistryAsked("registry.example.com", 503, time.Second)
			},
			want: map[string]string{
				"code=2xx,host=other": "1", "code=2xx,host=registry.example.com": "2", "code=429,host=registry.example.com": "1",
				"code=5xx,host=registry.example.com": "2", "code=error,host=registry.example.com": "2",
			},
		},
		{
			reason: "the series of a host go with the last policy that names it",
			do:     func() { m.ForgetPolicy(named("www")); m.ForgetPolicy(named("www")) },
			want:   map[string]string{"code=2xx,host=other": "1"},
		},
		{
			reason: "whoever may declare policies can't make more than a hundred hosts count alone",
			do: func() {
				for i := range 200 {
					host := fmt.Sprintf("r%03d.example.com", i)
					m.Uses(named(host), host)
					m.RegistryAsked(host, 404, time.Second)
				}
				for i := range 200 {
					m.ForgetPolicy(named(fmt.Sprintf("r%03d.example.com", i)))
				}
			},
			want: map[string]string{"code=2xx,host=other": "1", "code=404,host=other": "101"},
		},
	}
	for _, step := range steps {
		step.do()
		if diff := cmp.Diff(step.want, shown(gather(t, registry)[asked])); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", step.reason, diff)
		}
	}
}

func TestStages(t *testing.T) {
	t.Parallel()
	const stages = "fairlead_stage_duration_seconds"
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	rollout := func(revision string) metrics.Rollout {
		return metrics.Rollout{Repository: named("config"), Revision: revision, Application: "www", Created: at(2)}
	}
	cases := map[string]struct {
		reason string
		do     func(*metrics.Metrics)
		want   map[string]string
	}{
		"Whole": {
			reason: "a release is timed from stage to stage, and in all from the oldest tag that it brings",
			do: func(m *metrics.Metrics) {
				m.HeadFound(named("config"), "aa", at(3), metrics.Release{Application: "www", Due: at(0)},
					metrics.Release{Application: "www", Due: at(1)}, metrics.Release{Application: "api", Due: at(-9)})
				m.Applied(rollout("aa"), at(5))
				m.Healthy(rollout("aa"), at(5), at(9))
			},
			want: map[string]string{"stage=committed": "3 in 17s", "stage=applied": "1 in 2s", "stage=healthy": "1 in 4s", "stage=released": "1 in 9s"},
		},
		"Human": {
			reason: "somebody's own commit has no tag that was seen",
			do: func(m *metrics.Metrics) {
				m.HeadFound(named("config"), "aa", at(3))
				m.Applied(rollout("aa"), at(5))
				m.Healthy(rollout("aa"), at(5), at(9))
			},
			want: map[string]string{"stage=applied": "1 in 2s", "stage=healthy": "1 in 4s"},
		},
		"NoApplication": {
			reason: "a target that names a repository concerns whoever applies the commit",
			do: func(m *metrics.Metrics) {
				m.HeadFound(named("config"), "aa", at(3), metrics.Release{Due: at(1)})
				m.Healthy(rollout("aa"), at(5), at(9))
			},
			want: map[string]string{"stage=committed": "1 in 2s", "stage=healthy": "1 in 4s", "stage=released": "1 in 8s"},
		},
		"Unknown": {
			reason: "after a restart nobody knows when a revision was pushed",
			do: func(m *metrics.Metrics) {
				m.Applied(rollout("aa"), at(5))
				m.Healthy(rollout("aa"), at(5), at(9))
			},
			want: map[string]string{"stage=healthy": "1 in 4s"},
		},
		"Again": {
			reason: "an edit of the spec rolls the same revision out anew, long after it was pushed",
			do: func(m *metrics.Metrics) {
				m.HeadFound(named("config"), "aa", at(3), metrics.Release{Application: "www", Due: at(0)})
				again := rollout("aa")
				again.Again = true
				m.Applied(again, at(500))
				m.Healthy(again, at(500), at(501))
			},
			want: map[string]string{"stage=committed": "1 in 3s", "stage=healthy": "1 in 1s"},
		},
		"New": {
			reason: "an Application that is declared later has nothing to do with when its revision was pushed",
			do: func(m *metrics.Metrics) {
				m.HeadFound(named("config"), "aa", at(1), metrics.Release{Application: "www", Due: at(0)})
				m.Applied(rollout("aa"), at(500))
				m.Healthy(rollout("aa"), at(500), at(501))
			},
			want: map[string]string{"stage=committed": "1 in 1s", "stage=healthy": "1 in 1s"},
		},
		"Found": {
			reason: "a head that is found after it was pushed was known since the push",
			do: func(m *metrics.Metrics) {
				m.HeadFound(named("config"), "aa", at(3), metrics.Release{Application: "www", Due: at(0)})
				m.HeadFound(named("config"), "aa", at(4))
				m.Applied(rollout("aa"), at(5))
			},
			want: map[string]string{"stage=committed": "1 in 3s", "stage=applied": "1 in 2s"},
		},
		"Forgotten": {
			reason: "only so many heads are remembered",
			do: func(m *metrics.Metrics) {
				for i := range 2000 {
					m.HeadFound(named("config"), strconv.Itoa(i), at(3))
				}
				m.Applied(rollout("0"), at(5))
				m.Applied(rollout("1999"), at(5))
			},
			want: map[string]string{"stage=applied": "1 in 2s"},
		},
		"Clocks": {
			reason: "a clock that was set back makes no negative time",
			do: func(m *metrics.Metrics) {
				m.HeadFound(named("config"), "aa", at(3), metrics.Release{Application: "www", Due: at(7)})
			},
			want: map[string]string{"stage=committed": "1 in 0s"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, registry := newMetrics(t)
			tc.do(m)
			if diff := cmp.Diff(tc.want, shown(gather(t, registry)[stages])); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	m, registry := newMetrics(t)
	m.WebhookReceived("harbor", 202, 2)
	m.WebhookReceived("harbor", 202, 0)
	m.WebhookReceived("harbor", 200, 0)
	m.WebhookReceived("github", 400, 0)
	m.WebhookReceived("", 401, 0)
	m.WebhookReceived("", 413, 0)
	m.WebhookReceived("", 429, 0)
	m.WebhookReceived("", 503, 0)
	want := map[string]string{
		"provider=harbor,result=accepted": "1", "provider=harbor,result=ignored": "2", "provider=github,result=refused": "1",
		"provider=unknown,result=refused": "2", "provider=unknown,result=limited": "1", "provider=unknown,result=failed": "1",
	}
	if diff := cmp.Diff(want, shown(gather(t, registry)["fairlead_webhooks_total"])); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}
