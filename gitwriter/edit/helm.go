package edit

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"strings"

	"gopkg.in/yaml.v3"
	helmyaml "sigs.k8s.io/yaml"
)

// separator begins the line between two documents.
const separator = "---"

// values is a file as Helm reads it: cut at the separator lines, each part decoded by sigs.k8s.io/yaml, the parts merged.
type values struct {
	parts []part
	// merged is what Helm makes of all parts: maps merged, later parts over earlier ones.
	merged any
}

// part is the bytes from start up to end of a file and what they decode to.
type part struct {
	start, end int
	tree       any
}

// readValues decodes a file as Helm's values loader does. Unlike that it lets a part be no map: such a part counts as a
// manifest, which isn't merged with others.
func readValues(data []byte) (*values, error) {
	result := &values{}
	parts := cut(data)
	if len(parts) > maxDocuments+1 {
		return nil, tooManyDocuments()
	}
	for _, p := range parts {
		if err := checkSeparator(data, p); err != nil {
			return nil, err
		}
		if err := helmyaml.Unmarshal(data[p.start:p.end], &p.tree); err != nil {
			return nil, helmError(data, p, err)
		}
		result.parts = append(result.parts, p)
	}
	result.merge()

	return result, nil
}

func helmError(data []byte, p part, err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	line, message := splitYAMLError(err)
	if line > 0 {
		line += bytes.Count(data[:p.start], []byte("\n"))
	}

	return &Error{Line: line, Problem: "Helm's parser refuses the file: " + strings.ReplaceAll(message, "\n", " "), Hint: "mend the file first"}
}

// checkSeparator refuses what Helm refuses on a separator line: anything but a comment behind the hyphens.
func checkSeparator(data []byte, p part) error {
	line, _, _ := bytes.Cut(data[p.start:p.end], []byte("\n"))
	rest, isSeparator := bytes.CutPrefix(line, []byte(separator))
	rest = bytes.TrimSpace(rest)
	if !isSeparator || len(rest) == 0 || rest[0] == '#' {
		return nil
	}

	return &Error{
		Line:    bytes.Count(data[:p.start], []byte("\n")) + 1,
		Problem: "Helm refuses a document that begins on the line of its separator ---",
		Hint:    "begin it on the next line",
	}
}

// cut splits a file where Helm does: at each line that begins with three hyphens. A separator belongs to the part behind it.
func cut(data []byte) []part {
	var parts []part
	start := 0
	for at := 0; at < len(data); {
		length := bytes.IndexByte(data[at:], '\n') + 1
		if length == 0 {
			length = len(data) - at
		}
		if at > start && bytes.HasPrefix(data[at:], []byte(separator)) {
			parts = append(parts, part{start: start, end: at})
			start = at
		}
		at += length
	}

	return append(parts, part{start: start, end: len(data)})
}

// partAt returns the tree of the part that holds the byte at the offset.
func (v *values) partAt(offset int) *part {
	for i := range v.parts {
		if offset <= v.parts[i].end {
			return &v.parts[i]
		}
	}

	return &v.parts[len(v.parts)-1]
}

// merge makes merged of the parts.
func (v *values) merge() {
	if len(v.parts) == 1 {
		v.merged = v.parts[0].tree

		return
	}
	result := map[string]any{}
	for _, p := range v.parts {
		if tree, isMap := p.tree.(map[string]any); isMap {
			mergeInto(result, tree)
		}
	}
	v.merged = result
}

// mergeInto merges later into result. Maps are copied on their way, so that the parts stay as they are and each map is
// walked once.
func mergeInto(result, later map[string]any) {
	for key, value := range later {
		inner, isMap := value.(map[string]any)
		if !isMap {
			result[key] = value

			continue
		}
		previous, wasMap := result[key].(map[string]any)
		if !wasMap {
			previous = make(map[string]any, len(inner))
			result[key] = previous
		}
		mergeInto(previous, inner)
	}
}

// lookup returns the value at a path of decoded values.
func lookup(tree any, elements []element) (any, bool) {
	for _, e := range elements {
		if e.list {
			list, isList := tree.([]any)
			if !isList || e.index >= len(list) {
				return nil, false
			}
			tree = list[e.index]

			continue
		}
		object, isMap := tree.(map[string]any)
		value, exists := object[e.key]
		if !isMap || !exists {
			return nil, false
		}
		tree = value
	}

	return tree, true
}

// replace sets the value at a path that exists, and returns the one that stood there.
func replace(tree any, elements []element, value any) any {
	last := len(elements) - 1
	parent, _ := lookup(tree, elements[:last])
	switch container := parent.(type) {
	case map[string]any:
		previous := container[elements[last].key]
		container[elements[last].key] = value

		return previous
	case []any:
		previous := container[elements[last].index]
		container[elements[last].index] = value

		return previous
	default:
		return nil
	}
}

// helmKey returns the key that Helm makes of a key node: `on` becomes true, 0x10 becomes 16.
func helmKey(node *yaml.Node) string {
	quoted := node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0
	if node.Kind != yaml.ScalarNode || quoted || node.Style&yaml.TaggedStyle != 0 || isSurelyString(node.Value) {
		return node.Value
	}
	var read map[string]any
	if err := helmyaml.Unmarshal([]byte(node.Value+": 0\n"), &read); err != nil || len(read) != 1 {
		return node.Value
	}
	for key := range maps.Keys(read) {
		return key
	}

	return node.Value
}

// isConverted says whether Helm may make this key of one that is written otherwise: of a number or a boolean.
func isConverted(key string) bool {
	return key == "true" || key == "false" || strings.IndexByte("0123456789+-.", key[0]) >= 0
}

// sameValues compares decoded values. Numbers are compared as decoded: what isn't edited keeps its bytes.
func sameValues(a, b any) bool {
	switch left := a.(type) {
	case map[string]any:
		right, isMap := b.(map[string]any)
		if !isMap || len(left) != len(right) {
			return false
		}
		for key, value := range left {
			other, exists := right[key]
			if !exists || !sameValues(value, other) {
				return false
			}
		}

		return true
	case []any:
		right, isList := b.([]any)
		if !isList || len(left) != len(right) {
			return false
		}
		for i := range left {
			if !sameValues(left[i], right[i]) {
				return false
			}
		}

		return true
	default:
		return a == b
	}
}

// describeValue shows a decoded value in a message.
func describeValue(value any) string {
	switch value.(type) {
	case map[string]any:
		return "a map"
	case []any:
		return "a list"
	case nil:
		return "null"
	default:
		return shorten(fmt.Sprintf("%#v", value))
	}
}
