// Package set replaces values in a YAML file of a person's or a pipeline's own, as `fairlead set` does: it knows how the
// file is read and replaced on disk, and how a change is told.
//
// What is a legal edit and which bytes it replaces is decided by gitwriter/edit, which is what the controller runs. It must
// never decide anything of that itself, nor know Git, clusters or registries.
package set

import (
	"errors"
	"fmt"
	"strings"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

// Error says why a file isn't changed.
type Error struct {
	// File is the file's name as it was given.
	File string
	// Problem is what was found, and what to do about it.
	Problem string
	// Err is the cause, if there is one.
	Err error
}

// Error names the file and the problem.
func (e *Error) Error() string { return e.File + ": " + e.Problem }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Terminal is true where the file or the edits must change; an error of the file system may pass.
func (e *Error) Terminal() bool {
	_, refused := errors.AsType[*edit.Error](e.Err)

	return refused || e.Err == nil
}

// RefusedError is all edits of a file that can't be made.
type RefusedError []*Error

// Error has a line for each.
func (r RefusedError) Error() string {
	lines := make([]string, len(r))
	for i, refusal := range r {
		lines[i] = refusal.Error()
	}

	return strings.Join(lines, "\n")
}

// Terminal is true: another file or other edits are needed.
func (RefusedError) Terminal() bool { return true }

// ParseEdits reads arguments KEYPATH=VALUE. Each key path may be named once.
func ParseEdits(arguments []string) ([]edit.Edit, error) {
	edits := make([]edit.Edit, len(arguments))
	seen := make(map[edit.Path]struct{}, len(arguments))
	for i, argument := range arguments {
		var err error
		if edits[i], err = edit.ParseEdit(argument); err != nil {
			return nil, err
		}
		if _, twice := seen[edits[i].Path]; twice {
			return nil, fmt.Errorf("%s: given twice: name each key path once", edits[i].Path)
		}
		seen[edits[i].Path] = struct{}{}
	}

	return edits, nil
}
