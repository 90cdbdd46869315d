package terminal

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxColumn bounds, in characters, how far a long text moves the other columns away from all lines.
const MaxColumn = 72

// Table is text in columns, of which the last is as long as it is. The first row says how many there are.
type Table struct {
	rows    [][]string
	colours []string
	least   []int
}

// AtLeast gives the columns a least width each.
func (t *Table) AtLeast(widths []int) { t.least = widths }

// Widths are those of the columns, the space between them aside.
func (t *Table) Widths() []int {
	if len(t.rows) == 0 {
		return nil
	}
	widths := make([]int, len(t.rows[0]))
	copy(widths, t.least)
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], min(MaxColumn, utf8.RuneCountInString(cell)))
		}
	}
	return widths
}

// Add adds a row, in a colour unless that is empty. What a terminal would act upon is shown instead.
func (t *Table) Add(colour string, cells ...string) {
	for i, cell := range cells {
		cells[i] = Printable(cell)
	}
	t.rows, t.colours = append(t.rows, cells), append(t.colours, colour)
}

// Write writes the rows.
func (t *Table) Write(to *bytes.Buffer, paint Paint) {
	if len(t.rows) == 0 {
		return
	}
	widths := t.Widths()
	for n, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			if i > 0 {
				line.WriteString("  ")
			}
			line.WriteString(Pad(cell, widths[i]))
		}
		text := strings.TrimRight(line.String(), " ")
		if t.colours[n] != "" {
			text = paint.In(t.colours[n], text)
		}
		fmt.Fprintln(to, text)
	}
}
