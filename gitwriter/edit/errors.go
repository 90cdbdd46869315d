package edit

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Error says why a file can't be edited at a path, and what to do about it.
type Error struct {
	// Path is the key path that was asked for; empty when the file as a whole is refused.
	Path string
	// Line and Column are the place in the file, counted from 1, Column in characters (not bytes) without a byte order mark.
	// They are 0 where there is no place to name.
	Line, Column int
	// Problem is what was found.
	Problem string
	// Hint is what to do; empty when the problem says it all.
	Hint string
}

// Error returns place, path, problem and hint in one line: "line 3, column 5: www.tag: ...: ...".
func (e *Error) Error() string {
	parts := make([]string, 0, 4)
	switch {
	case e.Line > 0 && e.Column > 0:
		parts = append(parts, fmt.Sprintf("line %d, column %d", e.Line, e.Column))
	case e.Line > 0:
		parts = append(parts, fmt.Sprintf("line %d", e.Line))
	}
	for _, part := range []string{e.Path, e.Problem, e.Hint} {
		if part != "" {
			parts = append(parts, part)
		}
	}

	return strings.Join(parts, ": ")
}

// Terminal is always true: an edit is a pure function, so that only another file, path or value can change the outcome.
func (*Error) Terminal() bool { return true }

// refuse makes an Error at a node.
func refuse(path string, node *yaml.Node, problem, hint string) *Error {
	return &Error{Path: path, Line: node.Line, Column: node.Column, Problem: problem, Hint: hint}
}

// maxShown bounds, in characters, what of a file's or caller's text is repeated in a message.
const maxShown = 60

// shorten cuts foreign text to a length that is fit for a message.
func shorten(text string) string {
	if utf8.RuneCountInString(text) <= maxShown {
		return text
	}

	return string([]rune(text)[:maxShown]) + "..."
}
