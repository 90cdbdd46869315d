package audit

import (
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
)

// Objects gives the raw bytes of a repository's objects. Bytes that it gave are not changed by anybody.
type Objects interface {
	// Object reads one object of the given type. An error that has ErrMissing in it says that the repository lacks it.
	Object(kind plumbing.ObjectType, id plumbing.Hash) ([]byte, error)
}

// ErrMissing is in the error of an object that a repository lacks.
var ErrMissing = errors.New("object not found")

// Error says why a history can't be read.
type Error struct {
	// Problem is the whole message: what was being read, what was found, and what to do.
	Problem string
	// Err is the cause, if there is one; its text is part of Problem.
	Err error
}

// Error implements error.
func (e *Error) Error() string { return e.Problem }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Terminal is true: the same repository reads the same way.
func (e *Error) Terminal() bool { return true }

// reader asks for objects and words what goes wrong.
type reader struct{ objects Objects }

func (r reader) read(kind plumbing.ObjectType, id plumbing.Hash) ([]byte, error) {
	body, err := r.objects.Object(kind, id)
	switch {
	case errors.Is(err, ErrMissing):
		return nil, &Error{
			Problem: fmt.Sprintf("read the history: the repository lacks the %s %s: a partial clone hasn't got all that history "+
				"needs: make a full one with git clone, or run git fetch --refetch --no-filter", kind, id),
			Err: err,
		}
	case err != nil:
		return nil, &Error{Problem: fmt.Sprintf("read the history: %s %s: %v: git fsck says more", kind, id, err), Err: err}
	default:
		return body, nil
	}
}

func malformed(kind plumbing.ObjectType, id plumbing.Hash) error {
	return &Error{Problem: fmt.Sprintf("read the history: the %s %s is malformed: git fsck says more", kind, id)}
}
