package imagepolicy

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// TestRecordNewest follows a tag that isn't taken into the status, and out of it.
func TestRecordNewest(t *testing.T) {
	t.Parallel()
	policy := &v1alpha1.ImagePolicy{ObjectMeta: metav1.ObjectMeta{Generation: 1}}
	outside := &v1alpha1.NewestTag{Tag: "v2.0.0", Reason: "OutsideRange", Message: `outside the range "1.x"`}
	found := scanned("v1.0.36")
	found.judged, found.newest = true, outside
	if !isNews(policy, found) {
		t.Error("a first scan is news")
	}
	record(policy, nil, found)
	if diff := cmp.Diff(outside, policy.Status.Newest); diff != "" {
		t.Errorf("status.newest: -want, +got:\n%s", diff)
	}
	if isNews(policy, found) {
		t.Error("the same tag out of the range again is no news")
	}
	failed := &scan{generation: 1, image: found.image, err: errors.New("down")}
	record(policy, nil, failed)
	if diff := cmp.Diff(outside, policy.Status.Newest); diff != "" {
		t.Errorf("a scan that saw no tags takes nothing back: -want, +got:\n%s", diff)
	}
	found.newest = nil
	record(policy, nil, found)
	if got := policy.Status.Newest; got != nil {
		t.Errorf("the newest is the selected one, and status.newest is %v", got)
	}
}

func TestRecordObeyed(t *testing.T) {
	t.Parallel()
	policy := &v1alpha1.ImagePolicy{ObjectMeta: metav1.ObjectMeta{Generation: 1}}
	record(policy, nil, scanned("v1.0.36"))
	asked := scanned("v1.0.36")
	asked.obeyed = "now"
	if !isNews(policy, asked) {
		t.Error("a scan that was asked for is told of, whatever it found")
	}
	record(policy, nil, asked)
	if got := policy.Status.LastHandledReconcileAt; got != "now" {
		t.Errorf("status.lastHandledReconcileAt is %q", got)
	}
}

// busy is a host that wants to be left alone.
type busy time.Duration

func (busy) Error() string               { return "busy" }
func (b busy) RetryAfter() time.Duration { return time.Duration(b) }

func TestRetryAt(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 14, 0, 20, 0, time.UTC)
	cases := map[string]struct {
		reason string
		err    error
		want   *metav1.Time
	}{
		"None":  {reason: "all is well"},
		"Plain": {reason: "nobody named a time", err: errors.New("down")},
		"Soon":  {reason: "it is over before somebody looks", err: busy(20 * time.Second)},
		"Long":  {reason: "the minute after it", err: busy(5 * time.Minute), want: &metav1.Time{Time: time.Date(2026, 11, 23, 14, 6, 0, 0, time.UTC)}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, retryAt(&scan{time: metav1.NewMicroTime(at), err: tc.err})); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
