package explain

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fairlead/fairlead/registry/selection"
)

// paint says whether text is coloured.
type paint bool

const (
	bold   = "1"
	green  = "32"
	yellow = "33"
	faint  = "2"
)

// in returns text in a colour.
func (p paint) in(colour, text string) string {
	if !p {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// writeText writes the answer for people: the choice and why, what waits, warnings, and then every tag.
func (a *Answer) writeText(to *bytes.Buffer, p paint) {
	if a.Chosen == nil {
		fmt.Fprintf(to, "%s: %s\n", p.in(yellow, "No tag is chosen"), printable(a.Reason))
	} else {
		fmt.Fprintf(to, "%s is chosen: %s\n", p.in(bold+";"+green, printable(a.Chosen.Tag)), printable(a.Reason))
		if a.Chosen.Digest != "" {
			fmt.Fprintf(to, "Its digest is %s\n", printable(a.Chosen.Digest))
		}
	}
	if len(a.waiting) > 0 {
		to.WriteString("\nWaiting for their minimum age:\n")
		for _, w := range a.waiting {
			fmt.Fprintf(to, "  %s until %s\n", printable(w.Tag), w.Until.UTC().Format(time.RFC3339))
		}
	}
	if len(a.Warnings) > 0 {
		to.WriteByte('\n')
		for _, warning := range a.Warnings {
			fmt.Fprintf(to, "%s %s\n", p.in(yellow, "Warning:"), printable(warning))
		}
	}
	if len(a.Tags) > 0 {
		to.WriteByte('\n')
		a.writeTable(to, p)
	}
}

// maxColumn bounds how far a long tag moves the other columns away from all tags.
const maxColumn = 64

// writeTable writes every tag. The columns are as wide as their widest cell, within reason.
func (a *Answer) writeTable(to *bytes.Buffer, p paint) {
	tags, verdicts := len("TAG"), len("VERDICT")
	for _, t := range a.Tags {
		tags, verdicts = max(tags, min(maxColumn, utf8.RuneCountInString(printable(t.Tag)))), max(verdicts, len(t.Verdict))
	}
	row := func(colour, tag, verdict, reason string) {
		to.WriteString(p.in(colour, pad(tag, tags)+"  "+pad(verdict, verdicts)))
		fmt.Fprintf(to, "  %s\n", reason)
	}
	row(bold, "TAG", "VERDICT", "REASON")
	for _, t := range a.Tags {
		colour := faint
		switch t.Verdict {
		case selection.Chosen:
			colour = green
		case selection.TooYoung:
			colour = yellow
		default: // What isn't taken stays in the background.
		}
		row(colour, printable(t.Tag), string(t.Verdict), printable(t.Reason))
	}
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}
