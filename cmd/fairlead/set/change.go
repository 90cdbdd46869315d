package set

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

// Change is one value that stands in a file and another one that is wanted there, both as they are shown to a person.
type Change struct {
	Path     edit.Path
	From, To string
}

// Make makes all of the edits or none. It returns the new content, or the very slice it was given if the values stand there
// already, and what changed, in the order of the edits. The error is *Error, or RefusedError with each edit that can't be made.
func Make(file string, content []byte, edits []edit.Edit) ([]byte, []Change, error) {
	splices, err := edit.Plan(content, edits)
	if err != nil {
		return nil, nil, &Error{File: file, Problem: err.Error(), Err: err}
	}
	draft := splices.Draft()
	var changes []Change
	var refusals RefusedError
	for i, e := range edits {
		if err := splices.Err(i); err != nil {
			refusals = append(refusals, &Error{File: file, Problem: err.Error(), Err: err})
		}
		if draft.Make(i) {
			changes = append(changes, newChange(e, splices.Current(i), splices.Kind(i)))
		}
	}
	if refusals != nil {
		return nil, nil, refusals
	}

	return draft.Bytes(), changes, nil
}

// newChange shows a change. What was no string says what it was: the new value is one, and may look the same.
func newChange(e edit.Edit, current string, kind edit.Kind) Change {
	switch kind {
	case edit.String:
		return Change{Path: e.Path, From: show(current), To: show(e.Value)}
	case edit.Null:
		return Change{Path: e.Path, From: "null", To: show(e.Value)}
	case edit.Number, edit.Boolean, edit.Other:
	}

	return Change{Path: e.Path, From: show(current) + " (" + string(kind) + ")", To: strconv.Quote(e.Value)}
}

// maxShown bounds, in bytes, how much of a value is shown.
const maxShown = 200

// show writes a value into a line: as it is if nobody can mistake it, else quoted.
func show(value string) string {
	if len(value) > maxShown {
		cut := maxShown
		for !utf8.RuneStart(value[cut]) {
			cut--
		}

		return strconv.Quote(value[:cut]) + "..."
	}
	if value == "" || value == "null" || strings.Contains(value, "->") || strings.ContainsFunc(value, isUnclear) {
		return strconv.Quote(value)
	}

	return value
}

func isUnclear(char rune) bool {
	return unicode.IsSpace(char) || !unicode.IsPrint(char) || strings.ContainsRune(`"'\()`, char)
}
