package imagepolicy

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
)

func scanned(tag string) *scan {
	return &scan{
		generation: 1, image: "registry.example.com/www",
		latest: v1alpha1.SelectedTag{Tag: tag, Digest: "sha256:aa", Selection: "semver >=1.0.0, newest of 2 tags"}, tags: 2, eligible: 2, requests: 1,
	}
}

func TestRecordWritesOnlyWhatIsNew(t *testing.T) {
	t.Parallel()
	places := []place{{
		Place: access.Place{Repository: "config", File: "values.yaml"}, target: v1alpha1.Target{Tag: "www.tag"}, path: "www.tag",
	}}
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
			place:  place{Place: here, target: v1alpha1.Target{Tag: "tag"}, path: "tag"},
			want: v1alpha1.TargetStatus{
				Repository: "config", File: "values.yaml", Path: "tag", Reason: v1alpha1.ReasonPending,
				Message: "v1.0.36 is selected, and not yet committed to values.yaml in ConfigRepository config",
			},
		},
		"Done": {
			reason: "what holds the tag waits for nothing",
			known:  v1alpha1.TargetStatus{Repository: "config", File: "values.yaml", Path: "tag", Current: "v1.0.36", Reason: v1alpha1.ReasonPending, Message: "m"},
			place:  place{Place: here, target: v1alpha1.Target{Tag: "tag"}, path: "tag"},
			want:   v1alpha1.TargetStatus{Repository: "config", File: "values.yaml", Path: "tag", Current: "v1.0.36"},
		},
		"Refused": {
			reason: "what the writer said stands until it says otherwise",
			known:  v1alpha1.TargetStatus{Repository: "config", File: "values.yaml", Path: "tag", Reason: v1alpha1.ReasonEditRefused, Message: "m"},
			place:  place{Place: here, target: v1alpha1.Target{Tag: "tag"}, path: "tag"}, newTag: true,
			want: v1alpha1.TargetStatus{Repository: "config", File: "values.yaml", Path: "tag", Reason: v1alpha1.ReasonEditRefused, Message: "m"},
		},
		"Moved": {
			reason: "what was found elsewhere says nothing of here",
			known:  v1alpha1.TargetStatus{Repository: "config", File: "old.yaml", Path: "tag", Current: "v1.0.36"},
			place:  place{Place: here, target: v1alpha1.Target{Tag: "tag"}, path: "tag"},
			want: v1alpha1.TargetStatus{
				Repository: "config", File: "values.yaml", Path: "tag", Reason: v1alpha1.ReasonPending,
				Message: "v1.0.36 is selected, and not yet committed to values.yaml in ConfigRepository config",
			},
		},
		"StillNewer": {
			reason: "a later version in Git stays the answer for the same tag",
			known:  v1alpha1.TargetStatus{Repository: "config", File: "values.yaml", Path: "tag", Current: "v2.0.0", Reason: v1alpha1.ReasonNewerInGit, Message: "m"},
			place:  place{Place: here, target: v1alpha1.Target{Tag: "tag"}, path: "tag"},
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
			policy := &v1alpha1.ImagePolicy{Status: v1alpha1.ImagePolicyStatus{
				Latest: &v1alpha1.SelectedTag{Tag: "v1.0.36"}, Targets: []v1alpha1.TargetStatus{tc.known},
			}}
			if diff := cmp.Diff([]v1alpha1.TargetStatus{tc.want}, recordTargets(policy, []place{tc.place}, tc.newTag)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestFirstScan(t *testing.T) {
	t.Parallel()
	policy := &v1alpha1.ImagePolicy{ObjectMeta: metav1.ObjectMeta{Name: "www", Generation: 1}, Spec: v1alpha1.ImagePolicySpec{Interval: metav1.Duration{Duration: time.Minute}}}
	if got := firstScan(policy, time.Now()); got != 0 {
		t.Errorf("a new policy is scanned at once, got %s", got)
	}
	record(policy, nil, scanned("v1.0.35"))
	spread := map[time.Duration]bool{}
	for range 100 {
		spread[firstScan(policy, time.Now())] = true
	}
	if len(spread) < 50 {
		t.Errorf("after a restart the scans are spread over the interval, got %d different times of 100", len(spread))
	}
	policy.Spec.MinimumAge.Duration = time.Hour
	policy.Status.Waiting = []v1alpha1.WaitingTag{{Tag: "v1.0.36", FirstSeen: metav1.NewMicroTime(time.Now().Add(-time.Hour))}}
	if got := firstScan(policy, time.Now()); got > 0 {
		t.Errorf("a tag that became old enough meanwhile waits no longer, got %s", got)
	}
}

func TestRecordMutation(t *testing.T) {
	t.Parallel()
	policy := &v1alpha1.ImagePolicy{ObjectMeta: metav1.ObjectMeta{Generation: 1}}
	record(policy, nil, scanned("v1.0.35"))
	pushedAgain := scanned("v1.0.35")
	pushedAgain.looked, pushedAgain.mutated = true, "sha256:bb"
	notLooked := scanned("v1.0.35")
	lookedAndSame := scanned("v1.0.35")
	lookedAndSame.looked = true
	const message = "v1.0.35 was selected as sha256:aa, and is sha256:bb in the registry now: " +
		"push a new tag, or set onMutation: Commit to have it written where a target has a digest"
	steps := []struct {
		reason string
		found  *scan
		want   string
	}{
		{reason: "another digest is reported", found: pushedAgain, want: message},
		{reason: "a scan that didn't look says nothing of it", found: notLooked, want: message},
		{reason: "the digest that was selected is back", found: lookedAndSame},
		{reason: "and another again", found: pushedAgain, want: message},
		{reason: "another tag is another matter", found: scanned("v1.0.36")},
	}
	for _, step := range steps {
		record(policy, nil, step.found)
		got := ""
		if condition := meta.FindStatusCondition(policy.Status.Conditions, v1alpha1.ConditionTagMutated); condition != nil {
			got = condition.Message
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", step.reason, diff)
		}
	}
}

func TestRecordOfAnotherImage(t *testing.T) {
	t.Parallel()
	policy := &v1alpha1.ImagePolicy{ObjectMeta: metav1.ObjectMeta{Generation: 1}}
	record(policy, nil, scanned("v1.0.35"))
	failed := &scan{generation: 1, image: "registry.example.com/other", reason: v1alpha1.ReasonRegistryFailed, err: errors.New("down")}
	record(policy, nil, failed)
	if policy.Status.Latest != nil || policy.Status.Image != "registry.example.com/other" {
		t.Errorf("what was selected from another image is no longer selected: %+v", policy.Status)
	}
	stale := scanned("v1.0.36")
	stale.generation = 0
	record(policy, nil, stale)
	if policy.Status.Latest != nil {
		t.Errorf("a scan that followed another spec says nothing: %+v", policy.Status.Latest)
	}
}
