package edit

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// flowIndicators end a word inside of a flow collection.
const flowIndicators = ",[]{}"

// span is the bytes of a file that an edit replaces: from start up to end. Where no value is written yet it is empty, and a
// blank must go before the new one.
type span struct {
	start, end int
	blank      bool
}

// locate finds the bytes of each target, and sorts the targets by their place in the file, those without a node last.
//
// yaml.v3 gives line and column of a node's first character, properties (anchor, tag) included, and no end. Lines end where
// YAML 1.1 says so, columns count characters.
func locate(data []byte, targets []*target) {
	slices.SortStableFunc(targets, func(a, b *target) int {
		switch {
		case a.node == nil || b.node == nil:
			return cmp.Compare(rank(a), rank(b))
		case a.node.Line != b.node.Line:
			return a.node.Line - b.node.Line
		default:
			return a.node.Column - b.node.Column
		}
	})
	place := cursor{data: data, at: len(data) - len(bytes.TrimPrefix(data, []byte(bom))), line: 1, column: 1}
	done := 0
	for _, t := range targets {
		if t.node == nil {
			return
		}
		found := place.move(t.node.Line, t.node.Column)
		if found {
			t.span, found = scalarSpan(data, place.at, t.node)
		}
		// Spans follow each other: two that share a byte would mean that one of them is wrong.
		if !found || t.span.start < done {
			t.err = t.lost()

			continue
		}
		done = t.span.end
	}
}

// rank puts targets that were found before the others.
func rank(t *target) int {
	if t.node == nil {
		return 1
	}

	return 0
}

// cursor walks through a file by lines and columns, forwards only.
type cursor struct {
	data             []byte
	at, line, column int
}

// move goes to a place. False: the file has no such line.
func (c *cursor) move(line, column int) bool {
	for c.line < line {
		length := bytes.IndexAny(c.data[c.at:], "\n\r\u0085\u2028\u2029")
		if length < 0 {
			return false
		}
		c.at += length + breakAt(c.data[c.at+length:])
		c.line, c.column = c.line+1, 1
	}
	for ; c.column < column && c.at < len(c.data); c.column++ {
		_, size := utf8.DecodeRune(c.data[c.at:])
		c.at += size
	}

	return true
}

func (t *target) lost() error {
	if t.node.Value == "" {
		return t.refuse("there is no value here, and no place for one", `write the key with a colon and ""`)
	}

	return t.refuse("the bytes of this value can't be told apart", "write it on the line of its key, in double quotes")
}

// breakAt returns the length of the line break that the text begins with, or 0.
func breakAt(text []byte) int {
	switch {
	case bytes.HasPrefix(text, []byte("\r\n")):
		return 2
	case len(text) > 0 && (text[0] == '\n' || text[0] == '\r'):
		return 1
	case bytes.HasPrefix(text, []byte("\u0085")):
		return 2
	case bytes.HasPrefix(text, []byte("\u2028")), bytes.HasPrefix(text, []byte("\u2029")):
		return 3
	default:
		return 0
	}
}

// scalarSpan finds the scalar's bytes behind its properties. False: they aren't where the style says; nothing may be
// replaced then.
func scalarSpan(data []byte, start int, node *yaml.Node) (span, bool) {
	properties := skipProperties(data, start)
	switch {
	case node.Style&yaml.DoubleQuotedStyle != 0:
		begin := skipGap(data, properties)

		return quotedSpan(data, begin, doubleQuotedEnd)
	case node.Style&yaml.SingleQuotedStyle != 0:
		begin := skipGap(data, properties)

		return quotedSpan(data, begin, singleQuotedEnd)
	case node.Value != "":
		begin := skipGap(data, properties)
		end, found := plainEnd(data, begin, node.Value)

		return span{start: begin, end: end}, found
	case properties > start:
		return span{start: properties, end: properties, blank: true}, true
	default:
		// An empty value has its place right behind the indicator that announces it; without one there is none to write to.
		at := len(bytes.TrimRight(data[:start], " \t"))
		announced := at > 0 && (data[at-1] == ':' || data[at-1] == '-')

		return span{start: at, end: at, blank: true}, announced
	}
}

// skipProperties returns the end of the anchor and the tag that begin at start, in either order, or start.
func skipProperties(data []byte, start int) int {
	end := start
	for at := start; at < len(data) && (data[at] == '&' || data[at] == '!'); at = skipGap(data, end) {
		end = at
		verbatim := bytes.HasPrefix(data[at:], []byte("!<"))
		for end < len(data) && !isBlankOrBreak(data[end:]) {
			if !verbatim && strings.IndexByte(flowIndicators, data[end]) >= 0 {
				return end
			}
			end++
		}
	}

	return end
}

// skipGap returns the place behind blanks, line breaks and comments.
func skipGap(data []byte, at int) int {
	for at < len(data) {
		switch width := breakAt(data[at:]); {
		case width > 0:
			at += width
		case data[at] == ' ' || data[at] == '\t':
			at++
		case data[at] == '#':
			for at < len(data) && breakAt(data[at:]) == 0 {
				at++
			}
		default:
			return at
		}
	}

	return at
}

func isBlankOrBreak(text []byte) bool { return text[0] == ' ' || text[0] == '\t' || breakAt(text) > 0 }

func quotedSpan(data []byte, begin int, end func([]byte) int) (span, bool) {
	if begin >= len(data) {
		return span{}, false
	}
	length := end(data[begin:])

	return span{start: begin, end: begin + length}, length > 0
}

// doubleQuotedEnd returns the length of the double-quoted scalar that the text begins with, or 0.
func doubleQuotedEnd(text []byte) int {
	if text[0] != '"' {
		return 0
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}

	return 0
}

// singleQuotedEnd returns the length of the single-quoted scalar that the text begins with, or 0.
func singleQuotedEnd(text []byte) int {
	if text[0] != '\'' {
		return 0
	}
	for i := 1; i < len(text); i++ {
		if text[i] != '\'' {
			continue
		}
		if i+1 == len(text) || text[i+1] != '\'' {
			return i + 1
		}
		i++
	}

	return 0
}

// plainEnd returns the end of the plain scalar at begin. On one line its bytes are its value. Over several lines each run of
// white space with n line breaks stands for one blank (n = 1) or n-1 breaks, so that the words must follow each other.
func plainEnd(data []byte, begin int, value string) (int, bool) {
	if bytes.HasPrefix(data[begin:], []byte(value)) {
		return begin + len(value), true
	}
	at := begin
	for _, word := range strings.FieldsFunc(value, isWhite) {
		for at < len(data) && isBlankOrBreak(data[at:]) {
			at += max(breakAt(data[at:]), 1)
		}
		if !bytes.HasPrefix(data[at:], []byte(word)) {
			return 0, false
		}
		at += len(word)
	}

	return at, at > begin
}

func isWhite(char rune) bool { return strings.ContainsRune(" \t\n\r\u0085\u2028\u2029", char) }
