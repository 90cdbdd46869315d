// Package app answers for a person what Applications are and do, and asks for what is to be done with them: with the rights of
// that person, and by the same packages that the controller runs.
//
// It knows what is read from a cluster for an answer, and how the answer looks. It must never decide how something is
// rendered, compared, applied or committed itself: syncer/render, syncer and gitwriter do.
package app

import (
	"fmt"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// Error says what is wrong with the question, or why there is no answer.
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

// failf makes an Error that a terminal can be shown, whatever it quotes.
func failf(format string, args ...any) *Error {
	return &Error{Problem: terminal.Printable(fmt.Sprintf(format, args...))}
}

// causef is failf with a cause.
func causef(err error, format string, args ...any) *Error {
	failure := failf(format, args...)
	failure.Err = err
	return failure
}
