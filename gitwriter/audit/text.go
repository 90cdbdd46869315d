package audit

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// How long, in bytes, what comes from outside may be.
const (
	maxName    = 200
	maxSubject = 200
	maxValue   = 512
)

// oneLine makes a foreign text fit to stand in a line of its own: control characters and line breaks become spaces, runs of
// spaces one, and what is longer than limit bytes is cut.
func oneLine(s string, limit int) string {
	if isPlain(s) && len(s) <= limit {
		return strings.TrimSpace(s)
	}
	s = strings.ToValidUTF8(s, "�")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}

// isPlain reports whether a text is printable ASCII with no two spaces in a row: nearly all are.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && i > 0 && s[i-1] == ' ' {
			return false
		}
	}
	return true
}
