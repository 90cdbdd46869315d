package status

import (
	"errors"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Terminal says whether retrying can't help until somebody changes something: the error, or one that it wraps, says so
// of itself.
func Terminal(err error) bool {
	var classified interface{ Terminal() bool }
	return errors.As(err, &classified) && classified.Terminal()
}

// RetryAfter is how long the other side asked to be left alone, or 0.
func RetryAfter(err error) time.Duration {
	var classified interface{ RetryAfter() time.Duration }
	if errors.As(err, &classified) {
		return classified.RetryAfter()
	}
	return 0
}

// Result turns an error into what the work queue does next, in the one place where errors are classified: a terminal
// error waits for a change, one that names a time waits for it, the rest is retried with a growing delay. Without an
// error the object is looked at again after interval; 0 is never.
func Result(err error, interval time.Duration) (reconcile.Result, error) {
	switch {
	case err == nil:
		return reconcile.Result{RequeueAfter: interval}, nil
	case Terminal(err):
		return reconcile.Result{}, reconcile.TerminalError(&told{err})
	case RetryAfter(err) > 0:
		return reconcile.Result{RequeueAfter: RetryAfter(err)}, nil
	default:
		return reconcile.Result{}, &told{err}
	}
}
