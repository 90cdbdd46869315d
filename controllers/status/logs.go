package status

import (
	"context"
	"errors"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// debug is the level of what every look does, whether or not anything came of it.
const debug = 1

// Loggers makes the loggers of a controller. Their lines name the object by its kind, and nothing else of how it came to be looked at.
// What controller-runtime tells of itself belongs to debug, and so does an error at every retry: the controllers tell when it is news.
func Loggers(base logr.Logger, controller, kind string) func(*reconcile.Request) logr.Logger {
	named := base.WithName(controller)
	ofObjects := logr.New(quietSink{base.WithName(controller).GetSink()}) // once: it writes to the sink
	return func(request *reconcile.Request) logr.Logger {
		if request == nil {
			return named.V(debug)
		}
		return ofObjects.WithValues(kind, request.String())
	}
}

// Failing logs that something began to fail: as an error where somebody has to act, and as information where it is tried again by
// itself.
func Failing(logger logr.Logger, err error, keysAndValues ...any) {
	if Terminal(err) {
		logger.Error(err, "stalled", keysAndValues...)
		return
	}
	logger.Info("failing, and tried again", append(keysAndValues, "error", err.Error())...)
}

// told is an error that stands in a status, and that the log has told of when it was news.
type told struct{ error }

// Unwrap gives the error.
func (t *told) Unwrap() error { return t.error }

// quietSink takes controller-runtime's line for every retry of an error down to debug if it was told, or if all that happened is
// that the process ends. It leaves out the number of the reconciliation, which says nothing to those who read of an object.
type quietSink struct{ logr.LogSink }

// Error implements logr.LogSink.
func (s quietSink) Error(err error, message string, keysAndValues ...any) {
	if known := (*told)(nil); !errors.As(err, &known) && !errors.Is(err, context.Canceled) {
		s.LogSink.Error(err, message, keysAndValues...)
	} else if s.Enabled(debug) {
		s.Info(debug, message, append(keysAndValues, "error", err.Error())...)
	}
}

// WithValues implements logr.LogSink.
func (s quietSink) WithValues(keysAndValues ...any) logr.LogSink { //nolint:ireturn // the interface asks for it
	if len(keysAndValues) == 2 && keysAndValues[0] == "reconcileID" {
		return s
	}
	return quietSink{s.LogSink.WithValues(keysAndValues...)}
}

// WithName implements logr.LogSink.
func (s quietSink) WithName(name string) logr.LogSink { //nolint:ireturn // the interface asks for it
	return quietSink{s.LogSink.WithName(name)}
}
