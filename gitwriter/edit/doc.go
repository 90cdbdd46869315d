// Package edit replaces single values in YAML files byte by byte.
//
// An edit names a key path, written as in `helm --set`, and a string. Apply and Plan replace the bytes of the scalar that stands
// there and nothing else: comments, blank lines, quotes, anchors, line ends, byte order mark, trailing spaces and a missing
// final newline stay as they are. Before it returns, it proves the result twice: the YAML node tree, as gopkg.in/yaml.v3
// reads it, differs in that scalar alone; and the values, as sigs.k8s.io/yaml (Helm's and kubectl's parser, YAML 1.1) reads
// them, differ at that path alone and hold the very string there. Whatever can't be proven is refused with line, column and
// what to do, and nothing is written.
//
// How the value is written: quotes that stand there stay, in their style. A plain (unquoted) value stays plain only if every
// YAML reader surely takes the new one for this string: versions of three numeric parts, and words that begin with a letter
// and aren't one of YAML 1.1's booleans or nulls. Anything else gets double quotes: 1.20 would be the number 1.2. A file that
// is JSON stays JSON.
//
// Files of several documents: the path must exist in exactly one of them. Helm merges the documents of a values file, later
// over earlier, so a document that a later one overrides at this path is refused too. Helm releases before that merge read
// the first document alone: values belong there.
//
// Input is taken as hostile: size, depth and the growth through aliases are bounded before anything is decoded into values.
//
// The package knows YAML and Helm's reading of it. It must never know Git, Kubernetes, registries, or where a file came from.
package edit
