package edit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxPath bounds a key path in bytes; it is far above any real one and keeps messages and status fields short.
	maxPath = 1024
	// maxIndex is the greatest list index, the same bound as in `helm --set`.
	maxIndex = 65536
)

// Path is the place of one value in a YAML file: keys and list indices from the root, written as in `helm --set`.
// It is comparable with == and may be a map key. The zero Path names nothing and is refused by Value and Apply.
type Path struct {
	// text is canonical: equal places have equal texts. The elements are parsed from it when they are needed.
	text string
}

// element is one step of a path: a key of a map, or an index into a list.
type element struct {
	key   string
	index int
	list  bool
}

// ParsePath reads a key path as `helm --set` writes it: keys separated by dots, list indices in brackets, and a backslash
// before a character that belongs to the key: www.tag, services[0].image.tag, podAnnotations.example\.com/version.
// The error says what is wrong at which character; it is an *Error without line and column.
func ParsePath(s string) (Path, error) {
	elements, err := parseElements(s)
	if err != nil {
		return Path{}, &Error{
			Path:    shorten(s),
			Problem: "no key path: " + err.Error(),
			Hint:    `write it as in helm --set, such as www.tag, services[0].image.tag or annotations.example\.com/version`,
		}
	}

	return Path{text: formatElements(elements)}, nil
}

// String returns the path as ParsePath reads it, each character escaped that needs it and no other.
func (p Path) String() string { return p.text }

// IsZero says whether the path names nothing.
func (p Path) IsZero() bool { return p.text == "" }

// Equal says whether both paths name the same place. It is the same as ==, and lets go-cmp compare structs that hold a Path.
func (p Path) Equal(other Path) bool { return p == other }

// elements returns the steps of the path. A Path can only be made by ParsePath, so that its text always parses.
func (p Path) elements() []element {
	elements, err := parseElements(p.text)
	if err != nil {
		return nil
	}

	return elements
}

func parseElements(s string) ([]element, error) {
	switch {
	case s == "":
		return nil, errors.New("it is empty")
	case len(s) > maxPath:
		return nil, fmt.Errorf("it is longer than %d bytes", maxPath)
	case !utf8.ValidString(s):
		return nil, errors.New("it isn't valid UTF-8")
	}
	reader := pathReader{text: s}
	for {
		if err := reader.key(); err != nil {
			return nil, err
		}
		if err := reader.indices(); err != nil {
			return nil, err
		}
		if reader.at == len(s) {
			return reader.elements, nil
		}
		if s[reader.at] != '.' {
			return nil, fmt.Errorf("after the index a dot, a bracket or the end is expected at character %d", reader.position())
		}
		reader.at++
	}
}

// pathReader walks a path's text; at is the byte that comes next.
type pathReader struct {
	text     string
	at       int
	elements []element
}

func (r *pathReader) position() int { return utf8.RuneCountInString(r.text[:r.at]) + 1 }

// key reads up to the next dot or bracket, resolving backslashes.
func (r *pathReader) key() error {
	start := r.position()
	var key strings.Builder
	for r.at < len(r.text) {
		char, size := utf8.DecodeRuneInString(r.text[r.at:])
		switch {
		case char == '.' || char == '[':
			return r.push(key.String(), start)
		case char == ',' || char == '=':
			return fmt.Errorf("%q at character %d must be escaped by a backslash to belong to the key", char, r.position())
		case unicode.IsControl(char):
			return fmt.Errorf("control character %U at character %d", char, r.position())
		case char == '\\':
			r.at++
			if r.at == len(r.text) {
				return errors.New("it ends with a backslash")
			}
			char, size = utf8.DecodeRuneInString(r.text[r.at:])
			if unicode.IsControl(char) {
				return fmt.Errorf("control character %U at character %d", char, r.position())
			}
		}
		key.WriteRune(char)
		r.at += size
	}

	return r.push(key.String(), start)
}

func (r *pathReader) push(key string, start int) error {
	if key == "" {
		return fmt.Errorf("a key is expected at character %d", start)
	}
	r.elements = append(r.elements, element{key: key})

	return nil
}

// indices reads any number of [n].
func (r *pathReader) indices() error {
	for r.at < len(r.text) && r.text[r.at] == '[' {
		length := strings.IndexByte(r.text[r.at:], ']')
		if length < 0 {
			return fmt.Errorf("the bracket at character %d isn't closed", r.position())
		}
		digits := r.text[r.at+1 : r.at+length]
		index, err := strconv.Atoi(digits)
		if err != nil || index < 0 || index > maxIndex || strconv.Itoa(index) != digits {
			return fmt.Errorf("between the brackets at character %d a list index from 0 to %d is expected, not %q", r.position(), maxIndex, shorten(digits))
		}
		r.elements = append(r.elements, element{index: index, list: true})
		r.at += length + 1
	}

	return nil
}

// formatElements is the inverse of parseElements.
func formatElements(elements []element) string {
	var text strings.Builder
	for i, e := range elements {
		switch {
		case e.list:
			text.WriteString("[" + strconv.Itoa(e.index) + "]")
		case i > 0:
			text.WriteString("." + escapeKey(e.key))
		default:
			text.WriteString(escapeKey(e.key))
		}
	}

	return text.String()
}

// escapeKey puts a backslash before each character that ParsePath wouldn't take as part of the key.
func escapeKey(key string) string {
	const special = `\.[,=`
	if !strings.ContainsAny(key, special) {
		return key
	}
	var text strings.Builder
	for _, char := range key {
		if strings.ContainsRune(special, char) {
			text.WriteByte('\\')
		}
		text.WriteRune(char)
	}

	return text.String()
}
