package check

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// Level says how grave a finding is.
type Level string

const (
	// OK: it is as it should be.
	OK Level = "ok"
	// Warning: it works, and somebody should know.
	Warning Level = "warning"
	// Failed: something is missing, or doesn't answer.
	Failed Level = "failed"
	// NotChecked: whoever asks may not look, or something else has to be mended first.
	NotChecked Level = "notChecked"
)

// Finding is one thing that was looked at.
type Finding struct {
	// Level of it.
	Level Level `json:"level"`
	// Subject is what was looked at.
	Subject string `json:"subject"`
	// Found is what was found there.
	Found string `json:"found"`
	// Mend is a command to copy that mends it, where there is one.
	Mend string `json:"mend,omitempty"`
}

// Group is the findings about one part.
type Group struct {
	// Title of the part.
	Title string `json:"title"`
	// Findings in the order in which they are told.
	Findings []Finding `json:"findings"`
}

// Summary counts the findings by their level.
type Summary struct {
	OK         int `json:"ok"`
	Warnings   int `json:"warnings"`
	Failed     int `json:"failed"`
	NotChecked int `json:"notChecked"`
}

// Report is all that was found.
type Report struct {
	// Groups that have findings.
	Groups []Group `json:"groups"`
	// Summary counts them.
	Summary Summary `json:"summary"`
}

// newReport keeps the groups that have findings, and counts them.
func newReport(groups []Group) Report {
	report := Report{Groups: []Group{}}
	for _, group := range groups {
		if len(group.Findings) == 0 {
			continue
		}
		report.Groups = append(report.Groups, group)
		for _, finding := range group.Findings {
			switch finding.Level {
			case OK:
				report.Summary.OK++
			case Warning:
				report.Summary.Warnings++
			case Failed:
				report.Summary.Failed++
			case NotChecked:
				report.Summary.NotChecked++
			}
		}
	}
	return report
}

// Write writes the report. paint is for people at a terminal and plays no part in JSON and YAML. Whatever servers said, nothing
// is written that a terminal would act upon.
func (r Report) Write(to io.Writer, format terminal.Format, paint terminal.Paint) error {
	return terminal.Write(to, format, r, func(text *bytes.Buffer) { r.writeText(text, paint) })
}

func (r Report) writeText(to *bytes.Buffer, paint terminal.Paint) {
	for _, group := range r.Groups {
		fmt.Fprintln(to, paint.In(terminal.Bold, terminal.Printable(group.Title)))
		for _, finding := range group.Findings {
			mark, colour := finding.Level.mark()
			fmt.Fprintf(to, "  %s %s: %s\n", paint.In(colour, mark), terminal.Printable(finding.Subject), terminal.Printable(finding.Found))
			for line := range strings.SplitSeq(finding.Mend, "\n") {
				if line != "" {
					fmt.Fprintln(to, "      "+terminal.Printable(line))
				}
			}
		}
		fmt.Fprintln(to)
	}
	fmt.Fprintln(to, r.Summary)
}

// mark is what stands before a finding.
func (l Level) mark() (mark, colour string) {
	switch l {
	case OK:
		return "✔", terminal.Green
	case Warning:
		return "!", terminal.Yellow
	case Failed:
		return "✗", terminal.Red
	default:
		return "?", terminal.Faint
	}
}

// String is the summary in words.
func (s Summary) String() string {
	words := []string{fmt.Sprintf("%d fine", s.OK)}
	for _, count := range []struct {
		n        int
		one, all string
	}{{s.Warnings, "warning", "warnings"}, {s.Failed, "failed", "failed"}, {s.NotChecked, "not checked", "not checked"}} {
		switch count.n {
		case 0:
		case 1:
			words = append(words, "1 "+count.one)
		default:
			words = append(words, fmt.Sprintf("%d %s", count.n, count.all))
		}
	}
	return strings.Join(words, ", ")
}

func okf(subject, format string, args ...any) Finding {
	return Finding{Level: OK, Subject: subject, Found: fmt.Sprintf(format, args...)}
}

func warnf(subject, format string, args ...any) Finding {
	return Finding{Level: Warning, Subject: subject, Found: fmt.Sprintf(format, args...)}
}

func failf(subject, format string, args ...any) Finding {
	return Finding{Level: Failed, Subject: subject, Found: fmt.Sprintf(format, args...)}
}

func skipf(subject, format string, args ...any) Finding {
	return Finding{Level: NotChecked, Subject: subject, Found: fmt.Sprintf(format, args...)}
}

// by says how a finding is mended.
func (f Finding) by(format string, args ...any) Finding {
	f.Mend = fmt.Sprintf(format, args...)
	return f
}
