package main

import "errors"

// Exit statuses of the program. Commands that say more by it say so in their help.
const (
	exitFailed   = 1
	exitBadInput = 2
)

// exitError is an error that says with which status the program ends. Without one in it everything has been said.
type exitError struct {
	status int
	err    error
}

// Error implements error.
func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

// Unwrap returns the error in it.
func (e *exitError) Unwrap() error { return e.err }

// exitStatus is the status that an error of a command stands for.
func exitStatus(err error) int {
	if exit, ok := errors.AsType[*exitError](err); ok {
		return exit.status
	}
	return exitFailed
}

// badInput makes an error of a command end the program with exitBadInput, unless it has a status of its own.
func badInput(err error) error {
	if _, ok := errors.AsType[*exitError](err); ok || err == nil {
		return err
	}
	return &exitError{status: exitBadInput, err: err}
}
