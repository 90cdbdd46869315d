package gitwriter

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

const (
	// maxField bounds each text that a message takes from outside.
	maxField = 400
	// maxShownValue bounds a value that stood in a file, which may be anything.
	maxShownValue = 128
)

// MessageData is what a message template sees as its dot. Every text is on one line and bounded.
type MessageData struct {
	// Policy is "namespace/name", Name its second part.
	Policy, Name string
	// Image is the repository, Tag the new tag, Digest what it stood for ("" if unknown).
	Image, Tag, Digest string
	// Selection says how the tag was selected.
	Selection string
	// From is the value that is replaced; several different ones are joined by ", ". It is "" if nothing stood there.
	From string
	// Changes are the targets that this commit writes.
	Changes []MessageChange
}

// MessageChange is one target of a commit.
type MessageChange struct {
	// File and Path say where.
	File, Path string
	// From is the value that is replaced, To the new one.
	From, To string
}

// The trailers that every commit ends with, whatever the template. Image-Target comes once a target; Image-From once if
// all targets had the same value, else once a target in the same order, and not at all where nothing stood.
const (
	TrailerPolicy = "Image-Policy"
	TrailerTarget = "Image-Target"
	TrailerFrom   = "Image-From"
	TrailerTo     = "Image-To"
)

// messageData gathers what a message is made of.
func messageData(s step) MessageData {
	c := s.change
	d := MessageData{
		Policy: oneLine(c.Policy, maxField), Image: oneLine(c.Image, maxField), Tag: oneLine(c.Tag, maxField),
		Digest: oneLine(c.Digest, maxField), Selection: oneLine(c.Selection, maxField),
	}
	d.Name = path.Base(d.Policy)
	var from []string
	for _, w := range s.written {
		change := MessageChange{
			File: oneLine(w.target.File, maxField), Path: oneLine(w.target.Path.String(), maxField),
			From: oneLine(w.previous, maxShownValue), To: d.Tag,
		}
		d.Changes = append(d.Changes, change)
		if change.From != "" && !slices.Contains(from, change.From) {
			from = append(from, change.From)
		}
	}
	d.From = strings.Join(from, ", ")
	return d
}

// message words a step's commit.
func (t *MessageTemplate) message(s step) (string, error) {
	d := messageData(s)
	text := defaultMessage(d)
	if t != nil && t.compiled != nil {
		var err error
		if text, err = t.execute(d); err != nil {
			return "", err
		}
	}
	return text + "\n\n" + trailers(d), nil
}

// defaultMessage is for a person: what went where from what to what, and who said so.
func defaultMessage(d MessageData) string {
	var b strings.Builder
	fmt.Fprintf(&b, "deploy(%s): ", d.Name)
	if d.From != "" {
		fmt.Fprintf(&b, "%s -> ", d.From)
	}
	fmt.Fprintf(&b, "%s\n\n", d.Tag)
	if d.Image != "" {
		fmt.Fprintf(&b, "%s:%s\n", d.Image, d.Tag)
	}
	fmt.Fprintf(&b, "selected by ImagePolicy %s", d.Policy)
	if d.Selection != "" {
		fmt.Fprintf(&b, ": %s", d.Selection)
	}
	return b.String()
}

// trailers is the last paragraph, for programs: git interpret-trailers(1) reads it.
func trailers(d MessageData) string {
	var b strings.Builder
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	line(TrailerPolicy, d.Policy)
	for _, c := range d.Changes {
		line(TrailerTarget, c.File+"#"+c.Path)
	}
	same := !slices.ContainsFunc(d.Changes, func(c MessageChange) bool { return c.From != d.Changes[0].From })
	for i, c := range d.Changes {
		if i == 0 || !same {
			line(TrailerFrom, c.From)
		}
	}
	to := d.Tag
	if d.Digest != "" {
		to += "@" + d.Digest
	}
	line(TrailerTo, to)
	return b.String()
}
