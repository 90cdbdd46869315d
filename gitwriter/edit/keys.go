package edit

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// keyIndex is where the keys of one map stand, as indices into the Content of its node.
type keyIndex struct {
	// written are the keys by the text that stands there, unquoted.
	written map[string][]int
	// read are the keys by what Helm makes of them, where that is another text. It is nil until it is asked for.
	read map[string][]int
	// merges are the merge keys.
	merges []int
}

// keysOf returns the index of a map's keys, made at its first use.
func (f *finder) keysOf(node *yaml.Node) *keyIndex {
	if index := f.maps[node]; index != nil {
		return index
	}
	index := &keyIndex{written: make(map[string][]int, len(node.Content)/2)} //nolint:mnd // a key and a value each
	for i := 0; i+1 < len(node.Content); i += 2 {
		if key := node.Content[i]; isMerge(key) {
			index.merges = append(index.merges, i)
		} else if key = resolved(key); key.Kind == yaml.ScalarNode {
			index.written[key.Value] = append(index.written[key.Value], i)
		}
	}
	f.maps[node] = index

	return index
}

// places returns where any reader finds the key.
func (k *keyIndex) places(node *yaml.Node, key string) []int {
	places := k.written[key]
	if !isConverted(key) {
		return places
	}
	if k.read == nil {
		k.read = map[string][]int{}
		for written, at := range k.written {
			for _, i := range at {
				if read := helmKey(resolved(node.Content[i])); read != written {
					k.read[read] = append(k.read[read], i)
				}
			}
		}
	}
	if len(k.read[key]) == 0 {
		return places
	}
	places = slices.Concat(places, k.read[key])
	slices.Sort(places)

	return places
}

// resolved is the node that an alias stands for, or the node itself.
func resolved(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}

	return node
}

func isMerge(key *yaml.Node) bool { return key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" }

// overriding returns the merge key behind the key at index own that brings the same key: Helm's parser lets it win.
func (f *finder) overriding(node *yaml.Node, own int, key string) *yaml.Node {
	for _, i := range f.keysOf(node).merges {
		if i > own && f.merged(node.Content[i+1], key) != nil {
			return node.Content[i]
		}
	}

	return nil
}

// merged returns the key that a merge key's value brings, or nil. The survey has made sure that no alias leads in circles.
func (f *finder) merged(value *yaml.Node, key string) *yaml.Node {
	switch value = resolved(value); value.Kind {
	case yaml.SequenceNode:
		for _, item := range value.Content {
			if source := f.merged(item, key); source != nil {
				return source
			}
		}
	case yaml.MappingNode:
		index := f.keysOf(value)
		if places := index.places(value, key); len(places) > 0 {
			return value.Content[places[0]]
		}
		for _, i := range index.merges {
			if source := f.merged(value.Content[i+1], key); source != nil {
				return source
			}
		}
	case yaml.DocumentNode, yaml.ScalarNode, yaml.AliasNode:
	}

	return nil
}

// checkKeys refuses a map of which two keys, written or typed otherwise, are one for Helm: 1 and "1", or 010 and 8. It takes
// either of them, another one at the next reading, so that nothing could be proven about the file.
func checkKeys(node *yaml.Node) error {
	if node.Kind == yaml.MappingNode && hasNoStringKey(node) {
		if err := checkKeysOf(node); err != nil {
			return err
		}
	}
	for _, child := range node.Content {
		if err := checkKeys(child); err != nil {
			return err
		}
	}

	return nil
}

func hasNoStringKey(node *yaml.Node) bool {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if isNoStringKey(resolved(node.Content[i])) {
			return true
		}
	}

	return false
}

func checkKeysOf(node *yaml.Node) error {
	first := make(map[string]*yaml.Node, len(node.Content)/2) //nolint:mnd // a key and a value each
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := resolved(node.Content[i])
		if key.Kind != yaml.ScalarNode || isMerge(key) {
			continue
		}
		read := key.Value
		if isNoStringKey(key) {
			read = helmKey(key)
		}
		other := first[read]
		if other != nil && (other.Value != key.Value || isNoStringKey(other) != isNoStringKey(key)) {
			return refuse("", node.Content[i], fmt.Sprintf("Helm takes this key for %s, which stands at line %d already", quoteKey(read), other.Line),
				"remove one of them")
		}
		first[read] = key
	}

	return nil
}

// isNoStringKey says of a node whether it may be a number or a boolean of YAML 1.1 if it is a key.
func isNoStringKey(node *yaml.Node) bool {
	if node.Kind != yaml.ScalarNode || node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.TaggedStyle) != 0 || node.Value == "" {
		return false
	}

	return strings.IndexByte("0123456789+-.", node.Value[0]) >= 0 && !isSurelyString(node.Value) || isWord11(node.Value)
}
