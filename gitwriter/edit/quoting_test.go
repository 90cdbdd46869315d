package edit_test

import (
	"bytes"
	"fmt"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
	helmyaml "sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

// Plain text that the YAML specifications give another meaning than the string that it is.
var (
	// core12 is the table of YAML 1.2.2, section 10.3.2, "Core schema": null, boolean, integer, float.
	core12 = regexp.MustCompile(`^(?:null|Null|NULL|~|` +
		`true|True|TRUE|false|False|FALSE|` +
		`[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|` +
		`[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))?$`)
	// types11 are the expressions of the type repository of YAML 1.1 (yaml.org/type): null, bool, int, float, timestamp, merge
	// and value. That of float lets several dots stand, which would make a number of 1.0.36; no reader takes it at its word, so
	// that one dot stands here.
	types11 = regexp.MustCompile(`^(?:~|null|Null|NULL|` +
		`y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|` +
		`[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+|` +
		`[-+]?(?:[0-9][0-9_]*)?\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|` +
		`[0-9]{4}-[0-9]{2}-[0-9]{2}|` +
		`[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?|` +
		`<<|=)?$`)
)

// places are where a value can stand. What stands there is no value of the table, and what is written there is what %s says.
func places() map[string]struct{ before, quoted, plain string } {
	return map[string]struct{ before, quoted, plain string }{
		"plain":         {"tag: v0\n", "tag: \"%s\"\n", "tag: %s\n"},
		"single quotes": {"tag: 'v0'\n", "tag: '%s'\n", "tag: '%s'\n"},
		"double quotes": {"tag: \"v0\"\n", "tag: \"%s\"\n", "tag: \"%s\"\n"},
		"empty quotes":  {"tag: \"\" # c\n", "tag: \"%s\" # c\n", "tag: \"%s\" # c\n"},
		"nothing":       {"tag: # c\n", "tag: \"%s\" # c\n", "tag: %s # c\n"},
		"number":        {"tag: 8.25\n", "tag: \"%s\"\n", "tag: %s\n"},
		"flow map":      {"{a: 1, tag: v0, b: 2}\n", "{a: 1, tag: \"%s\", b: 2}\n", "{a: 1, tag: %s, b: 2}\n"},
		"JSON":          {"{\"tag\":\"v0\"}\n", "{\"tag\":\"%s\"}\n", "{\"tag\":\"%s\"}\n"},
	}
}

// TestQuoting writes what YAML readers are known to take for something else, and what they don't, in each place: the bytes are
// known, and every reader sees the string.
func TestQuoting(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		plain  bool
		values []string
	}{
		"versions":     {"three numbers are no number", true, []string{"1.0.36", "0.0.0", "01.2.3", "1.0.36-rc.1", "1.0.36+build.7", "2024.01.02"}},
		"words":        {"they begin with a letter", true, []string{"v1.0.36", "v1", "latest", "e3", "inf", "nan", "x1F", "none", "nil", "yesterday", "oN1", "main-1700000000", "sha-0123456"}},
		"digests":      {"a colon inside is no key", true, []string{"sha256:0123456789abcdef", "registry.example.com:5000/www:v1@sha256:00"}},
		"octal":        {"8 for YAML 1.1", false, []string{"010", "012", "0777", "-012", "08", "0o17", "0o8"}},
		"hexadecimal":  {"31 for both", false, []string{"0x1F", "0X1F", "0xdeadbeef", "0xg"}},
		"binary":       {"2 for YAML 1.1", false, []string{"0b10", "0b2"}},
		"underscores":  {"1000 for YAML 1.1", false, []string{"1_000", "1_0.5", "0x1_F", "_1", "1_"}},
		"exponents":    {"1000 for both", false, []string{"1e3", "1E3", "1e+3", "1.e3", "12e03", "0123456e7", "7e99999"}},
		"integers":     {"numbers", false, []string{"0", "7", "+7", "-7", "20240102", "12345678901234567890123", "0000"}},
		"floats":       {"1.20 is 1.2", false, []string{"1.20", "1.", ".5", "+.5", "-1.0", "1.10", "0.1"}},
		"infinity":     {"floats of both", false, []string{".inf", "-.inf", "+.Inf", ".INF", ".nan", ".NaN", ".NAN"}},
		"booleans":     {"of YAML 1.1", false, []string{"y", "Y", "n", "N", "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "true", "True", "TRUE", "false", "False", "FALSE", "yEs", "oN"}},
		"null":         {"of both", false, []string{"~", "null", "Null", "NULL", "nUll", ""}},
		"dates":        {"timestamps of YAML 1.1", false, []string{"2024-01-02", "2024-1-2", "2024-01-02T03:04:05Z", "2024-01-02 03:04:05"}},
		"sexagesimal":  {"45045 for YAML 1.1", false, []string{"12:30:45", "1:30", "190:20:30.15", "-1:59"}},
		"value, merge": {"types of their own in YAML 1.1", false, []string{"=", "<<"}},
		"indicators":   {"the beginning of something else", false, []string{"-", "- a", "?", "? a", ":", "a: b", "a:", "#", "a #b", "&a", "*a", "!a", "!!str", "|", ">", "@a", "`a", "%a", "[a]", "{a}", "a]", "a,b", "---", "...", "--- a"}},
		"blanks":       {"they would be lost", false, []string{" ", " a", "a ", "a  b"}},
		"other signs":  {"not every reader was asked", false, []string{"größe", "+", "/", ".", "..", "$a", "a$b", "a=b", "1.2", "1.2.3.4", "1.0.36 "}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, value := range c.values {
				for where, p := range places() {
					format := p.quoted
					if c.plain {
						format = p.plain
					}
					after := readsAs(t, p.before, value)
					if diff := cmp.Diff(fmt.Sprintf(format, value), after); diff != "" {
						t.Errorf("%s: %q in place of %s: -want +got:\n%s", c.reason, value, where, diff)
					}
				}
			}
		})
	}
}

// TestQuotingEscapes: quotes and backslashes in a value are written as the style of the place asks for it.
func TestQuotingEscapes(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ reason, value, single, double string }{
		"Apostrophe": {"it ends single quotes", "it's", "'it''s'", `"it's"`},
		"Quote":      {"it ends double quotes", `a"b`, `'a"b'`, `"a\"b"`},
		"Backslash":  {"it escapes in double quotes alone", `a\nb`, `'a\nb'`, `"a\\nb"`},
		"All":        {"together", `\"'`, `'\"'''`, `"\\\"'"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := []string{readsAs(t, "tag: 'v0'\n", c.value), readsAs(t, "tag: \"v0\"\n", c.value), readsAs(t, "tag: v0\n", c.value)}
			want := []string{"tag: " + c.single + "\n", "tag: " + c.double + "\n", "tag: " + c.double + "\n"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", c.reason, diff)
			}
		})
	}
}

// TestQuotingShortTexts writes every text of up to three of the characters that numbers, dates and words are made of.
func TestQuotingShortTexts(t *testing.T) {
	t.Parallel()
	const characters, longest = "019afxobeyntZ_.:+-~=<", 3
	texts := []string{""}
	for from := 0; len(texts[from]) < longest; from++ {
		for _, character := range characters {
			texts = append(texts, texts[from]+string(character))
		}
	}
	for _, text := range texts {
		readsAs(t, "tag: v0\n", text)
	}
}

// readsAs writes a value, and holds the result against what each version of YAML makes of it.
func readsAs(t *testing.T, file, value string) string {
	t.Helper()
	got, err := edit.Apply([]byte(file), edit.Edit{Path: mustPath(t, "tag"), Value: value})
	if err != nil {
		t.Fatalf("%q: %v", value, err)
	}
	var byHelm map[string]any
	if err := helmyaml.Unmarshal(got, &byHelm); err != nil || byHelm["tag"] != value {
		t.Errorf("%q: Helm reads %#v from %q, %v", value, byHelm["tag"], got, err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(got, &document); err != nil {
		t.Fatalf("%q: %v in %q", value, err, got)
	}
	pairs := document.Content[0].Content
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i].Value != "tag" {
			continue
		}
		scalar := pairs[i+1]
		if scalar.Value != value || scalar.ShortTag() != "!!str" {
			t.Errorf("%q: %s %q is read from %q", value, scalar.ShortTag(), scalar.Value, got)
		}
		isPlain := !bytes.ContainsAny(got, `"'`)
		if isPlain && core12.MatchString(value) {
			t.Errorf("%q: YAML 1.2 reads no string from %q", value, got)
		}
		if isPlain && types11.MatchString(value) {
			t.Errorf("%q: YAML 1.1 reads no string from %q", value, got)
		}
	}
	return string(got)
}
