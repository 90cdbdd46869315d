package edit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/strvals"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

// FuzzApply edits the n-th scalar of any file, and holds the outcome against Helm's own loader of values files.
func FuzzApply(f *testing.F) {
	inputs, err := filepath.Glob("testdata/*/in.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for i, input := range inputs {
		data, err := os.ReadFile(input)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) > 4096 {
			continue
		}
		f.Add(data, uint(i), "v1.0.36")
		f.Add(data, uint(i+1), "1.20")
		f.Add(data, uint(i+2), "it's \"x\" \\ é: # {}")
	}
	f.Fuzz(func(t *testing.T, data []byte, n uint, value string) {
		paths := scalarPaths(data)
		if len(paths) == 0 {
			// The parser itself must stand anything.
			if _, err := edit.Apply(data, edit.Edit{Path: mustPath(t, "a.b"), Value: value}); err == nil {
				t.Fatal("Apply succeeded in a file without scalars")
			}

			return
		}
		path, err := edit.ParsePath(paths[n%uint(len(paths))])
		if err != nil {
			return
		}
		checkFuzzed(t, data, edit.Edit{Path: path, Value: value})
	})
}

// checkFuzzed applies one edit and checks everything that is promised about the result.
func checkFuzzed(t *testing.T, data []byte, e edit.Edit) {
	t.Helper()
	original := bytes.Clone(data)
	_, valueErr := edit.Value(data, e.Path)
	got, err := edit.Apply(data, e)
	if !bytes.Equal(original, data) {
		t.Fatal("Apply changed its input")
	}
	if err != nil {
		if _, isError := errors.AsType[*edit.Error](err); !isError || got != nil {
			t.Fatalf("Apply returned %q and %#v", got, err)
		}

		return
	}
	if valueErr != nil && !bytes.Equal(got, data) {
		t.Fatalf("Value refused what Apply did: %v", valueErr)
	}
	if now, err := edit.Value(got, e.Path); err != nil && valueErr == nil || err == nil && now != e.Value {
		t.Fatalf("Value = %q, %v; want %q\n%q\n%q", now, err, e.Value, data, got)
	}
	again, err := edit.Apply(got, e)
	if err != nil || !bytes.Equal(again, got) {
		t.Fatalf("second Apply: %v\n%q\n%q", err, got, again)
	}
	checkByHelm(t, data, got, e)
	checkByNodes(t, data, got, e)
}

// checkByNodes checks that a plain walk through both node trees meets the same, but for the one scalar.
func checkByNodes(t *testing.T, before, after []byte, e edit.Edit) {
	t.Helper()
	want, got := flatten(before), flatten(after)
	if len(want) != len(got) {
		t.Fatalf("%s=%q: %d nodes became %d\n%q\n%q", e.Path, e.Value, len(want), len(got), before, after)
	}
	changed := 0
	for i := range want {
		if want[i] == got[i] {
			continue
		}
		changed++
		wished := leaf{path: e.Path.String(), kind: yaml.ScalarNode, value: e.Value, tag: "!!str", anchor: want[i].anchor}
		if path, err := edit.ParsePath(got[i].path); err == nil {
			got[i].path = path.String()
		}
		if got[i] != wished {
			t.Fatalf("%s=%q: %v became %v\n%q\n%q", e.Path, e.Value, want[i], got[i], before, after)
		}
	}
	if changed > 1 {
		t.Fatalf("%s=%q: %d nodes changed\n%q\n%q", e.Path, e.Value, changed, before, after)
	}
}

// leaf is what a node says by itself.
type leaf struct {
	path, value, tag, anchor string
	kind                     yaml.Kind
}

// flatten lists all nodes of all documents, keys among them, in the order of the file.
func flatten(data []byte) []leaf {
	var leaves []leaf
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		if err := decoder.Decode(&doc); err != nil {
			return leaves
		}
		leaves = appendLeaves(leaves, &doc, "")
	}
}

func appendLeaves(leaves []leaf, node *yaml.Node, path string) []leaf {
	leaves = append(leaves, leaf{path: path, value: node.Value, tag: node.ShortTag(), anchor: node.Anchor, kind: node.Kind})
	for i, child := range node.Content {
		switch {
		case node.Kind == yaml.DocumentNode:
			leaves = appendLeaves(leaves, child, "")
		case node.Kind == yaml.SequenceNode:
			leaves = appendLeaves(leaves, child, path+"["+strconv.Itoa(i)+"]")
		case i%2 == 1:
			leaves = appendLeaves(leaves, child, joinPath(path, node.Content[i-1].Value))
		default:
			leaves = appendLeaves(leaves, child, path+" key")
		}
	}

	return leaves
}

