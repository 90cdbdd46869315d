package syncer

import (
	"errors"
	"fmt"
	"strings"
)

// ObjectError says what is wrong with one object.
type ObjectError struct {
	// Object names it.
	Object string
	// Problem says what was found and what to do.
	Problem string
	// Final: only another manifest can help.
	Final bool
	// Err is the cause, if there is one; its text is part of Problem.
	Err error
}

// Error implements error.
func (e *ObjectError) Error() string { return e.Object + ": " + e.Problem }

// Unwrap gives the cause.
func (e *ObjectError) Unwrap() error { return e.Err }

// Terminal says whether only another manifest can help.
func (e *ObjectError) Terminal() bool { return e.Final }

// maxReported is the number of objects that a joined error names.
const maxReported = 5

// joinedError is the failure of several objects, in their order. It is terminal when all of them are.
type joinedError struct{ failures []error }

// Join makes one error of several, on one line; nil of none.
func Join(failures []error) error {
	switch len(failures) {
	case 0:
		return nil
	case 1:
		return failures[0]
	}
	return &joinedError{failures: failures}
}

// Error names the first failures and counts the others.
func (e *joinedError) Error() string {
	messages := make([]string, 0, maxReported+1)
	for _, failure := range e.failures[:min(maxReported, len(e.failures))] {
		messages = append(messages, failure.Error())
	}
	if more := len(e.failures) - len(messages); more > 0 {
		messages = append(messages, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(messages, "; ")
}

// Unwrap gives the failures.
func (e *joinedError) Unwrap() []error { return e.failures }

// Terminal says whether every failure is.
func (e *joinedError) Terminal() bool {
	for _, failure := range e.failures {
		var classified interface{ Terminal() bool }
		if !errors.As(failure, &classified) || !classified.Terminal() {
			return false
		}
	}
	return true
}
