// Package terminal writes what a command has to say: as JSON, as YAML, or as text for a person, so that whatever foreign texts
// are in it, a terminal acts upon none.
//
// It knows characters and formats. It must never know what is said.
package terminal
