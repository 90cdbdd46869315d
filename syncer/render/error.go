package render

import (
	"fmt"
	"io/fs"
	"strings"
)

// Error says why a source can't be rendered. Only another source, or another revision, can help.
type Error struct {
	// Path of the source.
	Path string
	// Problem says what was found, where, and what to do, on one line.
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

// passing marks an error that isn't the source's fault: the file system couldn't read, or the caller has given up.
type passing struct{ err error }

func (p passing) Error() string { return p.err.Error() }
func (p passing) Unwrap() error { return p.err }

// missing says that a path leads to nothing.
type missing struct{ problem string }

func (m missing) Error() string { return m.problem }
func (m missing) Unwrap() error { return fs.ErrNotExist }

// oneLine puts Helm's messages, which spread over several lines, on one, and bounds its length.
func oneLine(message string) string {
	var words strings.Builder
	for line := range strings.Lines(message) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if words.Len() > 0 {
			words.WriteByte(' ')
		}
		words.WriteString(line)
	}
	text := words.String()
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + " ..."
	}
	return text
}
