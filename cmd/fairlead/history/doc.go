// Package history answers for a person what a config repository's history says: which image stood where and when, who wrote
// it, and what became of it.
//
// It knows where repositories lie and how they are opened or cloned, how times are written, how the answer looks, and where an
// Application's files are. What happened is found by gitwriter/audit. It must never decide that itself, nor write to a
// repository or a cluster.
package history

import "fmt"

// Error says what is wrong with the question, or why there is no answer.
type Error struct {
	// Problem is the whole message: where, what was found, and what to do.
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

func failf(format string, args ...any) *Error { return &Error{Problem: fmt.Sprintf(format, args...)} }
