package edit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// MaxFile bounds a file in bytes: what is larger is refused. Values files of real charts stay below 1 MiB.
const MaxFile = 10 << 20

const (
	// maxNodes bounds what a file may decode to. A node needs two bytes in the file and several hundred in memory.
	maxNodes = 500_000
	// maxDocuments bounds the documents of a file: each costs far more time than its three bytes let expect.
	maxDocuments = 10_000
	// maxDepth bounds the nesting of maps and lists.
	maxDepth = 256
	// maxAliasNodes bounds the nodes that aliases add when they are resolved: 24 KB of nested aliases can stand for billions.
	maxAliasNodes = 100_000
)

// bom is the byte order mark that may begin a file.
const bom = "\ufeff"

// stream is a file as gopkg.in/yaml.v3 reads it: its documents as node trees, never decoded into values.
type stream struct {
	docs []*yaml.Node
	// aliases are those of all documents.
	aliases []*yaml.Node
}

// parse reads all documents and refuses what is no plain, bounded YAML.
func parse(data []byte) (*stream, error) {
	if err := checkText(data); err != nil {
		return nil, err
	}
	result := &stream{}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		doc := &yaml.Node{}
		if err := decoder.Decode(doc); errors.Is(err, io.EOF) {
			return result, nil
		} else if err != nil {
			return nil, syntaxError(data, err)
		}
		survey := surveyor{anchors: map[*yaml.Node]int{}}
		if _, err := survey.visit(doc, 0); err != nil {
			return nil, err
		}
		result.aliases = append(result.aliases, survey.aliases...)
		if len(result.docs) == maxDocuments {
			return nil, tooManyDocuments()
		}
		result.docs = append(result.docs, doc)
	}
}

func tooManyDocuments() error {
	return &Error{
		Problem: fmt.Sprintf("the file holds more than %d documents", maxDocuments),
		Hint:    "keep the values to edit in a file of their own",
	}
}

// checkText refuses by bytes, before any parser sees them.
func checkText(data []byte) error {
	if len(data) > MaxFile {
		return &Error{
			Problem: fmt.Sprintf("the file is larger than %d MiB", MaxFile>>20),
			Hint:    "keep the values to edit in a smaller file",
		}
	}
	if !utf8.Valid(data) {
		line, column := invalidPlace(data)

		return &Error{Line: line, Column: column, Problem: "invalid UTF-8", Hint: "save the file as UTF-8"}
	}
	if nodes := nodeBound(data); nodes > maxNodes {
		return &Error{
			Problem: fmt.Sprintf("the file may hold more than %d values", maxNodes),
			Hint:    "keep the values to edit in a smaller file",
		}
	}

	return nil
}

// invalidPlace returns line and column of the first byte that isn't UTF-8.
func invalidPlace(data []byte) (line, column int) {
	line, column = 1, 1
	for len(data) > 0 {
		char, size := utf8.DecodeRune(data)
		switch {
		case char == utf8.RuneError && size == 1:
			return line, column
		case char == '\n':
			line, column = line+1, 1
		default:
			column++
		}
		data = data[size:]
	}

	return line, column
}

// nodeBound bounds, without parsing and up to a factor of two, the nodes that a file decodes to: each entry of a map has a
// colon or a question mark of its own, each item of a list a hyphen, a comma or a bracket. Text in comments and scalars
// counts as well.
func nodeBound(data []byte) int {
	// A file too small to reach the bound needs no counting.
	if len(data) <= maxNodes {
		return 0
	}
	bound := 1
	for i, char := range data {
		switch char {
		case ',', '[', '{':
			bound++
		case '-':
			if endsWord(data[i+1:]) {
				bound++
			}
		case ':', '?':
			if endsWord(data[i+1:]) || i > 0 && (data[i-1] == '"' || data[i-1] == '\'') {
				bound += 2
			}
		}
	}

	return bound
}

// endsWord says whether an indicator before this text can be one, and not part of a word.
func endsWord(text []byte) bool {
	return len(text) == 0 || isBlankOrBreak(text) || strings.IndexByte(flowIndicators, text[0]) >= 0
}

