package edit

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// finder looks up paths in the documents of a file.
type finder struct {
	docs []*yaml.Node
	// maps holds the keys of each map that a path has led into, so that many paths into a large one stay cheap.
	maps map[*yaml.Node]*keyIndex
}

func newFinder(docs []*yaml.Node) *finder {
	return &finder{docs: docs, maps: map[*yaml.Node]*keyIndex{}}
}

// find finds the one scalar that the target's path names, or returns the refusal.
//
// A document that lacks the path says so with how much of it exists; the one that has the longest part is the one meant.
// Any other refusal (a duplicate key, an alias on the way, a block scalar) means that the path exists there after a fashion:
// then no other document may win silently.
func (f *finder) find(t *target) error {
	if len(t.elements) == 0 {
		return &Error{Problem: "the key path is empty", Hint: "name one, such as www.tag"}
	}
	var found *walker
	var absent *absence
	for _, doc := range f.docs {
		walk := &walker{finder: f, path: t.path.String(), elements: t.elements}
		missing, err := walk.descend(doc)
		switch {
		case err != nil:
			return err
		case missing != nil:
			if absent == nil || missing.depth > absent.depth {
				absent = missing
			}
		case found != nil:
			return refuse(t.path.String(), walk.node, fmt.Sprintf("it exists in two documents, the other at line %d", found.node.Line),
				"keep it in one: Helm takes the later, other readers the first")
		default:
			found = walk
		}
	}
	switch {
	case found != nil:
		t.node, t.trail = found.node, found.trail

		return nil
	case absent != nil:
		return absent.err
	default:
		return &Error{Path: t.path.String(), Problem: "the file holds no YAML document", Hint: addIt}
	}
}

// absence is a path that a document lacks: its first depth elements exist there.
type absence struct {
	depth int
	err   *Error
}

const addIt = "add it to the file, or correct the path"

// walker descends one document along a path.
type walker struct {
	finder   *finder
	path     string
	elements []element
	at       int
	// node is where the walk has come to, trail the nodes before it.
	node  *yaml.Node
	trail []*yaml.Node
}

// prefix is the part of the path that was walked already.
func (w *walker) prefix() string {
	if w.at == 0 {
		return "the file"
	}

	return formatElements(w.elements[:w.at])
}

func (w *walker) absent(node *yaml.Node, problem, hint string) *absence {
	return &absence{depth: w.at, err: refuse(w.path, node, problem, hint)}
}

func (w *walker) descend(doc *yaml.Node) (*absence, error) {
	w.node = doc
	if len(doc.Content) == 1 {
		w.node = doc.Content[0]
	}
	for ; w.at < len(w.elements); w.at++ {
		var next *yaml.Node
		var missing *absence
		var err error
		if w.elements[w.at].list {
			next, missing, err = w.index(w.node, w.elements[w.at].index)
		} else {
			next, missing, err = w.key(w.node, w.elements[w.at].key)
		}
		if missing != nil || err != nil {
			return missing, err
		}
		w.trail = append(w.trail, w.node)
		w.node = next
	}

	return nil, w.checkScalar(w.node)
}

// index takes one step into a list.
func (w *walker) index(node *yaml.Node, index int) (*yaml.Node, *absence, error) {
	switch {
	case node.Kind == yaml.AliasNode:
		return nil, nil, w.refuseAlias(node)
	case node.Kind != yaml.SequenceNode:
		return nil, w.absent(node, fmt.Sprintf("%s is %s, not a list", w.prefix(), describe(node)), "correct the path"), nil
	case index >= len(node.Content):
		return nil, w.absent(node, fmt.Sprintf("%s has no item [%d] (it has %s)", w.prefix(), index, countItems(node)), addIt), nil
	default:
		return node.Content[index], nil, nil
	}
}

// key takes one step into a map.
func (w *walker) key(node *yaml.Node, key string) (*yaml.Node, *absence, error) {
	switch node.Kind {
	case yaml.AliasNode:
		return nil, nil, w.refuseAlias(node)
	case yaml.MappingNode:
	default:
		return nil, w.absent(node, fmt.Sprintf("%s is %s, not a map", w.prefix(), describe(node)), "correct the path"), nil
	}
	places := w.finder.keysOf(node).places(node, key)
	if len(places) == 0 {
		return w.keyAbsent(node, key)
	}
	found := places[0]
	if len(places) > 1 {
		return nil, nil, refuse(w.path, node.Content[places[1]],
			fmt.Sprintf("the key %s stands twice, first at line %d", quoteKey(key), node.Content[found].Line), "remove one of them")
	}
	if err := w.checkKey(node.Content[found], key); err != nil {
		return nil, nil, err
	}
	if merge := w.finder.overriding(node, found, key); merge != nil {
		return nil, nil, refuse(w.path, node.Content[found], fmt.Sprintf("the merge key << at line %d overrides it for Helm, as it stands behind", merge.Line),
			"move << to the top of the map")
	}

	return node.Content[found+1], nil, nil
}

