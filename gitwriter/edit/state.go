package edit

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// target is one place to edit, found in a loaded file.
type target struct {
	path     Path
	elements []element
	node     *yaml.Node
	span     span
}

// current is the value that stands there, as Value returns it.
func (t *target) current() string {
	if t.node.ShortTag() == "!!null" {
		return ""
	}

	return t.node.Value
}

// state is a file, read by both parsers, with the targets found in it. It serves one call and is changed by apply.
type state struct {
	data    []byte
	docs    []*yaml.Node
	aliases bool
	values  *values
	// targets are in the order that was asked for, ordered in that of the file.
	targets, ordered []*target
}

// load reads a file and finds the paths, or refuses.
func load(data []byte, paths []Path) (*state, error) {
	nodes, err := parse(data)
	if err != nil {
		return nil, err
	}
	s := &state{data: data, docs: nodes.docs, aliases: nodes.aliases}
	for _, path := range paths {
		node, err := find(s.docs, path)
		if err != nil {
			return nil, err
		}
		s.targets = append(s.targets, &target{path: path, elements: path.elements(), node: node})
	}
	s.ordered = append(s.ordered, s.targets...)
	if err := locate(data, s.ordered); err != nil {
		return nil, err
	}
	if s.values, err = readValues(data); err != nil {
		return nil, err
	}
	for _, t := range s.targets {
		if err := s.checkSeen(t); err != nil {
			return nil, err
		}
	}

	return s, nil
}

// checkSeen refuses a target that Helm doesn't see, or sees as another value because a later document overrides it.
func (s *state) checkSeen(t *target) error {
	own, exists := lookup(s.values.partAt(t.span.start).tree, t.elements)
	if !exists {
		return refuse(t.path.String(), t.node, "Helm doesn't see this value", "keep it in a document of its own, begun by a line of three hyphens")
	}
	if effective, exists := lookup(s.values.merged(), t.elements); !exists || !sameValues(own, effective) {
		return refuse(t.path.String(), t.node, "a later document of the file overrides a part of this path for Helm", "remove it there")
	}

	return nil
}

// isDone says whether the value stands there already and every reader takes it for this string.
func (s *state) isDone(t *target, value string) bool {
	own, _ := lookup(s.values.partAt(t.span.start).tree, t.elements)
	if t.node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 && floatPattern.MatchString(value) {
		return false
	}

	return own == value && t.node.ShortTag() == "!!str" && t.node.Value == value
}

// apply replaces the targets' bytes by the edits' values and proves the result. edits[i] is for targets[i].
func (s *state) apply(edits []Edit) ([]byte, error) {
	wanted := make(map[*yaml.Node]string, len(edits))
	size := len(s.data)
	for i, t := range s.targets {
		if !s.isDone(t, edits[i].Value) {
			wanted[t.node] = edits[i].Value
			size += len(edits[i].Value) + len(` ""`)
		}
	}
	if len(wanted) == 0 {
		return s.data, nil
	}
	result := make([]byte, 0, size)
	done := 0
	for _, t := range s.ordered {
		value, changes := wanted[t.node]
		if !changes {
			continue
		}
		result = append(result, s.data[done:t.span.start]...)
		if t.span.blank {
			result = append(result, ' ')
		}
		result = append(result, render(value, t.node.Style)...)
		done = t.span.end
	}
	result = append(result, s.data[done:]...)
	if len(result) > maxFile {
		return nil, &Error{Problem: fmt.Sprintf("the edited file is larger than %d MiB", maxFile>>20), Hint: "keep the values to edit in a smaller file"}
	}
	if err := s.prove(result, wanted); err != nil {
		return nil, err
	}

	return result, nil
}
