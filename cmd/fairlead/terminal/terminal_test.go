package terminal_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// hostile is what a registry or a repository may say, and a terminal mustn't hear.
const hostile = "red \x1b[31m \u202e \u009b \U000e0001 \t\n é 漢"

func TestWriteLetsNothingThrough(t *testing.T) {
	t.Parallel()

	answer := map[string]any{"text": hostile, "empty": []string{}, "number": 3}
	for format, parse := range map[terminal.Format]func([]byte, any) error{terminal.JSON: json.Unmarshal, terminal.YAML: yaml.Unmarshal} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			var written bytes.Buffer
			if err := terminal.Write(&written, format, answer, nil); err != nil {
				t.Fatal(err)
			}
			if shown := strings.ReplaceAll(written.String(), "\n", ""); terminal.Printable(shown) != shown {
				t.Errorf("a terminal would act upon %q", shown)
			}
			read := map[string]any{}
			if err := parse(written.Bytes(), &read); err != nil {
				t.Fatalf("%v:\n%s", err, written.String())
			}
			if diff := cmp.Diff(hostile, read["text"]); diff != "" {
				t.Errorf("what is read isn't what was written: -want, +got:\n%s", diff)
			}
		})
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		"v1.0.36": "v1.0.36", "é 漢": "é 漢", "a\x1b[31m\n": `a\x1b[31m\n`, "\u202e": `\u202e`, "a\xff": `a\xff`, "\ufffd": `\ufffd`,
	} {
		if got := terminal.Printable(text); got != want {
			t.Errorf("Printable(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestParseFormat(t *testing.T) {
	t.Parallel()

	if _, err := terminal.ParseFormat("table"); err == nil || err.Error() != `-o "table" is no format: write json or yaml, or leave it out for text` {
		t.Errorf("ParseFormat(table) = %v", err)
	}
	if paint := terminal.PaintOn(&bytes.Buffer{}); paint || paint.In(terminal.Red, "x") != "x" {
		t.Error("what is no terminal gets colours")
	}
}
