package terminal

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// Paint says whether text is coloured.
type Paint bool

// The colours, as a terminal knows them.
const (
	Bold   = "1"
	Faint  = "2"
	Red    = "31"
	Green  = "32"
	Yellow = "33"
)

// In returns text in a colour.
func (p Paint) In(colour, text string) string {
	if !p {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// PaintOn paints what is written for a person at a terminal, who doesn't object (https://no-color.org).
func PaintOn(to io.Writer) Paint {
	file, ok := to.(*os.File)
	return Paint(ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb")
}

// Pad fills a text with spaces up to a width.
func Pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}
