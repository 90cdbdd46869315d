package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// Colours, as escape sequences of a terminal.
const (
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
	red   = "\x1b[31m"
	green = "\x1b[32m"
	reset = "\x1b[0m"
)

// printer writes for a person: in colour on a terminal, unless NO_COLOR is set (no-color.org).
type printer struct {
	out      io.Writer
	terminal bool
	colour   bool

	partial []byte // a line of progress that isn't complete yet
}

func newPrinter(file *os.File) *printer {
	terminal := term.IsTerminal(int(file.Fd()))
	colour := terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return &printer{out: file, terminal: terminal, colour: colour}
}

func (p *printer) paint(colour, text string) string {
	if !p.colour || text == "" {
		return text
	}
	return colour + text + reset
}

func (p *printer) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(p.out, format, args...)
}

// title begins a part of the story.
func (p *printer) title(text string) { p.printf("\n%s\n", p.paint(bold, text)) }

// step prints one step of a journey: the time since the push, what happened, and to what.
func (p *printer) step(since time.Duration, what, detail string) {
	p.printf("  %s  %s  %s\n", p.paint(dim, fmt.Sprintf("%+8.3f s", since.Seconds())), p.paint(green, fmt.Sprintf("%-9s", what)), detail)
}

// block prints lines below a step, calm, with removed and added lines in their colours, and one blank line for several.
func (p *printer) block(text string) {
	blank := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \n")
		if line == "" {
			if !blank {
				p.printf("\n")
			}
			blank = true
			continue
		}
		blank = false
		colour := dim
		switch {
		case strings.HasPrefix(line, "-"):
			colour = red
		case strings.HasPrefix(line, "+"):
			colour = green
		}
		p.printf("                         %s\n", p.paint(colour, line))
	}
}

// Write takes progress of the stack, line by line.
func (p *printer) Write(data []byte) (int, error) {
	p.partial = append(p.partial, data...)
	for {
		line, rest, complete := bytes.Cut(p.partial, []byte("\n"))
		if !complete {
			return len(data), nil
		}
		p.printf("  %s\n", p.paint(dim, string(line)))
		p.partial = rest
	}
}
