package terminal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Format is how an answer is written.
type Format string

// The formats.
const (
	// Text is for people.
	Text Format = ""
	// Wide is text that leaves out less.
	Wide Format = "wide"
	// Name is the names alone, one a line, as kubectl reads them.
	Name Format = "name"
	// JSON and YAML hold everything, for programs.
	JSON Format = "json"
	YAML Format = "yaml"
)

// ParseFormat reads a format as a person writes it.
func ParseFormat(name string) (Format, error) {
	switch format := Format(name); format {
	case Text, JSON, YAML:
		return format, nil
	default:
		return "", fmt.Errorf("-o %q is no format: write json or yaml, or leave it out for text", name)
	}
}

// ParseObjectFormat is ParseFormat for answers about objects, which have names and may be wide.
func ParseObjectFormat(name string) (Format, error) {
	switch format := Format(name); format {
	case Text, Wide, Name, JSON, YAML:
		return format, nil
	default:
		return "", fmt.Errorf("-o %q is no format: write json, yaml, wide or name, or leave it out for text", name)
	}
}

// WriteObjects is Write for answers about objects: their names alone, or the text, if that is asked for.
func WriteObjects(to io.Writer, format Format, answer any, names []string, text func(*bytes.Buffer)) error {
	if format == Name {
		text = func(made *bytes.Buffer) {
			for _, name := range names {
				fmt.Fprintln(made, Printable(name))
			}
		}
	}
	return Write(to, format, answer, text)
}

// Write writes an answer: as JSON or YAML, which is the same in another style, or as its text.
func Write(to io.Writer, format Format, answer any, text func(*bytes.Buffer)) error {
	var made bytes.Buffer
	var err error
	switch format {
	case JSON:
		err = writeJSON(&made, answer)
	case YAML:
		err = writeYAML(&made, answer)
	default:
		text(&made)
	}
	if err == nil {
		_, err = made.WriteTo(to)
	}
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

func writeJSON(to *bytes.Buffer, answer any) error {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(answer); err != nil {
		return err
	}
	escape(to, plain.String(), func(r rune) string {
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			return fmt.Sprintf(`\u%04x\u%04x`, high, low)
		}
		return fmt.Sprintf(`\u%04x`, r)
	})
	return nil
}

func writeYAML(to *bytes.Buffer, answer any) error {
	data, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	written := func(r rune) string { return fmt.Sprintf(`\U%08x`, r) }
	var plain bytes.Buffer // JSON lets stand what YAML doesn't: YAML 1.2.2, section 5.1.
	escape(&plain, string(data), written)
	var document yaml.Node
	if err := yaml.Unmarshal(plain.Bytes(), &document); err != nil {
		return err
	}
	restyle(&document)
	if data, err = yaml.Marshal(&document); err != nil {
		return err
	}
	escape(to, string(data), written)
	return nil
}

// restyle turns JSON's brackets and quotes into YAML's blocks and plain words. What has to be escaped keeps its quotes.
func restyle(node *yaml.Node) {
	empty := node.Kind != yaml.ScalarNode && len(node.Content) == 0
	if !empty && Printable(node.Value) == node.Value {
		node.Style = 0
	}
	for _, below := range node.Content {
		restyle(below)
	}
}

// escape writes text in which what isn't printable is replaced. It stands in quotes there.
func escape(to *bytes.Buffer, text string, escaped func(rune) string) {
	for _, r := range text {
		if r == '\n' || unicode.IsPrint(r) {
			to.WriteRune(r)
		} else {
			to.WriteString(escaped(r))
		}
	}
}

// Printable shows what a terminal must not act upon: control characters, those that turn the direction of the text, and
// what is no UTF-8.
func Printable(text string) string {
	clean := func(r rune) bool { return r != utf8.RuneError && unicode.IsPrint(r) }
	if strings.IndexFunc(text, func(r rune) bool { return !clean(r) }) < 0 {
		return text
	}
	var shown strings.Builder
	for i, r := range text {
		switch {
		case clean(r):
			shown.WriteRune(r)
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)):
			fmt.Fprintf(&shown, `\x%02x`, text[i])
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			shown.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return shown.String()
}
