package get

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

const (
	// shortRevision is how much of a commit's id a line shows.
	shortRevision = 7
	// none stands where there is nothing to tell.
	none = "-"
	// leastWaits is the room that a narrow line leaves for what is waited for.
	leastWaits = 20
)

// Answer is lines, and how they are to be shown.
type Answer struct {
	Lines []Line
	// Notes say in a sentence each what is left out.
	Notes []string
	// All is true if they are those of all namespaces, Namespace the only one otherwise.
	All       bool
	Namespace string
	// Narrowed is true if only some of them were asked for, by name or by label.
	Narrowed bool
	// Unread is true as long as nobody knows which ImagePolicies there are.
	Unread bool
	// Now is when they were true.
	Now time.Time
}

// Write writes the answer. Text is fitted to a terminal of so many columns; 0: whatever it takes.
func (a Answer) Write(to io.Writer, format terminal.Format, width int, paint terminal.Paint) error {
	var names []string
	for _, line := range a.Lines {
		if name := (noun.Reference{Kind: noun.ImagePolicy, Name: line.Name}).FullName(); len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	notes := a.Notes
	if notes == nil {
		notes = []string{}
	}
	return terminal.WriteObjects(to, format, map[string]any{"items": a.Lines, "notes": notes}, names, func(text *bytes.Buffer) {
		a.text(text, format == terminal.Wide, width, paint)
	})
}

func (a Answer) text(to *bytes.Buffer, wide bool, width int, paint terminal.Paint) {
	switch {
	case len(a.Lines) > 0:
		a.layout(wide, a.forked(), width).Write(to, paint)
	case !a.Unread:
		to.WriteString("No ImagePolicies" + a.where() + ".\n")
	}
	for _, note := range a.Notes {
		to.WriteString(fit(paint.In(terminal.Yellow, "Note:")+" "+terminal.Printable(note), width) + "\n")
	}
}

func (a Answer) where() string {
	where := ""
	if a.Narrowed {
		where = " that were asked for"
	}
	if a.All {
		return where
	}
	return where + " in namespace " + a.Namespace + " (-A shows all namespaces)"
}

// forked says whether several Applications deploy one microservice, so that a line has to say which one it is about.
func (a Answer) forked() bool {
	for i := 1; i < len(a.Lines); i++ {
		if before, line := a.Lines[i-1], a.Lines[i]; line.same(before) && line.Application != before.Application {
			return true
		}
	}
	return false
}

func fit(text string, width int) string {
	if width == 0 {
		return text
	}
	return terminal.Cut(text, width)
}

// detail is what a layout shows.
type detail struct{ all, commits, why, ages, apps, rest bool }

// layout is the fullest table that fits, what is waited for aside, which is cut.
func (a Answer) layout(wide, apps bool, width int) *terminal.Table {
	last := detail{all: a.All, apps: apps}
	for _, d := range []detail{
		{all: a.All, apps: apps, commits: true, why: true, ages: true, rest: wide}, {all: a.All, apps: apps, why: true, ages: true}, {all: a.All, apps: apps, ages: true}, last,
	} {
		rows := a.rows(d)
		if width == 0 || wide {
			return tableOf(rows, a.Lines, 0)
		}
		room := width - widthOf(rows)
		if room >= a.needs() || room >= leastWaits && !d.commits || d == last {
			return tableOf(rows, a.Lines, max(room, 1))
		}
	}
	return nil
}

// needs is the room for what is waited for, up to a sentence's.
func (a Answer) needs() int {
	const sentence = 44
	most := len("WAITS FOR")
	for _, line := range a.Lines {
		most = max(most, utf8.RuneCountInString(line.waitsFor(false)))
	}
	return min(most, sentence)
}

// roomy are widths that most cells fit in, so that what is appended later stays below its heading.
func roomy(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for i, heading := range rows[0][:len(rows[0])-1] {
		switch heading {
		case "NEWEST", "SELECTED", "IN GIT", "DEPLOYED":
			widths[i] = len("v10.20.30")
		case "COMMIT", "REVISION":
			widths[i] = shortRevision
		case "AGE", "PODS":
			widths[i] = len("10/10")
		}
	}
	return widths
}

// widthOf is what all columns but the last take, the space before the last included.
func widthOf(rows [][]string) int {
	total := 0
	for column := range rows[0][:len(rows[0])-1] {
		widest := 0
		for _, row := range rows {
			widest = max(widest, utf8.RuneCountInString(terminal.Printable(row[column])))
		}
		total += min(widest, terminal.MaxColumn) + len("  ")
	}
	return total
}

// tableOf makes the table, with a last column that is cut to what room there is.
func tableOf(rows [][]string, lines []Line, room int) *terminal.Table {
	table := &terminal.Table{}
	for i, row := range rows {
		colour := terminal.Bold
		if i > 0 {
			colour = lines[i-1].colour()
		}
		if room > 0 {
			row[len(row)-1] = terminal.Cut(terminal.Printable(row[len(row)-1]), room)
		}
		table.Add(colour, row...)
	}
	return table
}

func (a Answer) rows(d detail) [][]string {
	header := pick(d, columns{
		namespace: "NAMESPACE", name: "NAME", newest: "NEWEST", selected: "SELECTED", git: "IN GIT", commit: "COMMIT", gitAge: "AGE", deployed: "DEPLOYED", revision: "REVISION",
		age: "AGE", pods: "PODS", application: "APPLICATION", target: "TARGET", waits: "WAITS FOR",
	})
	rows := make([][]string, 0, 1+len(a.Lines))
	rows = append(rows, header)
	for i := range a.Lines {
		rows = append(rows, pick(d, a.Lines[i].columns(d, a.Now)))
	}
	return rows
}

// columns are the cells of a line.
type columns struct {
	namespace, name, newest, selected, git, commit, gitAge, deployed, revision, age, pods, application, target, waits string
}

func pick(d detail, c columns) []string {
	var cells []string
	for _, cell := range []struct {
		shown bool
		text  string
	}{
		{d.all, c.namespace},
		{true, c.name},
		{true, c.newest},
		{true, c.selected},
		{true, c.git},
		{d.commits, c.commit},
		{d.ages, c.gitAge},
		{true, c.deployed},
		{d.commits, c.revision},
		{d.ages, c.age},
		{true, c.pods},
		{d.apps || d.rest, c.application},
		{d.rest, c.target},
		{true, c.waits},
	} {
		if cell.shown {
			cells = append(cells, cell.text)
		}
	}
	return cells
}

func (l Line) columns(d detail, now time.Time) columns {
	made := columns{
		namespace: l.Namespace, name: l.Name, newest: none, selected: orNone(l.Selected), git: none, commit: none, gitAge: none, deployed: none, revision: none,
		age: none, pods: none, application: orNone(l.Application), target: orNone(l.Target), waits: l.waitsFor(d.rest),
	}
	if l.Newest != nil {
		made.newest = l.Newest.Tag
		if d.why && l.Newest.Reason != "" {
			made.newest += " (" + whyNot(l.Newest.Reason) + ")"
		}
	}
	if l.Git != nil {
		made.git, made.commit, made.gitAge = l.Git.Version, short(l.Git.Revision), ageOf(l.Git.Time, now)
	}
	if l.Deployed != nil {
		made.deployed, made.revision, made.age = l.Deployed.Version, short(l.Deployed.Revision), ageOf(l.Deployed.Time, now)
	}
	if l.Pods != nil {
		made.pods = strconv.Itoa(l.Pods.Ready) + "/" + strconv.Itoa(l.Pods.Wanted)
	}
	return made
}

// whyNot says in a word or two why the newest tag isn't selected.
func whyNot(verdict string) string {
	switch verdict {
	case "OutsideRange":
		return "outside the range"
	case "PreRelease":
		return "pre-release"
	case "TooYoung":
		return "too young"
	case "WrongPlatform":
		return "platform missing"
	case "Superseded":
		return "pinned"
	default:
		return verdict
	}
}

// waitsFor is the gravest of what a line waits for, or all of it.
func (l Line) waitsFor(all bool) string {
	if len(l.Waits) == 0 {
		return none
	}
	if !all {
		return l.Waits[0].Message
	}
	words := make([]string, len(l.Waits))
	for i, wait := range l.Waits {
		words[i] = wait.Message
	}
	return strings.Join(words, "; ")
}

func (l Line) colour() string {
	if len(l.Waits) == 0 {
		return ""
	}
	switch l.Waits[0].Gravity {
	case Broken:
		return terminal.Red
	case Working:
		return terminal.Yellow
	default:
		return ""
	}
}

func ageOf(at *time.Time, now time.Time) string {
	if at == nil {
		return none
	}
	return duration.HumanDuration(max(0, now.Sub(*at)))
}

func short(revision string) string { return orNone(revision[:min(len(revision), shortRevision)]) }

func orNone(text string) string {
	if text == "" {
		return none
	}
	return text
}
