// Package get tells how far each microservice is on its way from the registry to its pods, in one line: what is newest, what is
// selected, what stands in Git, what is deployed, which pods run it, and what it waits for.
//
// It knows what is read from a cluster for that, and how a line looks. It must never decide anything, write anywhere, or ask a
// registry or a Git server: all that it tells stands in objects.
package get

import (
	"fmt"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// Error says why there is no answer.
type Error struct {
	// Problem is the whole message: what was asked, what was found, and what to do.
	Problem string
	// Err is the cause, if there is one; its text is part of Problem.
	Err error
}

// Error implements error.
func (e *Error) Error() string { return e.Problem }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Terminal is true: asking again doesn't help before something is changed.
func (e *Error) Terminal() bool { return true }

func failf(err error, format string, args ...any) *Error {
	return &Error{Problem: terminal.Printable(fmt.Sprintf(format, args...)), Err: err}
}
