// Package explain answers for a person which tag an ImagePolicy takes, and why each other tag is not taken: from files,
// with neither a cluster nor a network, or from a cluster, as the person who asks.
//
// It knows how the files are written, what the API server makes of a policy, and how an answer looks. What it answers is
// decided by registry/selection through controllers/choice, which is what the controller runs. It must never decide
// anything itself, write to a cluster, nor know Git.
package explain

import (
	"fmt"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// Error says what is wrong with the question: a file, a policy, or what can't be read.
type Error struct {
	// Problem is the whole message: where, what was found, and what to do.
	Problem string
}

// Error implements error.
func (e *Error) Error() string { return e.Problem }

// Terminal is true: asking again doesn't help before something is changed.
func (e *Error) Terminal() bool { return true }

// failf makes an Error that a terminal can be shown, whatever it quotes.
func failf(format string, args ...any) *Error {
	return &Error{Problem: terminal.Printable(fmt.Sprintf(format, args...))}
}
