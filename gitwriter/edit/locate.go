package edit

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// find returns the one scalar that the path names in the documents, or the refusal.
//
// A document that lacks the path says so with how much of it exists; the one that has the longest part is the one meant.
// Any other refusal (a duplicate key, an alias on the way, a block scalar) means that the path exists there after a fashion:
// then no other document may win silently.
func find(docs []*yaml.Node, p Path) (*yaml.Node, error) {
	elements := p.elements()
	if len(elements) == 0 {
		return nil, &Error{Problem: "the key path is empty", Hint: "name one, such as www.tag"}
	}
	var found *yaml.Node
	var absent *absence
	for _, doc := range docs {
		walk := walker{path: p.String(), elements: elements}
		node, missing, err := walk.descend(doc)
		switch {
		case err != nil:
			return nil, err
		case missing != nil:
			if absent == nil || missing.depth > absent.depth {
				absent = missing
			}
		case found != nil:
			return nil, refuse(p.String(), node, fmt.Sprintf("exists in two documents, the other at line %d", found.Line),
				"keep it in one: Helm takes the later, other readers the first")
		default:
			found = node
		}
	}
	switch {
	case found != nil:
		return found, nil
	case absent != nil:
		return nil, absent.err
	default:
		return nil, &Error{Path: p.String(), Problem: "the file holds no YAML document", Hint: addIt}
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
	path     string
	elements []element
	at       int
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

func (w *walker) descend(doc *yaml.Node) (*yaml.Node, *absence, error) {
	node := doc
	if len(doc.Content) == 1 {
		node = doc.Content[0]
	}
	for ; w.at < len(w.elements); w.at++ {
		var missing *absence
		var err error
		if w.elements[w.at].list {
			node, missing, err = w.index(node, w.elements[w.at].index)
		} else {
			node, missing, err = w.key(node, w.elements[w.at].key)
		}
		if missing != nil || err != nil {
			return nil, missing, err
		}
	}

	return node, nil, w.checkScalar(node)
}

// index takes one step into a list.
func (w *walker) index(node *yaml.Node, index int) (*yaml.Node, *absence, error) {
	switch {
	case node.Kind == yaml.AliasNode:
		return nil, nil, w.refuseAlias(node)
	case node.Kind != yaml.SequenceNode:
		return nil, w.absent(node, fmt.Sprintf("%s is %s, not a list", w.prefix(), describe(node)), "correct the path"), nil
	case index >= len(node.Content):
		return nil, w.absent(node, fmt.Sprintf("%s has no [%d], it has %d", w.prefix(), index, len(node.Content)), addIt), nil
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
	found := -1
	for i := 0; i+1 < len(node.Content); i += 2 {
		if !keyMatches(node.Content[i], key) {
			continue
		}
		if found >= 0 {
			return nil, nil, refuse(w.path, node.Content[i], fmt.Sprintf("the key %s stands twice, first at line %d", quoteKey(key), node.Content[found].Line),
				"remove one of them")
		}
		found = i
	}
	if found < 0 {
		return w.keyAbsent(node, key)
	}
	if err := w.checkKey(node.Content[found], key); err != nil {
		return nil, nil, err
	}
	if merge := overriding(node, found, key); merge != nil {
		return nil, nil, refuse(w.path, node.Content[found], fmt.Sprintf("the merge key << at line %d overrides it for Helm, as it stands behind", merge.Line),
			"move << to the top of the map")
	}

	return node.Content[found+1], nil, nil
}

// keyAbsent says what there is instead of the key.
func (w *walker) keyAbsent(node *yaml.Node, key string) (*yaml.Node, *absence, error) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if !isMerge(node.Content[i]) {
			continue
		}
		if key == node.Content[i].Value {
			return nil, nil, refuse(w.path, node.Content[i], "<< is a merge key, not a key of its map", "name the place where the values are written")
		}
		if source := merged(node.Content[i+1], key); source != nil {
			return nil, nil, refuse(w.path, node.Content[i], fmt.Sprintf("%s has %s only through this merge key <<", w.prefix(), quoteKey(key)),
				fmt.Sprintf("name the place where it is written, at line %d, or add the key here", source.Line))
		}
	}

	return nil, w.absent(node, fmt.Sprintf("%s has no key %s, it has %s", w.prefix(), quoteKey(key), listKeys(node)), addIt), nil
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
	subject := ""
	if w.at < len(w.elements) {
		subject = w.prefix() + " "
	}

	return refuse(w.path, node, fmt.Sprintf("%sis the alias *%s, a change would show wherever the anchor is used", subject, shorten(node.Value)),
		fmt.Sprintf("name the path of the anchor, at line %d, or write the values out here", node.Alias.Line))
}

// checkScalar refuses a place that isn't one value written in one piece.
func (w *walker) checkScalar(node *yaml.Node) error {
	switch {
	case node.Kind == yaml.AliasNode:
		return w.refuseAlias(node)
	case node.Kind == yaml.MappingNode:
		return refuse(w.path, node, "is a map, it has "+listKeys(node), "name one of its keys")
	case node.Kind == yaml.SequenceNode:
		return refuse(w.path, node, fmt.Sprintf("is a list of %d", len(node.Content)), "name one of its items by [index]")
	case node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return refuse(w.path, node, "is a block scalar (| or >)", "write the value on the line of its key")
	case node.Style&yaml.TaggedStyle != 0 && node.ShortTag() != "!!str":
		return refuse(w.path, node, "carries the tag "+shorten(node.ShortTag()), "remove the tag")
	case strings.Contains(node.Value, "{{"):
		return refuse(w.path, node, fmt.Sprintf("holds the template %q", shorten(node.Value)), "name the path of the value that the template reads")
	default:
		return nil
	}
}

// keyMatches says whether any reader takes the key for this one.
func keyMatches(node *yaml.Node, key string) bool {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Kind != yaml.ScalarNode || isMerge(node) {
		return false
	}

	return node.Value == key || isConverted(key) && helmKey(node) == key
}

func isMerge(key *yaml.Node) bool { return key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" }

// overriding returns the merge key behind the key at index own that brings the same key: Helm's parser lets it win.
func overriding(node *yaml.Node, own int, key string) *yaml.Node {
	for i := own + 2; i+1 < len(node.Content); i += 2 {
		if isMerge(node.Content[i]) && merged(node.Content[i+1], key) != nil {
			return node.Content[i]
		}
	}

	return nil
}

// merged returns the key that a merge key's value brings, or nil. The survey has made sure that no alias leads in circles.
func merged(value *yaml.Node, key string) *yaml.Node {
	switch value.Kind {
	case yaml.AliasNode:
		return merged(value.Alias, key)
	case yaml.SequenceNode:
		for _, item := range value.Content {
			if source := merged(item, key); source != nil {
				return source
			}
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(value.Content); i += 2 {
			if keyMatches(value.Content[i], key) {
				return value.Content[i]
			}
			if isMerge(value.Content[i]) {
				if source := merged(value.Content[i+1], key); source != nil {
					return source
				}
			}
		}
	case yaml.DocumentNode, yaml.ScalarNode:
	}

	return nil
}

// maxKeysShown bounds the keys that a message lists.
const maxKeysShown = 12

// listKeys names the keys of a map for a message.
func listKeys(node *yaml.Node) string {
	if len(node.Content) == 0 {
		return "none"
	}
	keys := make([]string, 0, maxKeysShown+1)
	for i := 0; i+1 < len(node.Content); i += 2 {
		if len(keys) == maxKeysShown {
			keys = append(keys, fmt.Sprintf("%d more", len(node.Content)/2-maxKeysShown))

			break
		}
		keys = append(keys, quoteKey(node.Content[i].Value))
	}

	return strings.Join(keys, ", ")
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
