// Package render prints what an Application renders to, with no cluster: from a manifest of the Application, and a folder or a
// commit of the config repository.
//
// It knows where files lie on this machine, and how the answer looks. It must never know how anything is rendered, nor ask a
// cluster or a network.
package render

import (
	"fmt"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// Error says what is wrong with the question.
type Error struct{ problem string }

// Error implements error.
func (e *Error) Error() string { return e.problem }

// Terminal is true: asking again doesn't help before something is changed.
func (e *Error) Terminal() bool { return true }

// failf makes an Error that a terminal can be shown, whatever it quotes.
func failf(format string, args ...any) *Error {
	return &Error{problem: terminal.Printable(fmt.Sprintf(format, args...))}
}
