package edit

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

const rewrite = "simplify this place first: the value on the line of its key, in double quotes, without an anchor, and no tabs around it"

// One proof is enough for a plan, but for each edit that can't be proven some more are needed to find out which it is: by
// halves, twice the logarithm of their number. These bound them, by the bytes that are proven.
const (
	minProofs   = 64
	provenBytes = 32 << 20
)

// proveAll proves the changing targets together, and refuses those that don't stand it.
func (s *state) proveAll() {
	budget := max(minProofs, provenBytes/max(len(s.data), 1))
	all := s.changing()
	s.proveSome(all, &budget)
	proven := s.changing()
	if len(proven) == len(all) || len(proven) == 0 {
		return
	}
	// What was proven in parts is proven together, too: drafts hold any of them beside one another.
	if err := s.prove(proven); err != nil {
		for _, t := range proven {
			t.err = err
		}
	}
}

// proveSome halves a set of targets that can't be proven, until the ones that are at fault stand alone.
func (s *state) proveSome(targets []*target, budget *int) {
	if len(targets) == 0 {
		return
	}
	if *budget == 0 {
		for _, t := range targets {
			t.err = t.refuse("other edits of this file couldn't be proven right, and there were too many of them to go on", "mend those first")
		}

		return
	}
	*budget--
	err := s.prove(targets)
	switch {
	case err == nil:
	case len(targets) == 1:
		targets[0].err = err
	default:
		half := len(targets) / 2 //nolint:mnd // two halves
		s.proveSome(targets[:half], budget)
		s.proveSome(targets[half:], budget)
	}
}

// prove writes the targets, reads the result with both parsers, and refuses it unless exactly these values changed.
func (s *state) prove(targets []*target) error {
	result := s.splice(targets)
	if err := s.proveNodes(result, targets); err != nil {
		return err
	}

	return s.proveValues(result, targets)
}

// proveNodes compares the node trees: kind, value, tag, style, anchor and alias target of each node but the wanted ones.
func (s *state) proveNodes(result []byte, targets []*target) error {
	nodes, err := parse(result)
	if err != nil {
		return targets[0].refuse("the edited file would be refused ("+err.Error()+")", rewrite)
	}
	compare := comparison{wanted: make(map[*yaml.Node]string, len(targets)), twins: map[*yaml.Node]*yaml.Node{}}
	for _, t := range targets {
		compare.wanted[t.node] = t.value
	}
	same := len(nodes.docs) == len(s.docs)
	for i := 0; same && i < len(s.docs); i++ {
		same = compare.same(s.docs[i], nodes.docs[i])
	}
	if !same {
		place := targets[0].node
		if compare.differs != nil {
			place = compare.differs
		}

		return refuse(targets[0].path.String(), place, "the edited file would read differently here", rewrite)
	}

	return nil
}

// comparison walks two node trees side by side.
type comparison struct {
	wanted map[*yaml.Node]string
	// twins maps each anchored node of the old tree to its counterpart, so that aliases can be compared by target.
	twins map[*yaml.Node]*yaml.Node
	// differs is the first node of the old tree that has no equal.
	differs *yaml.Node
}

func (c *comparison) same(before, after *yaml.Node) bool {
	if before.Anchor != "" {
		c.twins[before] = after
	}
	if !c.sameNode(before, after) {
		c.differs = before

		return false
	}
	for i := range before.Content {
		if !c.same(before.Content[i], after.Content[i]) {
			return false
		}
	}

	return true
}

// sameNode compares two nodes without their children.
func (c *comparison) sameNode(before, after *yaml.Node) bool {
	if before.Kind != after.Kind || before.Anchor != after.Anchor || len(before.Content) != len(after.Content) {
		return false
	}
	if before.Kind == yaml.AliasNode && c.twins[before.Alias] != after.Alias {
		return false
	}
	if value, changes := c.wanted[before]; changes {
		return after.Value == value && after.ShortTag() == "!!str" && sameQuotes(before.Style, after.Style)
	}

	return before.Value == after.Value && before.Tag == after.Tag && before.Style == after.Style
}

// sameQuotes says whether a changed scalar kept its style; a plain one may have got double quotes.
func sameQuotes(before, after yaml.Style) bool {
	const quotes = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle

	return before == after || (before&quotes == 0 && after == before|yaml.DoubleQuotedStyle)
}

// proveValues compares what Helm reads: the wanted paths hold the new strings, everything else is as before.
func (s *state) proveValues(result []byte, targets []*target) error {
	after, err := readValues(result)
	if err != nil {
		return targets[0].refuse("the edited file would be refused ("+err.Error()+")", rewrite)
	}
	if len(after.parts) != len(s.values.parts) {
		return targets[0].refuse("Helm would split the edited file into other documents", rewrite)
	}
	for _, t := range targets {
		if read, _ := lookup(after.merged, t.elements); read != t.value {
			return t.refuse(fmt.Sprintf("Helm would read %s, not %q", describeValue(read), shorten(t.value)), rewrite)
		}
	}
	// The old tree with the new values in it is what the new tree must be. It is put back in order for the next proof.
	previous := make([]any, len(targets))
	for i, t := range targets {
		previous[i] = replace(s.treeOf(t), t.elements, t.value)
	}
	defer func() {
		for i, t := range targets {
			replace(s.treeOf(t), t.elements, previous[i])
		}
	}()
	for i := range s.values.parts {
		if !sameValues(s.values.parts[i].tree, after.parts[i].tree) {
			return targets[0].refuse("other values would change with it for Helm", rewrite)
		}
	}

	return nil
}
