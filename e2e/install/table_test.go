package install_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
	sigsyaml "sigs.k8s.io/yaml"
)

// documented begins a comment in values.yaml that says what a value is for.
const documented = "# -- "

// TestValuesTable holds the table in the chart's README.md to values.yaml, in which every value says what it is for.
func TestValuesTable(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	root := &yaml.Node{}
	if err := yaml.Unmarshal(data, root); err != nil {
		t.Fatal(err)
	}
	table := &strings.Builder{}
	table.WriteString("| value | default | what it is for |\n|---|---|---|\n")
	writeRows(t, table, "", root.Content[0])

	file := filepath.Join(chart, "README.md")
	readme, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const mark = " -->\n"
	head, _, found := strings.Cut(string(readme), mark)
	if !found {
		t.Fatalf("%s has no mark of the table", file)
	}
	compare(t, file, head+mark+"\n"+table.String())
}

// writeRows writes a line for each value below a mapping.
func writeRows(t *testing.T, table *strings.Builder, prefix string, mapping *yaml.Node) {
	t.Helper()
	for i := 0; i < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		name := prefix + key.Value
		lines := strings.Split(key.HeadComment, "\n")
		comment, ok := strings.CutPrefix(lines[len(lines)-1], documented)
		switch {
		case ok:
			table.WriteString("| `" + name + "` | `" + shown(t, value) + "` | " + comment + " |\n")
		case value.Kind == yaml.MappingNode && len(value.Content) > 0:
			writeRows(t, table, name+".", value)
		default:
			t.Errorf("values.yaml:%d: %s says nothing about itself: put a comment above it that begins with %q", key.Line, name, documented)
		}
	}
}

// shown is a default in one line of JSON, which is YAML too.
func shown(t *testing.T, value *yaml.Node) string {
	t.Helper()
	data, err := yaml.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	line, err := sigsyaml.YAMLToJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(line))
}

// TestSchemaIsComplete holds values.schema.json to values.yaml: each knows what the other does, but for what is reserved for
// charts that depend on this one.
func TestSchemaIsComplete(t *testing.T) {
	t.Parallel()
	type schema struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	var names func(prefix string, data []byte) []string
	names = func(prefix string, data []byte) []string {
		var s schema
		if err := json.Unmarshal(data, &s); err != nil {
			t.Fatal(err)
		}
		var all []string
		for name, property := range s.Properties {
			all = append(all, prefix+name)
			all = append(all, names(prefix+name+".", property)...)
		}
		return all
	}
	data, err := os.ReadFile(filepath.Join(chart, "values.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	values, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := sigsyaml.Unmarshal(values, &tree); err != nil {
		t.Fatal(err)
	}
	reserved := map[string]bool{"enabled": true, "global": true, "resources.claims": true}
	for _, name := range names("", data) {
		if !reserved[name] && !has(tree, strings.Split(name, ".")) {
			t.Errorf("values.schema.json knows %s, which values.yaml doesn't", name)
		}
	}
}

// has says whether there is a value at a path.
func has(tree map[string]any, path []string) bool {
	value, ok := tree[path[0]]
	if !ok || len(path) == 1 {
		return ok
	}
	below, ok := value.(map[string]any)
	return ok && has(below, path[1:])
}
