// Package schedule remembers when each object is due to be looked at: a policy to be scanned, a remote head to be read.
//
// It knows intervals, jitter, and what asks for a look before its time. It must never know what a look is.
package schedule

import (
	"math/rand/v2"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// jitter is the part of an interval by which looks are spread, so that objects that were declared together don't ask
// their server together for ever.
const jitter = 0.1

// Schedule remembers when each object of a kind is due. It lives in memory: that a look found nothing new isn't worth a
// write to the API server. It is safe for concurrent use.
type Schedule struct {
	now func() time.Time

	mu      sync.Mutex
	entries map[types.NamespacedName]entry
}

// entry is what was known of an object when its next look was set.
type entry struct {
	next       time.Time
	uid        types.UID
	generation int64
	asked      string
}

// New returns a Schedule that knows no object, by the clock now.
func New(now func() time.Time) *Schedule {
	return &Schedule{now: now, entries: map[types.NamespacedName]entry{}}
}

// Wait is how long the next look at obj is off; 0 when it is due: at its time, and at once after a change of its spec or
// with a new word in its reconcile-at annotation. An object that isn't known yet, or was created anew since, is due after first.
func (s *Schedule) Wait(obj client.Object, first time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.entries[client.ObjectKeyFromObject(obj)]
	if !ok || known.uid != obj.GetUID() {
		known = s.entryOf(obj, first)
		s.entries[client.ObjectKeyFromObject(obj)] = known
	}
	if known.generation != obj.GetGeneration() || known.asked != obj.GetAnnotations()[v1alpha1.ReconcileAtAnnotation] {
		return 0
	}
	return max(0, known.next.Sub(s.now()))
}

// Done sets the next look after the interval, give or take, and returns how long it is off.
func (s *Schedule) Done(obj client.Object, interval time.Duration) time.Duration {
	wait := time.Duration(float64(interval) * (1 - jitter/2 + jitter*rand.Float64())) //nolint:gosec // no secret
	s.Delay(obj, wait)
	return wait
}

// Delay sets the next look to be this far off. With 0 the object stays due, as it is after a look that failed.
func (s *Schedule) Delay(obj client.Object, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries[client.ObjectKeyFromObject(obj)] = s.entryOf(obj, wait)
}

// Postpone sets the next look to be this far off, as Delay does, but an object that was asked for since its last look began
// stays due: entries are made when a look begins.
func (s *Schedule) Postpone(obj client.Object, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.entries[client.ObjectKeyFromObject(obj)]
	if !ok || known.uid != obj.GetUID() || known.generation != obj.GetGeneration() {
		return
	}
	known.next = s.now().Add(wait)
	s.entries[client.ObjectKeyFromObject(obj)] = known
}

// Advance brings the next look of an object that is known forward, to be at most this far off.
func (s *Schedule) Advance(key types.NamespacedName, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.entries[key]; ok {
		if next := s.now().Add(wait); next.Before(known.next) {
			known.next = next
			s.entries[key] = known
		}
	}
}

// Forget drops a deleted object.
func (s *Schedule) Forget(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entries, key)
}

func (s *Schedule) entryOf(obj client.Object, wait time.Duration) entry {
	return entry{
		next: s.now().Add(wait), uid: obj.GetUID(), generation: obj.GetGeneration(), asked: obj.GetAnnotations()[v1alpha1.ReconcileAtAnnotation],
	}
}

// Spread is a random part of an interval: looks that would all be due at once are spread by it.
func Spread(interval time.Duration) time.Duration {
	return time.Duration(rand.Float64() * float64(interval)) //nolint:gosec // no secret
}
