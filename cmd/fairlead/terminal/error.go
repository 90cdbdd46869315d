package terminal

import "fmt"

// Error says why a command has no answer.
type Error struct {
	// Problem is the whole message: what was asked, what was found, and what to do.
	Problem string
	// Err is the cause, if there is one; its text is part of Problem.
	Err error
}

// Failf makes an Error that a terminal can be shown, whatever it quotes. cause may be nil.
func Failf(cause error, format string, args ...any) *Error {
	return &Error{Problem: Printable(fmt.Sprintf(format, args...)), Err: cause}
}

// Error implements error.
func (e *Error) Error() string { return e.Problem }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Terminal is true: asking again doesn't help before something is changed.
func (e *Error) Terminal() bool { return true }
