package edit

import (
	"slices"

	"gopkg.in/yaml.v3"
)

// target is one place to edit.
type target struct {
	path     Path
	elements []element

	// wished says that value shall stand there.
	wished bool
	value  string

	// node is nil until the place is found; trail are the nodes around it, from the root.
	node  *yaml.Node
	trail []*yaml.Node
	span  span

	// changes says that text, the value as it is written, replaces the bytes of the span.
	changes bool
	text    string

	// err is why nothing can be written there.
	err error
}

func newTarget(p Path) *target { return &target{path: p, elements: p.elements()} }

// current is the value that stands there, as Value returns it.
func (t *target) current() string {
	if t.node.ShortTag() == "!!null" {
		return ""
	}

	return t.node.Value
}

// refuse makes the error that concerns the target's own place.
func (t *target) refuse(problem, hint string) *Error {
	return refuse(t.path.String(), t.node, problem, hint)
}

// state is a file, read by both parsers, with the targets found in it. It serves one plan.
type state struct {
	data   []byte
	docs   []*yaml.Node
	values *values
	// aliases are those of all documents.
	aliases []*yaml.Node
	// inJSON says that the file is written as JSON is, and is to stay JSON if it is.
	inJSON bool
	// targets are in the order of the file; those that weren't found stand at the end.
	targets []*target
	// changed are those of which the bytes change, once that is proven right.
	changed []*target
}

// load reads a file and finds the targets, or notes in each why it can't be found. An error concerns the whole file.
func load(data []byte, targets []*target) (*state, error) {
	nodes, err := parse(data)
	if err != nil {
		return nil, err
	}
	s := &state{data: data, docs: nodes.docs, aliases: nodes.aliases, inJSON: len(nodes.docs) == 1 && isJSON(nodes.docs[0]), targets: targets}
	for _, doc := range s.docs {
		if err := checkKeys(doc); err != nil {
			return nil, err
		}
	}
	search := newFinder(s.docs)
	for _, t := range targets {
		t.err = search.find(t)
	}
	locate(data, s.targets)
	if s.values, err = readValues(data); err != nil {
		return nil, err
	}
	for _, t := range s.located() {
		t.err = s.checkSeen(t)
	}

	return s, nil
}

// checkSeen refuses a target that Helm doesn't see, or sees as another value because a later document overrides it.
func (s *state) checkSeen(t *target) error {
	own, exists := lookup(s.treeOf(t), t.elements)
	if !exists {
		return t.refuse("Helm doesn't see this value", "keep it in a document of its own, begun by a line of three hyphens")
	}
	if effective, exists := lookup(s.values.merged, t.elements); !exists || !sameValues(own, effective) {
		return t.refuse("a later document of the file overrides a part of this path for Helm", "remove it there")
	}

	return nil
}

// write returns what replaces the bytes of the target's span.
func (s *state) write(t *target, value string) string {
	style := t.node.Style
	if s.inJSON {
		style |= yaml.DoubleQuotedStyle
	}
	text := render(value, style)
	if t.span.blank {
		return " " + text
	}

	return text
}

// treeOf is what Helm reads of the document that holds the target.
func (s *state) treeOf(t *target) any { return s.values.partAt(t.span.start).tree }

// isDone says whether the value stands there already and every reader takes it for this string.
func (s *state) isDone(t *target, value string) bool {
	return t.node.Value == value && s.kind(t) == String
}

// Kind is what a reader of YAML takes a scalar for.
type Kind string

// The kinds of scalars, with their articles. Other is a date, say, or what two readers disagree about.
const (
	String  Kind = "a string"
	Number  Kind = "a number"
	Boolean Kind = "a boolean"
	Null    Kind = "null"
	Other   Kind = "no string for every reader"
)

// kind says what both parsers take the target's scalar for.
func (s *state) kind(t *target) Kind {
	own, _ := lookup(s.treeOf(t), t.elements)
	_, isBoolean := own.(bool)
	// A value in quotes or with the tag !!str, which is the only one that is let through, is a string whatever it looks like.
	isPlain := t.node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.TaggedStyle) == 0
	switch tag := t.node.ShortTag(); {
	case own == nil && tag == "!!null":
		return Null
	case isBoolean:
		return Boolean
	case tag == "!!int" || tag == "!!float" || isPlain && floatPattern.MatchString(t.node.Value):
		return Number
	case own == t.node.Value && tag == "!!str":
		return String
	default:
		return Other
	}
}

// located are the targets that were found and not refused yet, in the order of the file.
func (s *state) located() []*target {
	return slices.DeleteFunc(slices.Clone(s.targets), func(t *target) bool { return t.err != nil })
}

// changing are those of them of which the bytes change.
func (s *state) changing() []*target {
	return slices.DeleteFunc(s.located(), func(t *target) bool { return !t.changes })
}

// splice returns the file with the texts of these targets in place of what stands there. They must be in its order.
func (s *state) splice(targets []*target) []byte {
	size := len(s.data)
	for _, t := range targets {
		size += len(t.text)
	}
	result := make([]byte, 0, size)
	done := 0
	for _, t := range targets {
		result = append(result, s.data[done:t.span.start]...)
		result = append(result, t.text...)
		done = t.span.end
	}

	return append(result, s.data[done:]...)
}
