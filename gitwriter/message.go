package gitwriter

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

const (
	// maxField bounds each text that a message takes from outside.
	maxField = 400
	// maxShownValue bounds a value that stood in a file, which may be anything.
	maxShownValue = 256
)

// MessageData is what a message template sees as its dot: fields are added to it and never taken away. Every text is on one
// line and bounded.
type MessageData struct {
	// Policy is "namespace/name", Name its second part.
	Policy, Name string
	// Application is whom the changed files configure; several are joined by ", ", and it is "" if nobody is known.
	Application string
	// Image is the repository, Tag the selected tag, Digest what it stood for ("" if unknown).
	Image, Tag, Digest string
	// Reason says why this tag: how it was selected.
	Reason string
	// From and To tell the old image from the new one in as few words as possible: tags; where the tag stays, or isn't
	// written, digests of twelve digits; where only the repository changes, that. From is "" if nothing stood there;
	// several different ones are joined by ", ".
	From, To string
	// Changes are the values that this commit writes.
	Changes []MessageChange
}

// MessageChange is one value of a commit.
type MessageChange struct {
	// File and Path say where.
	File, Path string
	// Application is whom the file configures, "" if nobody is known.
	Application string
	// Part is what it holds: "tag", "digest", "repository" or "image".
	Part string
	// From is the value that is replaced, To the new one.
	From, To string
	// Digest and Reason are those of the whole: what the tag stood for, and why it was selected.
	Digest, Reason string
}

// The trailers that every commit ends with, whatever the template.
const (
	// TrailerPolicy is the policy, once.
	TrailerPolicy = "Image-Policy"
	// TrailerTarget is "file#path", once for each value that is written.
	TrailerTarget = "Image-Target"
	// TrailerFrom is what the values' targets said before: "tag", "tag@digest" or "digest". It stands once if that is the
	// same for all, and then not at all where they said nothing; else once for each Image-Target, in the same order.
	TrailerFrom = "Image-From"
	// TrailerTo is the selected tag, and behind an at sign the digest, if it is known; once.
	TrailerTo = "Image-To"
	// TrailerSeen is when the selected tag was first seen in the registry, by RFC 3339 in UTC; once, if that is known.
	TrailerSeen = "Image-Seen"
)

// messageData gathers what a message is made of.
func messageData(s step) MessageData {
	c := s.change
	d := MessageData{
		Policy: oneLine(c.Policy, maxField), Image: oneLine(c.Image, maxField), Tag: oneLine(c.Tag, maxField),
		Digest: oneLine(c.Digest, maxField), Reason: oneLine(c.Selection, maxField),
	}
	d.Name = path.Base(d.Policy)
	d.From, d.To = differences(s)
	var applications []string
	for _, w := range s.written {
		application := oneLine(w.target.Application, maxField)
		if application != "" && !slices.Contains(applications, application) {
			applications = append(applications, application)
		}
		for _, i := range w.changed {
			v := w.target.Values[i]
			d.Changes = append(d.Changes, MessageChange{
				File: oneLine(w.target.File, maxField), Path: oneLine(v.Path.String(), maxField), Application: application,
				Part: string(v.Part), From: oneLine(w.previous[i], maxShownValue), To: oneLine(v.Value, maxField),
				Digest: d.Digest, Reason: d.Reason,
			})
		}
	}
	d.Application = strings.Join(applications, ", ")
	return d
}

// differences tells the old images of a step from the new one. Where the targets differ in different ways, the tag is what
// they all come to.
func differences(s step) (from, to string) {
	var olds []string
	for i, w := range s.written {
		now := referenceOf(w.target.Values, w.target.wanted())
		old, fresh := referenceOf(w.target.Values, w.previous).oneLine().difference(now)
		if i > 0 && fresh != to {
			fresh = s.change.Tag
		}
		to = fresh
		if old != "" && !slices.Contains(olds, old) {
			olds = append(olds, old)
		}
	}
	return strings.Join(olds, ", "), oneLine(to, maxField)
}

// message words a step's commit.
func (t *MessageTemplate) message(s step) (string, error) {
	if s.change.Message != "" {
		return strings.TrimRight(s.change.Message, "\n") + "\n", nil
	}
	d := messageData(s)
	text := defaultMessage(d)
	if t != nil && t.compiled != nil {
		var err error
		if text, err = t.execute(d); err != nil {
			return "", err
		}
	}
	return text + "\n\n" + trailers(s, d), nil
}

// defaultMessage is for a person: what went where from what to what, and who said so.
func defaultMessage(d MessageData) string {
	var b strings.Builder
	fmt.Fprintf(&b, "deploy(%s): ", d.Name)
	if d.To != d.Tag {
		fmt.Fprintf(&b, "%s ", d.Tag)
	}
	if d.From != "" {
		fmt.Fprintf(&b, "%s -> ", d.From)
	}
	fmt.Fprintf(&b, "%s\n\n", d.To)
	if d.Image != "" {
		fmt.Fprintf(&b, "%s:%s\n", d.Image, d.Tag)
	}
	fmt.Fprintf(&b, "selected by ImagePolicy %s", d.Policy)
	if d.Reason != "" {
		fmt.Fprintf(&b, ": %s", d.Reason)
	}
	return b.String()
}

// trailers is the last paragraph, for programs: git interpret-trailers(1) reads it.
func trailers(s step, d MessageData) string {
	lines := []string{TrailerPolicy + ": " + d.Policy}
	for _, c := range d.Changes {
		lines = append(lines, TrailerTarget+": "+c.File+"#"+c.Path)
	}
	var from []string
	for _, w := range s.written {
		old := strings.TrimSpace(TrailerFrom + ": " + referenceOf(w.target.Values, w.previous).oneLine().version())
		for range w.changed {
			from = append(from, old)
		}
	}
	if distinct := slices.Compact(slices.Clone(from)); len(distinct) == 1 {
		from = distinct
		if from[0] == TrailerFrom+":" {
			from = nil
		}
	}
	lines = append(lines, from...)
	to := d.Tag
	if d.Digest != "" {
		to += "@" + d.Digest
	}
	lines = append(lines, TrailerTo+": "+to)
	if !s.change.Seen.IsZero() {
		lines = append(lines, TrailerSeen+": "+s.change.Seen.UTC().Format(time.RFC3339))
	}
	return strings.Join(lines, "\n") + "\n"
}
