package terminal

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Screen draws a text in place of the one that it drew before.
type Screen struct {
	to    io.Writer
	drawn int
}

// NewScreen returns a Screen on a terminal.
func NewScreen(to io.Writer) *Screen { return &Screen{to: to} }

// Draw draws lines, each cut to so many columns, and no more than a terminal of so many rows shows. The text may hold the colours
// of Paint, and nothing else that a terminal acts upon.
func (s *Screen) Draw(text string, width, height int) error {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if room := height - 1; room > 1 && len(lines) > room {
		hidden := len(lines) - room + 1
		lines = append(lines[:room-1:room-1], fmt.Sprintf("… and %d lines more", hidden))
	}
	var frame strings.Builder
	if s.drawn > 0 {
		fmt.Fprintf(&frame, "\x1b[%dA", s.drawn)
	}
	for _, line := range lines {
		frame.WriteString("\r" + clip(line, width) + "\x1b[K\n")
	}
	frame.WriteString("\x1b[J")
	s.drawn = len(lines)
	if _, err := io.WriteString(s.to, frame.String()); err != nil {
		return fmt.Errorf("write to the terminal: %w", err)
	}
	return nil
}

// clip cuts a line that may hold colours, which count for nothing and end with the line.
func clip(line string, width int) string {
	if width < 1 {
		return line
	}
	var out strings.Builder
	shown := 0
	for line != "" {
		if end := strings.IndexByte(line, 'm'); strings.HasPrefix(line, "\x1b[") && end > 0 {
			out.WriteString(line[:end+1])
			line = line[end+1:]
			continue
		}
		_, size := utf8.DecodeRuneInString(line)
		shown++
		if shown <= width {
			out.WriteString(line[:size])
		}
		line = line[size:]
	}
	return out.String()
}
