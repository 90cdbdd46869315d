// Package access turns the references of the kinds into what the packages below the controllers need: a Secret into the
// credentials of a remote or a registry, an Application into the ConfigRepository that serves it, a target into a file
// of a repository, a namespace into what an Application there may touch.
//
// It knows the names and keys that users write. It must never decide what is selected, committed or synced.
package access

import (
	"errors"
	"fmt"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// Error says which reference doesn't lead anywhere, and why.
type Error struct {
	// Reason for the object's conditions.
	Reason v1alpha1.Reason
	// Message says what was found and what to do.
	Message string
	// Final is true when only a change of an object that is watched can help.
	Final bool
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Terminal says whether retrying can't help until a watched object changes.
func (e *Error) Terminal() bool { return e.Final }

// ReasonOf is the reason that an error brings, or else the given one.
func ReasonOf(err error, otherwise v1alpha1.Reason) v1alpha1.Reason {
	if refused := (*Error)(nil); errors.As(err, &refused) {
		return refused.Reason
	}
	return otherwise
}

func failf(reason v1alpha1.Reason, final bool, format string, args ...any) *Error {
	return &Error{Reason: reason, Final: final, Message: fmt.Sprintf(format, args...)}
}