// keyAbsent says what there is instead of the key.
func (w *walker) keyAbsent(node *yaml.Node, key string) (*yaml.Node, *absence, error) {
	for _, i := range w.finder.keysOf(node).merges {
		if key == node.Content[i].Value {
			return nil, nil, refuse(w.path, node.Content[i], "<< is a merge key, not a key of its map", "name the place where the values are written")
		}
		if source := w.finder.merged(node.Content[i+1], key); source != nil {
			return nil, nil, refuse(w.path, node.Content[i], fmt.Sprintf("%s has %s only through this merge key <<", w.prefix(), quoteKey(key)),
				fmt.Sprintf("name the place where it is written, at line %d, or add the key here", source.Line))
		}
	}
	if len(node.Content) == 0 {
		return nil, w.absent(node, fmt.Sprintf("%s is an empty map, without the key %s", w.prefix(), quoteKey(key)), addIt), nil
	}

	return nil, w.absent(node, fmt.Sprintf("%s has no key %s (it has %s)", w.prefix(), quoteKey(key), listKeys(node)), addIt), nil
}

// checkKey refuses a key that is this string for one reader and something else for another.
func (w *walker) checkKey(node *yaml.Node, key string) error {
	if node.Kind == yaml.AliasNode {
		return refuse(w.path, node, fmt.Sprintf("the key %s is an alias", quoteKey(key)), "write the key out")
	}
	if read := helmKey(node); read != node.Value {
		return refuse(w.path, node, fmt.Sprintf("Helm reads the key %s as %s", quoteKey(node.Value), quoteKey(read)), "put the key into quotes")
	}

	return nil
}

func (w *walker) refuseAlias(node *yaml.Node) error {
	subject := "this"
	if w.at < len(w.elements) {
		subject = w.prefix()
	}

	return refuse(w.path, node, fmt.Sprintf("%s is the alias *%s, and a change would show wherever its anchor is used", subject, shorten(node.Value)),
		fmt.Sprintf("name the path of the anchor, at line %d, or write the value out here", node.Alias.Line))
}

// checkScalar refuses a place that isn't one value written in one piece.
func (w *walker) checkScalar(node *yaml.Node) error {
	switch {
	case node.Kind == yaml.AliasNode:
		return w.refuseAlias(node)
	case node.Kind == yaml.MappingNode && len(node.Content) == 0:
		return refuse(w.path, node, "an empty map stands here, not a value", `write "" in its place, or correct the path`)
	case node.Kind == yaml.MappingNode:
		return refuse(w.path, node, fmt.Sprintf("a map stands here, not a value (it has %s)", listKeys(node)),
			"name one of its keys"+w.example(node))
	case node.Kind == yaml.SequenceNode && len(node.Content) == 0:
		return refuse(w.path, node, "an empty list stands here, not a value", `write "" in its place, or correct the path`)
	case node.Kind == yaml.SequenceNode:
		return refuse(w.path, node, fmt.Sprintf("a list stands here, not a value (it has %s)", countItems(node)),
			"name one of its items, such as "+w.path+"[0]")
	case node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return refuse(w.path, node, "a block scalar (| or >) stands here", "write the value on the line of its key")
	case node.Style&yaml.TaggedStyle != 0 && node.ShortTag() != "!!str":
		return refuse(w.path, node, "the value carries the tag "+shorten(node.ShortTag()), "remove the tag")
	case strings.Contains(node.Value, "{{"):
		return refuse(w.path, node, fmt.Sprintf("the template %q stands here", shorten(node.Value)), "name the path of the value that the template reads")
	default:
		return nil
	}
}

// example names a key of a map for a hint, if one of them is a plain word.
func (w *walker) example(node *yaml.Node) string {
	for i := 0; i+1 < len(node.Content) && i < 2*maxKeysShown; i += 2 {
		if key := node.Content[i]; key.Kind == yaml.ScalarNode && !isMerge(key) && quoteKey(key.Value) == key.Value {
			return ", such as " + w.path + "." + escapeKey(key.Value)
		}
	}

	return ""
}

// maxKeysShown bounds the keys that a message lists.
const maxKeysShown = 12

// listKeys names the keys of a map for a message.
func listKeys(node *yaml.Node) string {
	keys := make([]string, 0, maxKeysShown+1)
	for i := 0; i+1 < len(node.Content); i += 2 {
		if len(keys) == maxKeysShown {
			keys = append(keys, fmt.Sprintf("%d more", len(node.Content)/2-maxKeysShown))

			break
		}
		keys = append(keys, showKey(node.Content[i]))
	}

	return strings.Join(keys, ", ")
}

// showKey names a key of any kind.
func showKey(key *yaml.Node) string {
	switch key.Kind {
	case yaml.ScalarNode:
		return quoteKey(key.Value)
	case yaml.AliasNode:
		return "*" + shorten(key.Value)
	default:
		return describe(key)
	}
}

// countItems says how many items a list has.
func countItems(node *yaml.Node) string {
	switch count := len(node.Content); count {
	case 0:
		return "none"
	case 1:
		return "only [0]"
	case 2: //nolint:mnd // a pair
		return "[0] and [1]"
	default:
		return fmt.Sprintf("[0] to [%d]", count-1)
	}
}

// quoteKey writes a key for a message: plain words as they are, anything else quoted.
func quoteKey(key string) string {
	if wordPattern.MatchString(key) && len(key) <= maxShown {
		return key
	}

	return fmt.Sprintf("%q", shorten(key))
}

// describe names the kind of a node with its article.
func describe(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		if node.ShortTag() == "!!null" {
			return "empty"
		}

		return "the value " + fmt.Sprintf("%q", shorten(node.Value))
	default:
		return "empty"
	}
}
