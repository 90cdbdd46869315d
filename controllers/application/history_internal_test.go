package application

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

func TestHistory(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	entry := func(revision string, verdict v1alpha1.Verdict, took time.Duration) v1alpha1.HistoryEntry {
		e := v1alpha1.HistoryEntry{Revision: revision, Time: metav1.NewMicroTime(start), Verdict: verdict}
		if verdict != v1alpha1.VerdictProgressing {
			e.Duration = &metav1.Duration{Duration: took}
		}
		return e
	}
	const limit = 10
	full := make([]v1alpha1.HistoryEntry, limit)
	for i := range full {
		full[i] = entry("old", v1alpha1.VerdictHealthy, time.Second)
	}
	cases := map[string]struct {
		reason string
		got    []v1alpha1.HistoryEntry
		want   []v1alpha1.HistoryEntry
	}{
		"First": {
			reason: "a rollout begins without a verdict",
			got:    begin(nil, v1alpha1.Head{Revision: "a"}, nil, limit, start),
			want:   []v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictProgressing, 0)},
		},
		"Superseded": {
			reason: "a newer revision ends a rollout that isn't over",
			got: begin([]v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictProgressing, 0)}, v1alpha1.Head{Revision: "b"}, nil,
				limit, start),
			want: []v1alpha1.HistoryEntry{entry("b", v1alpha1.VerdictProgressing, 0), entry("a", v1alpha1.VerdictSuperseded, 0)},
		},
		"Bounded": {
			reason: "the oldest entry goes",
			got:    begin(full, v1alpha1.Head{Revision: "a"}, nil, limit, start),
			want:   append([]v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictProgressing, 0)}, full[:limit-1]...),
		},
		"Unwanted": {
			reason: "a limit of 0 keeps nothing",
			got:    begin(full, v1alpha1.Head{Revision: "a"}, nil, 0, start),
			want:   []v1alpha1.HistoryEntry{},
		},
		"OfTheSync": {
			reason: "a sync that fails is told of its own rollout only",
			got:    concludeOf([]v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictProgressing, 0)}, "b", v1alpha1.VerdictDegraded, start),
			want:   []v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictProgressing, 0)},
		},
		"Failed": {
			reason: "a sync that fails ends its rollout",
			got:    concludeOf([]v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictProgressing, 0)}, "a", v1alpha1.VerdictDegraded, start.Add(time.Second)),
			want:   []v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictDegraded, time.Second)},
		},
		"Healthy": {
			reason: "health ends a rollout well",
			got:    judge([]v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictProgressing, 0)}, v1alpha1.HealthHealthy, start.Add(3*time.Second)),
			want:   []v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictHealthy, 3*time.Second)},
		},
		"Degraded": {
			reason: "a failed rollout is over too",
			got:    judge([]v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictProgressing, 0)}, v1alpha1.HealthDegraded, start.Add(time.Second)),
			want:   []v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictDegraded, time.Second)},
		},
		"NotOver": {
			reason: "nothing is said of a rollout under way",
			got:    judge([]v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictProgressing, 0)}, v1alpha1.HealthProgressing, start.Add(time.Second)),
			want:   []v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictProgressing, 0)},
		},
		"Final": {
			reason: "a verdict stands: what breaks later is health, not rollout",
			got:    judge([]v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictHealthy, time.Second)}, v1alpha1.HealthDegraded, start.Add(time.Hour)),
			want:   []v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictHealthy, time.Second)},
		},
		"Empty": {
			reason: "without a rollout there is no verdict",
			got:    judge(nil, v1alpha1.HealthHealthy, start),
			want:   nil,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, tc.got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestChangesOf(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason        string
		before, after []string
		want          []string
	}{
		"Same":                {reason: "what runs on is no change", before: []string{"r.example.com/a:1"}, after: []string{"r.example.com/a:1"}},
		"Tag":                 {reason: "another tag", before: []string{"r.example.com:5000/a:1", "b:1"}, after: []string{"r.example.com:5000/a:2", "b:1"}, want: []string{"r.example.com:5000/a:1 -> r.example.com:5000/a:2"}},
		"Digest":              {reason: "a digest in place of a tag", before: []string{"a:1"}, after: []string{"a:1@sha256:00"}, want: []string{"a:1 -> a:1@sha256:00"}},
		"NewcomersAndLeavers": {reason: "one that has no counterpart stands alone", before: []string{"a:1", "c"}, after: []string{"a:1", "b:1"}, want: []string{"-> b:1", "c ->"}},
		"PortOnly":            {reason: "a port is no tag", before: []string{"r.example.com:5000/a"}, after: []string{"r.example.com:5001/a"}, want: []string{"-> r.example.com:5001/a", "r.example.com:5000/a ->"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, changesOf(tc.before, tc.after)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	spec := v1alpha1.Backoff{Duration: metav1.Duration{Duration: 5 * time.Second}, Factor: 2, MaxDuration: metav1.Duration{Duration: 3 * time.Minute}}
	for retries, want := range map[int32]time.Duration{0: 5 * time.Second, 1: 10 * time.Second, 5: 160 * time.Second, 6: 3 * time.Minute, 1000: 3 * time.Minute} {
		if got := backoff(spec, retries); got != want {
			t.Errorf("after %d retries: want %s, got %s", retries, want, got)
		}
	}
}