// yamlErrorPattern takes the line out of a message of the YAML parsers.
var yamlErrorPattern = regexp.MustCompile(`^yaml: (?:line (\d+): )?((?s).*)$`)

// splitYAMLError returns the line (0 if none is named) and the parser's own words.
func splitYAMLError(err error) (line int, message string) {
	found := yamlErrorPattern.FindStringSubmatch(err.Error())
	if found == nil {
		return 0, err.Error()
	}
	if found[1] == "" {
		return 0, found[2]
	}
	line, convErr := strconv.Atoi(found[1])
	if convErr != nil {
		return 0, found[2]
	}

	return line, found[2]
}

const noTemplate = "name a file without {{ }} outside of quotes, such as the values file that the template reads"

// actionPattern finds a template action that stands in no quotes and no comment.
var actionPattern = regexp.MustCompile(`(?m)^[^#'"\r\n]*\{\{`)

// syntaxError repeats the parser's words; a template gets a better hint than to mend it.
func syntaxError(data []byte, err error) error {
	line, message := splitYAMLError(err)
	if action := actionPattern.FindIndex(data); action != nil {
		place := line
		if place == 0 {
			place = bytes.Count(data[:action[0]], []byte("\n")) + 1
		}

		return &Error{
			Line:    place,
			Problem: "a template, not YAML (" + message + ")",
			Hint:    noTemplate,
		}
	}

	return &Error{Line: line, Problem: "not YAML: " + message, Hint: "mend the file first"}
}

// surveyor walks a document once and refuses what is too deep, grows too much through aliases, or is a template that
// happens to parse.
type surveyor struct {
	// anchors holds the size of each anchored node, aliases resolved; 0 while the node is being visited.
	anchors map[*yaml.Node]int
	added   int
	aliases []*yaml.Node
}

// visit returns the number of nodes that the node stands for.
func (s *surveyor) visit(node *yaml.Node, depth int) (int, error) {
	if depth > maxDepth {
		return 0, refuse("", node, fmt.Sprintf("nested deeper than %d levels", maxDepth), "edit a flatter file")
	}
	if node.Kind == yaml.AliasNode {
		return s.alias(node)
	}
	if node.Anchor != "" {
		s.anchors[node] = 0
	}
	size := 1
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 && isTemplateKey(node, child) {
			return 0, refuse("", node, "a template, not YAML (it begins with {{)", noTemplate)
		}
		part, err := s.visit(child, depth+1)
		if err != nil {
			return 0, err
		}
		size += part
	}
	if node.Anchor != "" {
		s.anchors[node] = size
	}

	return size, nil
}

func (s *surveyor) alias(node *yaml.Node) (int, error) {
	s.aliases = append(s.aliases, node)
	size := s.anchors[node.Alias]
	if size == 0 {
		return 0, refuse("", node, "the alias *"+shorten(node.Value)+" stands inside its own anchor", "write the value out instead")
	}
	s.added += size
	if s.added > maxAliasNodes {
		return 0, refuse("", node, fmt.Sprintf("the aliases up to here add more than %d values", maxAliasNodes), "write the values out, or use fewer aliases")
	}

	return size, nil
}

// isTemplateKey says whether a flow map begins with another one as its key: what {{ .Values.x }} parses as.
func isTemplateKey(node, key *yaml.Node) bool {
	return node.Style&yaml.FlowStyle != 0 && key.Kind == yaml.MappingNode && key.Style&yaml.FlowStyle != 0 &&
		key.Line == node.Line && key.Column == node.Column+1
}

// isJSON says whether a document is written as JSON is: maps in braces, lists in brackets, keys in double quotes. It doesn't
// look at the values, so that no edit changes the answer.
func isJSON(node *yaml.Node) bool {
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 && child.Style != yaml.DoubleQuotedStyle {
			return false
		}
		if !isJSON(child) {
			return false
		}
	}

	return node.Kind == yaml.DocumentNode || node.Kind == yaml.ScalarNode || node.Style == yaml.FlowStyle
}
