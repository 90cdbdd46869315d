package configrepository

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// jitter is the part of an interval by which looks at remote heads are spread.
const jitter = 0.1

// looks remembers when each remote head is looked at next.
type looks struct {
	now func() time.Time

	mu      sync.Mutex
	entries map[types.NamespacedName]look
}

type look struct {
	next       time.Time
	generation int64
	asked      string
}

func newLooks(now func() time.Time) *looks {
	return &looks{now: now, entries: map[types.NamespacedName]look{}}
}

// wait is how long the next look is off; 0 when it is due: at its time, after a change of the spec, and after a new word
// in the reconcile-at annotation.
func (l *looks) wait(repository *v1alpha1.ConfigRepository) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	known, ok := l.entries[keyOf(repository)]
	if !ok || known.generation != repository.Generation || known.asked != repository.Annotations[v1alpha1.ReconcileAtAnnotation] {
		return 0
	}
	return max(0, known.next.Sub(l.now()))
}

// done sets the next look after the interval, give or take.
func (l *looks) done(repository *v1alpha1.ConfigRepository) {
	interval := float64(repository.Spec.Interval.Duration)
	wait := time.Duration(interval * (1 - jitter/2 + jitter*rand.Float64())) //nolint:gosec // no secret
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries[keyOf(repository)] = look{
		next: l.now().Add(wait), generation: repository.Generation, asked: repository.Annotations[v1alpha1.ReconcileAtAnnotation],
	}
}

// forget drops a repository; the next look is then due at once.
func (l *looks) forget(key types.NamespacedName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.entries, key)
}

func keyOf(repository *v1alpha1.ConfigRepository) types.NamespacedName {
	return types.NamespacedName{Namespace: repository.Namespace, Name: repository.Name}
}

// look asks the remote for its head when that is due. In between the head that is known counts: a push that was made on
// an old one is refused by the server and made anew.
func (r *Reconciler) look(ctx context.Context, s *scope) error {
	head, known := s.mirror.Head()
	if known && r.looks.wait(s.repository) > 0 {
		s.result.Head = head
		return nil
	}
	head, err := s.mirror.Refresh(ctx)
	if err != nil {
		s.reason = reasonOf(err)
		r.looks.forget(keyOf(s.repository))
		return err
	}
	s.result.Head = head
	r.looks.done(s.repository)
	return nil
}
