package history

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/gitwriter/audit"
)

const (
	// shortCommit and shortDigest are how many digits a person sees.
	shortCommit = 10
	shortDigest = 12
)

// Write writes the answer. paint is for people at a terminal and plays no part in JSON and YAML. Whatever the answer holds,
// nothing is written that a terminal would act upon.
func (a *Answer) Write(to io.Writer, format terminal.Format, paint terminal.Paint) error {
	return terminal.Write(to, format, a, func(text *bytes.Buffer) {
		if a.stats {
			a.writeStats(text, paint)
		} else {
			a.writeChanges(text, paint)
		}
		for _, note := range a.Notes {
			fmt.Fprintf(text, "%s %s\n", paint.In(terminal.Yellow, "Note:"), terminal.Printable(note))
		}
	})
}

// writeChanges writes one line for each change.
func (a *Answer) writeChanges(to *bytes.Buffer, paint terminal.Paint) {
	if len(a.Changes) == 0 {
		if len(a.Notes) == 0 {
			fmt.Fprintln(to, "No changes.")
		}
		return
	}
	t := terminal.Table{}
	t.Add(terminal.Bold, "TIME", "COMMIT", "PLACE", "CHANGE", "BY", "OUTCOME")
	for _, c := range a.Changes {
		colour := ""
		switch c.Outcome.State {
		case audit.Current:
			colour = terminal.Green
		case audit.Reverted:
			colour = terminal.Yellow
		case audit.Dropped:
			colour = terminal.Faint
		case audit.Superseded, audit.Removed:
		}
		t.Add(colour, moment(c.Time), c.Commit[:shortCommit], c.Places[0], difference(c.From, c.To), actor(c.By), outcome(c))
	}
	t.Write(to, paint)
	if len(a.Renames) > 0 {
		fmt.Fprintln(to)
	}
	for _, r := range a.Renames {
		fmt.Fprintf(to, "%s  %s  %s was renamed to %s\n", moment(r.Time), r.Commit[:shortCommit], terminal.Printable(r.From), terminal.Printable(r.To))
	}
}

func moment(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05Z") }

// difference tells two references apart in as few words as possible.
func difference(from, to *audit.Reference) string {
	switch {
	case from == nil && to == nil:
		return ""
	case from == nil:
		return "-> " + version(*to)
	case to == nil:
		return version(*from) + " ->"
	case from.Tag != to.Tag && from.Tag+to.Tag != "":
		return version(audit.Reference{Tag: from.Tag, Digest: unless(from.Tag, from.Digest)}) + " -> " +
			version(audit.Reference{Tag: to.Tag, Digest: unless(to.Tag, to.Digest)})
	case from.Digest != to.Digest:
		return version(*from) + " -> " + digest(to.Digest)
	case from.Repository != to.Repository:
		return from.Repository + " -> " + to.Repository
	default:
		return version(*from) + " -> " + version(*to)
	}
}

func unless(text, other string) string {
	if text != "" {
		return ""
	}
	return other
}

// version is a reference for a person.
func version(r audit.Reference) string {
	switch {
	case r.Tag != "" && r.Digest != "":
		return r.Tag + "@" + digest(r.Digest)
	case r.Tag != "":
		return r.Tag
	case r.Digest != "":
		return digest(r.Digest)
	case r.Repository != "":
		return r.Repository
	default:
		return `""`
	}
}

// digest cuts a digest to what a person tells it by.
func digest(d string) string {
	algorithm, hash, found := strings.Cut(d, ":")
	if !found || len(hash) <= shortDigest {
		return d
	}
	return algorithm + ":" + hash[:shortDigest]
}

// actor names who made a change.
func actor(a audit.Actor) string {
	person := strings.TrimSpace(a.Name + " <" + a.Email + ">")
	switch a.Kind {
	case audit.Policy:
		return a.Policy
	case audit.Carried:
		return person + " for " + a.Policy
	case audit.Person:
		return person
	default:
		return person
	}
}

// outcome says what became of a change.
func outcome(c audit.Change) string {
	o := c.Outcome
	after := duration(o.Stood)
	came := ""
	if o.To != nil {
		came = version(audit.Reference{Tag: o.To.Tag, Digest: unless(o.To.Tag, o.To.Digest), Repository: o.To.Repository})
	}
	switch o.State {
	case audit.Superseded:
		return "superseded by " + came + " after " + after
	case audit.Reverted:
		return "reverted to " + came + " by " + actor(*o.By) + " after " + after + " (" + o.At.Commit[:shortCommit] + ")"
	case audit.Removed:
		return "removed by " + actor(*o.By) + " after " + after + " (" + o.At.Commit[:shortCommit] + ")"
	case audit.Dropped:
		return "never on the branch"
	case audit.Current:
		return "current"
	default:
		return string(o.State)
	}
}

// duration writes seconds in its two greatest units.
func duration(seconds int64) string {
	units := []struct {
		name string
		size int64
	}{{"d", 24 * 60 * 60}, {"h", 60 * 60}, {"m", 60}, {"s", 1}}
	for i, u := range units {
		if seconds < u.size && u.size > 1 {
			continue
		}
		text := fmt.Sprintf("%d%s", seconds/u.size, u.name)
		if i+1 < len(units) {
			if rest := seconds % u.size / units[i+1].size; rest > 0 {
				text += fmt.Sprintf("%d%s", rest, units[i+1].name)
			}
		}
		return text
	}
	return "0s"
}

// writeStats writes the figures, a line for each policy.
func (a *Answer) writeStats(to *bytes.Buffer, paint terminal.Paint) {
	s := a.Stats
	fmt.Fprintf(to, "From %s to %s\n\n", moment(s.Since), moment(s.Until))
	t := terminal.Table{}
	t.Add(terminal.Bold, "POLICY", "DEPLOYMENTS", "PER WEEK", "LEAD (MEDIAN, P90)", "TAKEN BACK", "RESTORED AFTER (MEDIAN, P90)")
	for _, p := range s.Policies {
		t.Add("", figures(p.Policy, p.Figures)...)
	}
	t.Add(terminal.Bold, figures("all", s.Total)...)
	t.Write(to, paint)
}

func figures(name string, f audit.Figures) []string {
	taken := "-"
	if f.Deployments > 0 {
		taken = fmt.Sprintf("%d (%.1f%%)", f.TakenBack, 100*f.Share)
	}
	return []string{name, strconv.Itoa(f.Deployments), fmt.Sprintf("%.1f", f.PerWeek), spread(f.Lead), taken, spread(f.Restore)}
}

func spread(s audit.Spread) string {
	if s.Count == 0 {
		return "-"
	}
	return duration(s.Median) + ", " + duration(s.P90)
}
