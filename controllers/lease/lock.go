package lease

import (
	"context"
	"fmt"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// Lock is the lock of a Lease that remembers why it can't be had. It is safe for concurrent use.
type Lock struct {
	resourcelock.Interface

	refused atomic.Pointer[error]
}

// Refused is why this process can never hold the Lease unless somebody changes the cluster: a right is missing, or the namespace. It
// is nil where others hold it, and where the API server didn't answer.
func (l *Lock) Refused() error {
	if refused := l.refused.Load(); refused != nil {
		return *refused
	}
	return nil
}

// Get implements resourcelock.Interface.
func (l *Lock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := l.Interface.Get(ctx)
	if err == nil || !apierrors.IsNotFound(err) { // One that isn't there is created.
		l.note(err)
	}
	return record, raw, err //nolint:wrapcheck // the caller looks for what it is
}

// Create implements resourcelock.Interface.
func (l *Lock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	err := l.Interface.Create(ctx, record)
	l.note(err)
	return err //nolint:wrapcheck // the caller looks for what it is
}

// Update implements resourcelock.Interface.
func (l *Lock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	err := l.Interface.Update(ctx, record)
	l.note(err)
	return err //nolint:wrapcheck // the caller looks for what it is
}

// note remembers an answer of the API server. No answer says nothing.
func (l *Lock) note(err error) {
	switch {
	case err == nil:
		l.refused.Store(nil)
	case apierrors.IsForbidden(err) || apierrors.IsNotFound(err):
		refused := fmt.Errorf("the Lease %s, by which one of several replicas works, can't be taken: %w", l.Describe(), err)
		l.refused.Store(&refused)
	}
}
