package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// document is one of a file.
type document struct {
	// line on which it begins, from 1.
	line int
	// value is what it holds, never nil.
	value any
}

// readDocuments reads the documents of a file: YAML, or JSON values one after the other. Empty ones are left out.
func readDocuments(file string, data []byte) ([]document, error) {
	if path.Ext(file) == ".json" {
		return jsonDocuments(file, data)
	}
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '{' {
		if documents, err := jsonDocuments(file, data); err == nil {
			return documents, nil
		}
	}
	return yamlDocuments(file, string(data))
}

// jsonDocuments reads JSON values.
func jsonDocuments(file string, data []byte) ([]document, error) {
	var documents []document
	decoder := json.NewDecoder(bytes.NewReader(data))
	for {
		var raw json.RawMessage
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: JSON parse error: %w", file, lineAt(data, offsetOf(err, decoder)), err)
		}
		line := lineAt(data, decoder.InputOffset()-int64(len(raw)))
		var value any
		if err := utiljson.Unmarshal(raw, &value); err != nil { // whole numbers stay whole
			return nil, fmt.Errorf("%s:%d: JSON parse error: %w", file, line, err)
		}
		if value != nil {
			documents = append(documents, document{line: line, value: value})
		}
	}
}

// offsetOf says where a decoder has failed.
func offsetOf(err error, decoder *json.Decoder) int64 {
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return syntax.Offset
	}
	return decoder.InputOffset()
}

// lineAt is the line of an offset.
func lineAt(data []byte, offset int64) int {
	end := min(max(0, offset), int64(len(data)))
	return 1 + bytes.Count(data[:end], []byte("\n"))
}

// yamlDocuments reads a stream of YAML.
func yamlDocuments(file, stream string) ([]document, error) {
	var documents []document
	for _, part := range splitStream(stream) {
		value, err := yamlValue(part.text)
		if err != nil {
			return nil, yamlError(file, part, err)
		}
		if value == nil {
			continue
		}
		documents = append(documents, document{line: part.first(), value: value})
	}
	return documents, nil
}

// yamlValue reads one document, as Helm does.
func yamlValue(text string) (any, error) {
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, err //nolint:wrapcheck // yamlError says where
	}
	var value any
	return value, utiljson.Unmarshal(data, &value) //nolint:wrapcheck // yamlError says where
}

// yamlError names the line in the file. The parser counts from the document's first, so it is asked once more.
func yamlError(file string, part part, err error) error {
	if _, again := yamlValue(strings.Repeat("\n", part.line-1) + part.text); again != nil {
		err = again
	}
	if !strings.Contains(err.Error(), "line ") {
		return fmt.Errorf("YAML parse error on %s:%d: %w", file, part.first(), err)
	}
	return fmt.Errorf("YAML parse error on %s: %w", file, err)
}

// part is the text of one document in a stream.
type part struct {
	// line of its first line, from 1.
	line int
	text string
}

// first is the line of what isn't empty and no comment.
func (p part) first() int {
	line := p.line
	for text := range strings.Lines(p.text) {
		if text = strings.TrimSpace(text); text != "" && text[0] != '#' {
			break
		}
		line++
	}
	return line
}

// splitStream splits a stream of YAML where documents begin (`---`) and end (`...`). What stands behind the marker on its
// line belongs to the document.
func splitStream(stream string) []part {
	var parts []part
	current := part{line: 1}
	var text strings.Builder
	next := func(line int) {
		current.text = text.String()
		parts = append(parts, current)
		text.Reset()
		current = part{line: line}
	}
	number := 0
	for line := range strings.Lines(stream) {
		number++
		switch {
		case isMarker(line, "---"):
			next(number)
			text.WriteString("   " + line[3:]) // columns stay what they are
		case isMarker(line, "..."):
			next(number + 1)
		case line[0] == '%' && strings.TrimSpace(text.String()) == "": // a directive, such as %YAML 1.2
			text.WriteString("\n")
		default:
			text.WriteString(line)
		}
	}
	next(0)
	return parts
}

// isMarker says whether a line is a document marker.
func isMarker(line, marker string) bool {
	rest, found := strings.CutPrefix(line, marker)
	return found && (rest == "" || strings.ContainsAny(rest[:1], " \t\r\n"))
}
