package get

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// Redraw draws each answer in place of the one before, on a terminal, whose size is asked for each time.
func Redraw(to io.Writer, wide bool, paint terminal.Paint) func(Answer) error {
	screen := terminal.NewScreen(to)
	return func(answer Answer) error {
		width, height := terminal.SizeOf(to)
		var text bytes.Buffer
		answer.text(&text, wide, width, paint)
		return screen.Draw(text.String(), width, height)
	}
}

// Append writes the first answer, and then each line that has changed, with the columns in their places as far as they can be.
func Append(to io.Writer, wide bool) func(Answer) error {
	f := &follower{to: to, wide: wide}
	return f.show
}

// follower knows what was written.
type follower struct {
	to    io.Writer
	wide  bool
	begun bool
	// apps: the heading has a column for the Application, which stays.
	apps  bool
	lines []Line
	notes []string
	// widths of the columns so far, the last aside.
	widths []int
}

func (f *follower) show(answer Answer) error {
	var out bytes.Buffer
	rows := f.textOf(answer)
	if !f.begun && len(answer.Lines) > 0 {
		fmt.Fprintln(&out, rows[0])
		f.begun = true
	}
	for i, line := range answer.Lines {
		if !slices.ContainsFunc(f.lines, func(known Line) bool { return known.told() == line.told() }) {
			fmt.Fprintln(&out, rows[i+1])
		}
	}
	gone := map[string]bool{}
	for _, known := range f.lines {
		if !slices.ContainsFunc(answer.Lines, known.same) && !gone[known.Namespace+"/"+known.Name] {
			gone[known.Namespace+"/"+known.Name] = true
			fmt.Fprintf(&out, "%s/%s is gone\n", terminal.Printable(known.Namespace), terminal.Printable(known.Name))
		}
	}
	for _, note := range answer.Notes {
		if !slices.Contains(f.notes, note) {
			fmt.Fprintln(&out, "Note:", terminal.Printable(note))
		}
	}
	f.lines, f.notes = answer.Lines, answer.Notes
	if _, err := out.WriteTo(f.to); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

func (f *follower) textOf(answer Answer) []string {
	if len(answer.Lines) == 0 {
		return nil
	}
	var text bytes.Buffer
	if !f.begun {
		f.apps = answer.forked()
	}
	table := answer.layout(f.wide, f.apps, 0)
	if f.widths == nil {
		f.widths = roomy(answer.rows(detail{all: answer.All, commits: true, why: true, ages: true, apps: f.apps, rest: f.wide}))
	}
	table.AtLeast(f.widths)
	f.widths = table.Widths()
	f.widths[len(f.widths)-1] = 0
	table.Write(&text, false)
	return strings.Split(text.String(), "\n")
}

// same says whether two lines are about the same ImagePolicy.
func (l Line) same(other Line) bool {
	return l.Namespace == other.Namespace && l.Name == other.Name
}

// told is what a line tells, ages aside.
func (l Line) told() columns {
	made := l.columns(detail{why: true, rest: true}, time.Time{})
	made.gitAge, made.age = "", ""
	return made
}
