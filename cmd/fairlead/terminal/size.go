package terminal

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// SizeOf is how many columns and lines a terminal has; zeros for what is none, where nothing needs to fit.
func SizeOf(to io.Writer) (width, height int) {
	file, ok := to.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, 0
	}
	width, height, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}

// Cut bounds a text to a number of characters, and shows that it did.
func Cut(text string, length int) string {
	runes := []rune(text)
	if len(runes) <= length || length < 1 {
		return text
	}
	return strings.TrimRight(string(runes[:length-1]), " ") + "…"
}
