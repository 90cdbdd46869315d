package render

import "fmt"

// Error says why a source can't be rendered. Only another source, or another revision, can help.
type Error struct {
	// Path of the source.
	Path string
	// Problem says what was found, where, and what to do.
	Problem string
	// Err is the cause, if there is one; its text is part of Problem.
	Err error
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("render %s: %s", e.Path, e.Problem) }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Terminal reports true: the same files give the same error.
func (e *Error) Terminal() bool { return true }
