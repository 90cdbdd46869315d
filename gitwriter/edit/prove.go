package edit

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

const rewrite = "write the value on the line of its key, in double quotes, and without an anchor"

// prove reads the result with both parsers and refuses it unless exactly the wanted values changed.
func (s *state) prove(result []byte, wanted map[*yaml.Node]string) error {
	if err := s.proveNodes(result, wanted); err != nil {
		return err
	}

	return s.proveValues(result, wanted)
}

// first is the changed target that messages name when a place can't be told.
func (s *state) first(wanted map[*yaml.Node]string) *target {
	for _, t := range s.ordered {
		if _, changes := wanted[t.node]; changes {
			return t
		}
	}

	return s.ordered[0]
}

// proveNodes compares the node trees: kind, value, tag, style, anchor and alias target of each node but the wanted ones.
func (s *state) proveNodes(result []byte, wanted map[*yaml.Node]string) error {
	nodes, err := parse(result)
	first := s.first(wanted)
	if err != nil {
		return refuse(first.path.String(), first.node, "the edited file would be refused ("+err.Error()+")", rewrite)
	}
	compare := comparison{wanted: wanted, twins: map[*yaml.Node]*yaml.Node{}}
	same := len(nodes.docs) == len(s.docs)
	for i := 0; same && i < len(s.docs); i++ {
		same = compare.same(s.docs[i], nodes.docs[i])
	}
	if !same {
		place := first.node
		if compare.differs != nil {
			place = compare.differs
		}

		return refuse(first.path.String(), place, "the edited file would read differently here", rewrite)
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
func (s *state) proveValues(result []byte, wanted map[*yaml.Node]string) error {
	first := s.first(wanted)
	after, err := readValues(result)
	if err != nil {
		return refuse(first.path.String(), first.node, "the edited file would be refused ("+err.Error()+")", rewrite)
	}
	merged := after.merged()
	for _, t := range s.ordered {
		value, changes := wanted[t.node]
		if !changes {
			continue
		}
		if read, _ := lookup(merged, t.elements); read != value {
			return refuse(t.path.String(), t.node, fmt.Sprintf("Helm would read %s, not %q", describeValue(read), shorten(value)), rewrite)
		}
		replace(s.values.partAt(t.span.start).tree, t.elements, value)
	}
	for i := range s.values.parts {
		if len(after.parts) != len(s.values.parts) || !sameValues(s.values.parts[i].tree, after.parts[i].tree) {
			return s.refuseSpread(first)
		}
	}

	return nil
}

// refuseSpread says that a change would show at other paths too, and which aliases carry it there.
func (s *state) refuseSpread(t *target) error {
	users := aliasesOf(s.docs, t.node)
	if len(users) == 0 {
		return refuse(t.path.String(), t.node, "other values would change with it for Helm", rewrite)
	}

	return refuse(t.path.String(), t.node, "other values would change with it, through "+strings.Join(users, ", "), "write the value out there instead")
}

// maxAliasesShown bounds the aliases that a message lists.
const maxAliasesShown = 5

// aliasesOf names the aliases that repeat a node, or a part of the document that it stands in.
func aliasesOf(docs []*yaml.Node, node *yaml.Node) []string {
	around := map[*yaml.Node]struct{}{}
	for _, doc := range docs {
		collectAround(doc, node, around)
	}
	var users []string
	for _, doc := range docs {
		users = collectAliases(doc, around, users)
	}

	return users
}

// collectAround adds the node and all that it stands in.
func collectAround(from, node *yaml.Node, around map[*yaml.Node]struct{}) bool {
	within := from == node || slices.ContainsFunc(from.Content, func(child *yaml.Node) bool { return collectAround(child, node, around) })
	if within {
		around[from] = struct{}{}
	}

	return within
}

func collectAliases(from *yaml.Node, of map[*yaml.Node]struct{}, users []string) []string {
	if _, repeats := of[from.Alias]; repeats && len(users) < maxAliasesShown {
		users = append(users, fmt.Sprintf("*%s at line %d", shorten(from.Value), from.Line))
	}
	for _, child := range from.Content {
		users = collectAliases(child, of, users)
	}

	return users
}
