package imagepolicy

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
)

func scanned(tag string) *scan {
	return &scan{latest: v1alpha1.SelectedTag{Tag: tag, Selection: "semver >=1.0.0, newest of 2 tags"}, tags: 2, eligible: 2, requests: 1}
}

func TestRecordWritesOnlyWhatIsNew(t *testing.T) {
	t.Parallel()
	places := []place{{Place: access.Place{Repository: "config", File: "values.yaml"}, path: "www.tag"}}
	policy := &v1alpha1.ImagePolicy{ObjectMeta: metav1.ObjectMeta{Generation: 1}}
	record(policy, places, scanned("v1.0.35"))
	first := policy.DeepCopy()
	later := scanned("v1.0.35")
	later.time, later.tags, later.requests = metav1.NewMicroTime(time.Unix(1e9, 0)), 3, 7
	record(policy, places, later)
	if !equality.Semantic.DeepEqual(first, policy) {
		t.Errorf("a scan that found nothing new writes nothing:\n%s", cmp.Diff(first, policy))
	}
	record(policy, places, nil)
	if !equality.Semantic.DeepEqual(first, policy) {
		t.Errorf("neither does a look at the targets:\n%s", cmp.Diff(first, policy))
	}
}

func TestRecordTargets(t *testing.T) {
	t.Parallel()
	here := access.Place{Repository: "config", File: "values.yaml"}
	cases := map[string]struct {
		reason string
		known  v1alpha1.TargetStatus
		place  place
		newTag bool
		want   v1alpha1.TargetStatus
	}{
		"New": {
			reason: "a target that nobody has looked at is pending",
			place:  place{Place: here, path: "tag"},
			want: v1alpha1.TargetStatus{
				Repository: "config", File: "values.yaml", Path: "tag", Reason: v1alpha1.ReasonPending,
				Message: "v1.0.36 is selected, and not yet committed to values.yaml in ConfigRepository config",
			},
		},
		"Done": {
			reason: "what holds the tag waits for nothing",
			known:  v1alpha1.TargetStatus{Repository: "config", File: "values.yaml", Path: "tag", Current: "v1.0.36", Reason: v1alpha1.ReasonPending, Message: "m"},
			place:  place{Place: here, path: "tag"},
			want:   v1alpha1.TargetStatus{Repository: "config", File: "values.yaml", Path: "tag", Current: "v1.0.36"},
		},
		"Refused": {
			reason: "what the writer said stands until it says otherwise",
			known:  v1alpha1.TargetStatus{Repository: "config", File: "values.yaml", Path: "tag", Reason: v1alpha1.ReasonEditRefused, Message: "m"},
			place:  place{Place: here, path: "tag"}, newTag: true,
			want: v1alpha1.TargetStatus{Repository: "config", File: "values.yaml", Path: "tag", Reason: v1alpha1.ReasonEditRefused, Message: "m"},
		},
		"Moved": {
			reason: "what was found elsewhere says nothing of here",
			known:  v1alpha1.TargetStatus{Repository: "config", File: "old.yaml", Path: "tag", Current: "v1.0.36"},
			place:  place{Place: here, path: "tag"},
			want: v1alpha1.TargetStatus{
				Repository: "config", File: "values.yaml", Path: "tag", Reason: v1alpha1.ReasonPending,
				Message: "v1.0.36 is selected, and not yet committed to values.yaml in ConfigRepository config",
			},
		},
		"StillNewer": {
			reason: "a later version in Git stays the answer for the same tag",
			known:  v1alpha1.TargetStatus{Repository: "config", File: "values.yaml", Path: "tag", Current: "v2.0.0", Reason: v1alpha1.ReasonNewerInGit, Message: "m"},
			place:  place{Place: here, path: "tag"},
			want:   v1alpha1.TargetStatus{Repository: "config", File: "values.yaml", Path: "tag", Current: "v2.0.0", Reason: v1alpha1.ReasonNewerInGit, Message: "m"},
		},
		"Unresolved": {
			reason: "the reference is what is wrong",
			known:  v1alpha1.TargetStatus{Repository: "config", File: "values.yaml", Path: "tag", Current: "v1.0.36"},
			place:  place{path: "tag", err: errors.New("gone")},
			want:   v1alpha1.TargetStatus{Path: "tag", Reason: v1alpha1.ReasonTargetNotResolved, Message: "gone"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			known := v1alpha1.ImagePolicyStatus{Latest: &v1alpha1.SelectedTag{Tag: "v1.0.36"}, Targets: []v1alpha1.TargetStatus{tc.known}}
			if diff := cmp.Diff([]v1alpha1.TargetStatus{tc.want}, recordTargets(known, []place{tc.place}, tc.newTag)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestFirstScan(t *testing.T) {
	t.Parallel()
	policy := &v1alpha1.ImagePolicy{ObjectMeta: metav1.ObjectMeta{Name: "www", Generation: 1}, Spec: v1alpha1.ImagePolicySpec{Interval: metav1.Duration{Duration: time.Minute}}}
	if got := firstScan(policy); got != 0 {
		t.Errorf("a new policy is scanned at once, got %s", got)
	}
	record(policy, nil, scanned("v1.0.35"))
	spread := map[time.Duration]bool{}
	for range 100 {
		spread[firstScan(policy)] = true
	}
	if len(spread) < 50 {
		t.Errorf("after a restart the scans are spread over the interval, got %d different times of 100", len(spread))
	}
}
