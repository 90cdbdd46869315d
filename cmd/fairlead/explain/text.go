package explain

import (
	"bytes"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/registry/selection"
)

// writeText writes the answer for people: the choice and why, what waits, warnings, and then every tag.
func (a *Answer) writeText(to *bytes.Buffer, p terminal.Paint) {
	if a.Chosen == nil {
		fmt.Fprintf(to, "%s: %s\n", p.In(terminal.Yellow, "No tag is chosen"), terminal.Printable(a.Reason))
	} else {
		fmt.Fprintf(to, "%s is chosen: %s\n", p.In(terminal.Bold+";"+terminal.Green, terminal.Printable(a.Chosen.Tag)), terminal.Printable(a.Reason))
		if a.Chosen.Digest != "" {
			fmt.Fprintf(to, "Its digest is %s\n", terminal.Printable(a.Chosen.Digest))
		}
	}
	if len(a.waiting) > 0 {
		to.WriteString("\nWaiting for their minimum age:\n")
		for _, w := range a.waiting {
			fmt.Fprintf(to, "  %s until %s\n", terminal.Printable(w.Tag), w.Until.UTC().Format(time.RFC3339))
		}
	}
	if len(a.Warnings) > 0 {
		to.WriteByte('\n')
		for _, warning := range a.Warnings {
			fmt.Fprintf(to, "%s %s\n", p.In(terminal.Yellow, "Warning:"), terminal.Printable(warning))
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
func (a *Answer) writeTable(to *bytes.Buffer, p terminal.Paint) {
	tags, verdicts := len("TAG"), len("VERDICT")
	for _, t := range a.Tags {
		tags, verdicts = max(tags, min(maxColumn, utf8.RuneCountInString(terminal.Printable(t.Tag)))), max(verdicts, len(t.Verdict))
	}
	row := func(colour, tag, verdict, reason string) {
		to.WriteString(p.In(colour, terminal.Pad(tag, tags)+"  "+terminal.Pad(verdict, verdicts)))
		fmt.Fprintf(to, "  %s\n", reason)
	}
	row(terminal.Bold, "TAG", "VERDICT", "REASON")
	for _, t := range a.Tags {
		colour := terminal.Faint
		switch t.Verdict {
		case selection.Chosen:
			colour = terminal.Green
		case selection.TooYoung:
			colour = terminal.Yellow
		default: // What isn't taken stays in the background.
		}
		row(colour, terminal.Printable(t.Tag), string(t.Verdict), terminal.Printable(t.Reason))
	}
}
