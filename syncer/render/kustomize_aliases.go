package render

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// maxNodes is the number of values that a file may have once its aliases are written out, which kustomize does: a few
// lines of aliases to lists of aliases would take all memory.
const maxNodes = 1 << 20

// boundAliases refuses YAML that would be too large. What is no YAML, kustomize refuses or takes as it is.
func boundAliases(data []byte) error {
	if !bytes.ContainsRune(data, '&') || !bytes.ContainsRune(data, '*') {
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var node yaml.Node
		switch err := decoder.Decode(&node); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return nil //nolint:nilerr // kustomize says it, if it reads the file as YAML at all
		}
		if nodesOf(&node, map[*yaml.Node]int{}) > maxNodes {
			return fmt.Errorf("its aliases stand for more than %d values: write out what is needed", maxNodes)
		}
	}
}

// nodesOf counts the values of a node with those that its aliases stand for, up to a little more than the bound.
func nodesOf(node *yaml.Node, known map[*yaml.Node]int) int {
	if count, counted := known[node]; counted {
		return count
	}
	known[node] = maxNodes + 1 // an alias to what it is in
	count := 1
	if node.Alias != nil {
		count += nodesOf(node.Alias, known)
	}
	for _, child := range node.Content {
		count = min(count+nodesOf(child, known), maxNodes+1)
	}
	known[node] = count
	return count
}
