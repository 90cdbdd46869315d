package imagepolicy

import (
	"math/rand/v2"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// jitter is the part of an interval by which scans are spread, so that policies that were declared together don't ask
// their registry together for ever.
const jitter = 0.1

// schedule remembers when each policy is scanned next. It lives in memory: that a scan found nothing new isn't worth a
// write to the API server.
type schedule struct {
	now func() time.Time

	mu      sync.Mutex
	entries map[types.NamespacedName]entry
}

// entry is what was known of a policy when its next scan was set.
type entry struct {
	next       time.Time
	generation int64
	asked      string
}

func newSchedule(now func() time.Time) *schedule {
	return &schedule{now: now, entries: map[types.NamespacedName]entry{}}
}

// wait is how long the next scan of the policy is off; 0 when it is due. It is due at its time, at once after a change of
// the spec or a new word in the reconcile-at annotation, and at once for a policy that was never scanned. A restart
// scans none at once that an earlier process has scanned: they are spread over their interval.
func (s *schedule) wait(policy *v1alpha1.ImagePolicy) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := types.NamespacedName{Namespace: policy.Namespace, Name: policy.Name}
	known, ok := s.entries[key]
	if !ok {
		known = s.entryOf(policy)
		if scannedBefore(policy) {
			known.next = s.now().Add(spread(policy.Spec.Interval.Duration))
		}
		s.entries[key] = known
	}
	if known.generation != policy.Generation || known.asked != policy.Annotations[v1alpha1.ReconcileAtAnnotation] {
		return 0
	}
	return max(0, known.next.Sub(s.now()))
}

// begin notes that a scan begins for the policy as it stands. Until it is done the policy is due, so that a failed scan
// is tried again.
func (s *schedule) begin(policy *v1alpha1.ImagePolicy) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries[types.NamespacedName{Namespace: policy.Namespace, Name: policy.Name}] = s.entryOf(policy)
}

// done sets the next scan after the interval, give or take, and returns how long it is off.
func (s *schedule) done(policy *v1alpha1.ImagePolicy) time.Duration {
	interval := policy.Spec.Interval.Duration
	wait := interval - time.Duration(jitter/2*float64(interval)) + time.Duration(jitter*rand.Float64()*float64(interval)) //nolint:gosec // no secret
	s.delay(policy, wait)
	return wait
}

// delay sets the next scan to be this far off.
func (s *schedule) delay(policy *v1alpha1.ImagePolicy, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	scheduled := s.entryOf(policy)
	scheduled.next = s.now().Add(wait)
	s.entries[types.NamespacedName{Namespace: policy.Namespace, Name: policy.Name}] = scheduled
}

// forget drops a deleted policy.
func (s *schedule) forget(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entries, key)
}

func (s *schedule) entryOf(policy *v1alpha1.ImagePolicy) entry {
	return entry{next: s.now(), generation: policy.Generation, asked: policy.Annotations[v1alpha1.ReconcileAtAnnotation]}
}

func scannedBefore(policy *v1alpha1.ImagePolicy) bool {
	return policy.Status.ObservedGeneration == policy.Generation &&
		policy.Status.Latest != nil &&
		meta.IsStatusConditionTrue(policy.Status.Conditions, v1alpha1.ConditionSelected)
}

func spread(interval time.Duration) time.Duration {
	return time.Duration(rand.Float64() * float64(interval)) //nolint:gosec // no secret
}