// joinPath escapes a key and puts it behind the path to its map.
func joinPath(prefix, key string) string {
	key = strings.NewReplacer(`\`, `\\`, `.`, `\.`, `[`, `\[`, `,`, `\,`, `=`, `\=`).Replace(key)

	return strings.TrimPrefix(prefix+"."+key, ".")
}

// checkByHelm checks that Helm reads the same values from both files, but for the one edited.
func checkByHelm(t *testing.T, before, after []byte, e edit.Edit) {
	t.Helper()
	was, err := loader.LoadValues(bytes.NewReader(before))
	if err != nil {
		return
	}
	is, err := loader.LoadValues(bytes.NewReader(after))
	if err != nil {
		t.Fatalf("Helm can't read the result: %v\n%q\n%q", err, before, after)
	}
	if err := setValue(was, e); err != nil {
		t.Fatalf("%s: %v\n%q", e.Path, err, before)
	}
	if diff := cmp.Diff(was, is); diff != "" {
		t.Fatalf("%s=%q: Helm reads: -want +got:\n%s\n%q\n%q", e.Path, e.Value, diff, before, after)
	}
}

// setValue sets a path to a string as `helm --set-string` does; that parser's own syntax is kept out of the value.
func setValue(values map[string]any, e edit.Edit) error {
	escaped := strings.NewReplacer(`\`, `\\`, `,`, `\,`, `[`, `\[`, `{`, `\{`).Replace(e.Value)

	return strvals.ParseIntoString(e.Path.String()+"="+escaped, values)
}

// scalarPaths lists the key paths of all scalars of all documents, in the order of the file.
func scalarPaths(data []byte) []string {
	var paths []string
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		if err := decoder.Decode(&doc); err != nil {
			if !errors.Is(err, io.EOF) {
				return nil
			}

			return paths
		}
		paths = appendPaths(paths, &doc, "", 0)
	}
}

func appendPaths(paths []string, node *yaml.Node, prefix string, depth int) []string {
	const enough = 50
	if depth > enough || len(prefix) > 10*enough {
		return paths
	}
	switch node.Kind {
	case yaml.DocumentNode:
		return appendPaths(paths, node.Content[0], prefix, depth)
	case yaml.MappingNode:
		for i := 0; i < len(node.Content); i += 2 {
			paths = appendPaths(paths, node.Content[i+1], joinPath(prefix, node.Content[i].Value), depth+1)
		}
	case yaml.SequenceNode:
		for i, item := range node.Content {
			paths = appendPaths(paths, item, prefix+"["+strconv.Itoa(i)+"]", depth+1)
		}
	case yaml.ScalarNode, yaml.AliasNode:
		paths = append(paths, prefix)
	}

	return paths
}

// FuzzParsePath holds paths against the parser behind `helm --set`.
func FuzzParsePath(f *testing.F) {
	for _, seed := range []string{"www.tag", "services[0].image.tag", `a.b\.c/d`, `a\[0\]`, "a[0][1]", "a..b", "[0]", `a\`, "größe.tag", "a[01]", "a]b", `\,\=`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path, err := edit.ParsePath(text)
		if err != nil {
			if !path.IsZero() {
				t.Fatal("a path came with an error")
			}

			return
		}
		again, err := edit.ParsePath(path.String())
		if err != nil || again != path {
			t.Fatalf("ParsePath(%q) = %q, %v", path, again, err)
		}
		checkByStrvals(t, text, path)
	})
}

// checkByStrvals lets `helm --set` make the values, and finds the value in them by the path.
func checkByStrvals(t *testing.T, text string, path edit.Path) {
	t.Helper()
	values := map[string]any{}
	if err := strvals.ParseIntoString(text+"=v", values); err != nil {
		// Helm's bounds on nesting and sizes are narrower than ours.
		return
	}
	// JSON is YAML with every key in quotes.
	data, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	if value, err := edit.Value(data, path); err != nil || value != "v" {
		t.Fatalf("Value(%q, %s) = %q, %v", data, path, value, err)
	}
}
