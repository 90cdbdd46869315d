package selection

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxProblem bounds what a reason repeats of a registry's answer, in bytes.
const maxProblem = 256

// abbreviate bounds what a message quotes of a tag: Git and registries can hold anything.
func abbreviate(tag string) string { return cut(tag, maxTagLength) }

// cut bounds a text without cutting a character.
func cut(text string, length int) string {
	if len(text) <= length {
		return text
	}
	for length > 0 && !utf8.RuneStart(text[length]) {
		length--
	}
	return text[:length] + "..."
}

// show writes a tag into a sentence: as it is, or quoted if it holds what no tag can.
func show(tag string) string {
	if tagSyntax.MatchString(tag) {
		return tag
	}
	return fmt.Sprintf("%q", abbreviate(tag))
}

// oneLine makes one printable line of any text.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}
