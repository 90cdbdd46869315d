package explain_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/cmd/fairlead/explain"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

var update = flag.Bool("update", false, "write what is answered into testdata/answers")

// noon is when the questions of testdata/answers are asked.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// question reads the question of a folder of testdata/answers: policy.yaml, tags.txt, and current.txt if Git holds something.
func question(t *testing.T, dir string) explain.Question {
	t.Helper()
	open := func(name string) *os.File {
		file, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = file.Close() })
		return file
	}
	asked := explain.Question{Now: noon}
	var err error
	if asked.Policy, asked.Warnings, err = explain.ReadPolicy("policy.yaml", open("policy.yaml"), explain.Wanted{}); err != nil {
		t.Fatal(err)
	}
	if asked.Tags, err = explain.ReadTags("tags.txt", open("tags.txt")); err != nil {
		t.Fatal(err)
	}
	current, err := os.ReadFile(filepath.Join(dir, "current.txt"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	asked.Current.Tag, asked.Current.Digest, _ = strings.Cut(strings.TrimSpace(string(current)), "@")
	return asked
}

// TestAnswers compares answers with those of testdata/answers, in each format. With -update it writes them.
func TestAnswers(t *testing.T) {
	t.Parallel()
	schema := documented(t)
	dirs, err := filepath.Glob("testdata/answers/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no questions", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			asked := question(t, dir)
			answer, err := asked.Answer()
			if err != nil {
				t.Fatal(err)
			}
			written := map[string][]byte{}
			for name, format := range map[string]terminal.Format{"want.txt": terminal.Text, "want.json": terminal.JSON, "want.yaml": terminal.YAML} {
				written[name] = write(t, &answer, format)
				compare(t, filepath.Join(dir, name), written[name])
			}
			checkJSON(t, schema, written["want.json"], len(asked.Tags.Names))
			if same, err := yaml.YAMLToJSON(written["want.yaml"]); err != nil || !equalJSON(t, same, written["want.json"]) {
				t.Errorf("the YAML isn't the JSON: %v\n%s", err, same)
			}
		})
	}
}

// write writes an answer, and checks that a terminal wouldn't act upon it.
func write(t *testing.T, answer *explain.Answer, format terminal.Format) []byte {
	t.Helper()
	var written bytes.Buffer
	if err := answer.Write(&written, format, false); err != nil {
		t.Fatal(err)
	}
	for _, r := range written.String() {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("%q is written as it is", r)
		}
	}
	return written.Bytes()
}

func compare(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run go test -update", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: -want, +got:\n%s", file, diff)
	}
}

// documented is the schema that docs/explain.md promises.
func documented(t *testing.T) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("../../../docs/explain.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// checkJSON checks that JSON is as documented and speaks of every tag once.
func checkJSON(t *testing.T, schema *jsonschema.Schema, data []byte, tags int) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(document); err != nil {
		t.Errorf("docs/explain.schema.json promises something else: %v", err)
	}
	var answer explain.Answer
	if err := json.Unmarshal(data, &answer); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, tag := range answer.Tags {
		seen[tag.Tag] = true
	}
	if len(answer.Tags) != tags || len(seen) != tags {
		t.Errorf("%d tags have %d verdicts, of which %d are on different tags", tags, len(answer.Tags), len(seen))
	}
}

func equalJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var left, right any
	if err := errors.Join(json.Unmarshal(a, &left), json.Unmarshal(b, &right)); err != nil {
		t.Fatal(err)
	}
	return cmp.Equal(left, right)
}

// TestDocument checks that the page shows what is answered, in the form that its schema has.
func TestDocument(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/explain.md")
	if err != nil {
		t.Fatal(err)
	}
	asked := question(t, "testdata/answers/documented")
	answer, err := asked.Answer()
	if err != nil {
		t.Fatal(err)
	}
	if shown := string(write(t, &answer, terminal.Text)); !strings.Contains(string(page), shown) {
		t.Errorf("docs/explain.md doesn't show the answer to testdata/answers/documented:\n%s", shown)
	}
	_, example, _ := strings.Cut(string(page), "```json\n")
	example, _, _ = strings.Cut(example, "```")
	checkJSON(t, documented(t), []byte(example), 2)
}

// TestColours: colours are for people, and change nothing else.
func TestColours(t *testing.T) {
	t.Parallel()
	asked := question(t, "testdata/answers/age")
	answer, err := asked.Answer()
	if err != nil {
		t.Fatal(err)
	}
	var coloured bytes.Buffer
	if err := answer.Write(&coloured, terminal.Text, true); err != nil {
		t.Fatal(err)
	}
	plain := coloured.String()
	for _, code := range []string{"1;32", "0", "1", "2", "32", "33"} {
		plain = strings.ReplaceAll(plain, "\x1b["+code+"m", "")
	}
	if diff := cmp.Diff(string(write(t, &answer, terminal.Text)), plain); diff != "" || plain == coloured.String() {
		t.Errorf("-plain, +coloured without colours:\n%s", diff)
	}
}
