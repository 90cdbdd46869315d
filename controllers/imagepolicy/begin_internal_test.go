package imagepolicy

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/schedule"
)

// TestRenew has another policy find new tags while a scan is under way.
func TestRenew(t *testing.T) {
	t.Parallel()
	const interval = time.Hour
	before := time.Unix(1_000, 0)
	renewed := before.Add(time.Second)
	cases := map[string]struct {
		reason string
		listed time.Time
		want   time.Duration
	}{
		"SameListing":  {reason: "a scan that waited for that listing has seen the tags: the next is an interval later", listed: renewed, want: interval},
		"LaterListing": {reason: "so has one with a later listing", listed: renewed.Add(time.Second), want: interval + time.Second},
		"OlderListing": {reason: "one that decided by an older listing is repeated at once", listed: before, want: 0},
		"NoListing":    {reason: "so is one that failed before it had any", want: 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := renewed
			clock := func() time.Time { return now }
			r := &Reconciler{schedule: schedule.New(clock), memory: newMemory(), now: clock}
			policy := &v1alpha1.ImagePolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "fairlead", Name: "www", Generation: 1}}
			policy.Spec.Interval.Duration = interval
			key := client.ObjectKeyFromObject(policy)
			r.memory.begin(key, before.Add(-hintEvery))
			r.schedule.Delay(policy, interval)
			r.renew(key, renewed)
			found := scanned("v1.0.36")
			found.listed, found.late = c.listed, 1
			r.end(policy, &scanning{scan: found})
			if got := r.schedule.Wait(policy, 0); got != c.want {
				t.Errorf("%s: the next scan is %s off, want %s", c.reason, got, c.want)
			}
		})
	}
}
