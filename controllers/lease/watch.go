package lease

import (
	"context"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// freshFor is how long an answer of the API server is taken for still true.
const freshFor = RetryPeriod

// Watch looks at one Lease now and then. It is safe for concurrent use.
type Watch struct {
	reader client.Reader
	key    client.ObjectKey
	now    func() time.Time

	mu sync.Mutex
	// asked is when the API server was asked last, and holder what it said.
	asked  time.Time
	holder string
	// version is that of the Lease as it was last seen to change, at changed by the clock here: clocks of machines differ, and a
	// holder whose clock is slow must not be taken for dead.
	version  string
	changed  time.Time
	duration time.Duration
}

// NewWatch watches the Lease of a name through a reader that has no cache.
func NewWatch(reader client.Reader, namespace, name string) *Watch {
	return &Watch{reader: reader, key: client.ObjectKey{Namespace: namespace, Name: name}, now: time.Now}
}

// Held says whether a process holds the Lease and lives. Of one that was never seen to renew that is assumed for as long as the
// Lease lasts.
func (w *Watch) Held(ctx context.Context) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.look(ctx); err != nil {
		return false, err
	}
	return w.holder != "" && w.now().Before(w.changed.Add(w.duration)), nil
}

// Address is where the holder is reached; "" if there is none, or it is reached nowhere.
func (w *Watch) Address(ctx context.Context) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.look(ctx); err != nil {
		return "", err
	}
	if !w.now().Before(w.changed.Add(w.duration)) {
		return "", nil // It is gone, and somebody else may have its address by now.
	}
	return addressOf(w.holder), nil
}

// look asks the API server, unless it was asked a moment ago. The caller holds the lock.
func (w *Watch) look(ctx context.Context) error {
	now := w.now()
	if !w.asked.IsZero() && now.Before(w.asked.Add(freshFor)) {
		return nil
	}
	var found coordinationv1.Lease
	if err := w.reader.Get(ctx, w.key, &found); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("look who holds Lease %s: %w", w.key, err)
	} else if apierrors.IsNotFound(err) {
		found = coordinationv1.Lease{}
	}
	w.asked, w.holder, w.duration = now, "", 0
	if found.Spec.HolderIdentity != nil {
		w.holder = *found.Spec.HolderIdentity
	}
	if found.Spec.LeaseDurationSeconds != nil {
		w.duration = time.Duration(*found.Spec.LeaseDurationSeconds) * time.Second
	}
	if found.ResourceVersion != w.version {
		w.version, w.changed = found.ResourceVersion, now
	}
	return nil
}
