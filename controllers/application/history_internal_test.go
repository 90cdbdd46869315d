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
	full := make([]v1alpha1.HistoryEntry, maxHistory)
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
			got:    begin(nil, v1alpha1.Head{Revision: "a"}, nil, start),
			want:   []v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictProgressing, 0)},
		},
		"Superseded": {
			reason: "a newer revision ends a rollout that isn't over",
			got: begin([]v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictProgressing, 0)}, v1alpha1.Head{Revision: "b"}, nil,
				start.Add(0)),
			want: []v1alpha1.HistoryEntry{entry("b", v1alpha1.VerdictProgressing, 0), entry("a", v1alpha1.VerdictSuperseded, 0)},
		},
		"Bounded": {
			reason: "the oldest entry goes",
			got:    begin(full, v1alpha1.Head{Revision: "a"}, nil, start),
			want:   append([]v1alpha1.HistoryEntry{entry("a", v1alpha1.VerdictProgressing, 0)}, full[:maxHistory-1]...),
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
