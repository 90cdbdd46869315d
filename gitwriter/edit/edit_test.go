package edit_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

// TestValue reads scalars of each style, and meets the refusals of Apply.
func TestValue(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		file   string
		want   string
		err    string
	}{
		"Plain":       {reason: "plain text is the value", file: "www:\n  tag: v1.0.35 # c\n", want: "v1.0.35"},
		"Double":      {reason: "escapes are resolved", file: `www: {tag: "a\u0062\\c"}`, want: `ab\c`},
		"Single":      {reason: "doubled apostrophes are one", file: "www: {tag: 'it''s'}", want: "it's"},
		"Number":      {reason: "a number is returned as it is written", file: "www: {tag: 1.20}", want: "1.20"},
		"Boolean":     {reason: "a boolean is returned as it is written", file: "www: {tag: Yes}", want: "Yes"},
		"Empty":       {reason: "nothing written is the empty value", file: "www:\n  tag:\n", want: ""},
		"Null":        {reason: "null is the empty value", file: "www: {tag: null}", want: ""},
		"Tilde":       {reason: "so is its short form", file: "www: {tag: ~}", want: ""},
		"AliasedBy":   {reason: "an alias that repeats the value is refused before anybody tries to edit", file: "www: {tag: &t v1}\napi: *t\n", err: "line 1, column 12: www.tag: other values would change with it, through *t at line 2: write the value out there instead"},
		"LongAliased": {reason: "a long value beside aliases can be read", file: "www: {tag: " + strings.Repeat("x", 5000) + "}\na: &a b\nc: *a\n", want: strings.Repeat("x", 5000)},
		"OddAliased":  {reason: "an unprintable value beside aliases can be read", file: "www: {tag: \"a\\tb\"}\na: &a b\nc: *a\n", want: "a\tb"},
		"Missing":     {reason: "the refusals are those of Apply", file: "www: {name: x}", err: "line 1, column 6: www.tag: www has no key tag (it has name): add it to the file, or correct the path"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := edit.Value([]byte(tc.file), mustPath(t, "www.tag"))
			message := ""
			if err != nil {
				message = err.Error()
			}
			if diff := cmp.Diff(tc.err, message); diff != "" {
				t.Errorf("%s: message: -want +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestParseEdit compares what stands left and right of the equals sign, or the message.
func TestParseEdit(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		in     string
		path   string
		value  string
		err    string
	}{
		"Plain":        {reason: "the sign parts path and value", in: "www.tag=v1", path: "www.tag", value: "v1"},
		"SignsInValue": {reason: "the first sign counts", in: "www.args=--a=b=c", path: "www.args", value: "--a=b=c"},
		"SignInKey":    {reason: "a backslash makes it a part of the key", in: `a\=b\\=c`, path: `a\=b\\`, value: "c"},
		"Empty":        {reason: "the empty string is a value", in: "www.tag=", path: "www.tag"},
		"Commas":       {reason: "other than in helm --set, a comma ends no value", in: "a=b,c=d", path: "a", value: "b,c=d"},
		"Blanks":       {reason: "blanks are kept", in: "a= b ", path: "a", value: " b "},
		"NoSign":       {reason: "there is no value", in: "www.tag", err: `"www.tag" is no KEYPATH=VALUE: write it with an equals sign, such as www.tag=v1.0.36`},
		"OnlyEscaped":  {reason: "an escaped sign is none", in: `a\=b`, err: `"a\\=b" is no KEYPATH=VALUE: write it with an equals sign, such as www.tag=v1.0.36`},
		"NoKey":        {reason: "there is no path", in: "=v1", err: `no key path: it is empty: write it as in helm --set, such as www.tag, services[0].image.tag or annotations.example\.com/version`},
		"BadValue":     {reason: "values are checked as by Apply", in: "a=\x00", err: `a: the value "\x00" holds the control character U+0000: give one line of text, without control characters and {{`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := edit.ParseEdit(tc.in)
			message := ""
			if err != nil {
				message = err.Error()
			} else if diff := cmp.Diff([]string{tc.path, tc.value}, []string{got.Path.String(), got.Value}); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.err, message); diff != "" {
				t.Errorf("%s: message: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestApplyRefusesInputs compares the messages for values and files that are refused by themselves.
func TestApplyRefusesInputs(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		file   string
		value  string
		err    string
	}{
		"LineBreak":     {reason: "a value is one line", value: "v1\nx: y", err: `www.tag: the value "v1\nx: y" holds the control character U+000A: give one line of text, without control characters and {{`},
		"Tab":           {reason: "a value holds no control characters", value: "v1\t", err: `www.tag: the value "v1\t" holds the control character U+0009: give one line of text, without control characters and {{`},
		"Escape":        {reason: "a value holds no control characters", value: "\x1b[0m", err: `www.tag: the value "\x1b[0m" holds the control character U+001B: give one line of text, without control characters and {{`},
		"LineSeparator": {reason: "YAML 1.1 breaks lines there", value: "a\u2028b", err: `www.tag: the value "a\u2028b" holds the control character U+2028: give one line of text, without control characters and {{`},
		"BOM":           {reason: "a value holds no control characters", value: "\ufeffa", err: `www.tag: the value "\ufeffa" holds the control character U+FEFF: give one line of text, without control characters and {{`},
		"Direction":     {reason: "what a reviewer sees is what stands there", value: "a\u202eb", err: `www.tag: the value "a\u202eb" holds the control character U+202E: give one line of text, without control characters and {{`},
		"NonCharacter":  {reason: "YAML doesn't let it stand in a file", value: "\uffff", err: `www.tag: the value "\uffff" holds the control character U+FFFF: give one line of text, without control characters and {{`},
		"InvalidUTF8":   {reason: "a file is UTF-8", value: "a\xff", err: "www.tag: the value isn't valid UTF-8: give one line of text, without control characters and {{"},
		"Template":      {reason: "a chart would evaluate it, and no later edit replace it", value: "{{ .Values.x }}", err: `www.tag: the value "{{ .Values.x }}" is a template: give one line of text, without control characters and {{`},
		"LongValue":     {reason: "a value is bounded", value: strings.Repeat("v", 4097), err: "www.tag: the value is longer than 4096 bytes: give one line of text, without control characters and {{"},
		"LargeFile":     {reason: "a file is bounded", file: strings.Repeat("# comment\n", 1<<20+1), err: "the file is larger than 10 MiB: keep the values to edit in a smaller file"},
		"ManyDocuments": {reason: "so are its documents", file: strings.Repeat("---\n", 10_001), err: "the file holds more than 10000 documents: keep the values to edit in a file of their own"},
		"ManyParts":     {reason: "as Helm counts them, too", file: "a\n" + strings.Repeat("---b\n", 10_001), err: "the file holds more than 10000 documents: keep the values to edit in a file of their own"},
		"ManyNodes":     {reason: "what a file decodes to is bounded", file: "a: [" + strings.Repeat("x,", 500_001) + "]\n", err: "the file may hold more than 500000 values: keep the values to edit in a smaller file"},
		"GrowsTooLarge": {reason: "the result can be edited again", file: "www: {tag: v}\n" + strings.Repeat("#", 10<<20-15), value: "v1.0.36", err: "www.tag: the edited file is larger than 10 MiB: keep the values to edit in a smaller file"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := []byte("www: {tag: v1}\n")
			if tc.file != "" {
				file = []byte(tc.file)
			}
			got, err := edit.Apply(file, edit.Edit{Path: mustPath(t, "www.tag"), Value: tc.value})
			if err == nil || got != nil {
				t.Fatalf("%s: Apply returned %q and no error", tc.reason, got)
			}
			if diff := cmp.Diff(tc.err, err.Error()); diff != "" {
				t.Errorf("%s: message: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestApplyZeroPath holds that the zero Path names nothing.
func TestApplyZeroPath(t *testing.T) {
	t.Parallel()
	_, err := edit.Apply([]byte("a: b\n"), edit.Edit{Value: "x"})
	if err == nil {
		t.Fatal("Apply accepted an empty path")
	}
	if diff := cmp.Diff("the key path is empty: name one, such as www.tag", err.Error()); diff != "" {
		t.Errorf("message: -want +got:\n%s", diff)
	}
}

// TestApplyNothing holds that no edit changes no file, whatever it is.
func TestApplyNothing(t *testing.T) {
	t.Parallel()
	file := []byte("no: [yaml")
	got, err := edit.Apply(file)
	if err != nil || !bytes.Equal(file, got) {
		t.Errorf("Apply without edits = %q, %v", got, err)
	}
}

// TestApplyAllOrNothing: one edit that is refused holds back the others.
func TestApplyAllOrNothing(t *testing.T) {
	t.Parallel()
	file := []byte("www: {tag: v1}\n")
	got, err := edit.Apply(file,
		edit.Edit{Path: mustPath(t, "www.tag"), Value: "v2"},
		edit.Edit{Path: mustPath(t, "api.tag"), Value: "v2"})
	if err == nil || got != nil {
		t.Errorf("Apply = %q, %v", got, err)
	}
	if diff := cmp.Diff("www: {tag: v1}\n", string(file)); diff != "" {
		t.Errorf("the input changed: -want +got:\n%s", diff)
	}
}

// TestCheckTagOrDigest holds the grammars against legal and illegal values.
func TestCheckTagOrDigest(t *testing.T) {
	t.Parallel()
	legal := []string{"v1.0.36", "latest", "_x", "1.2.3-rc.1", "A", strings.Repeat("a", 128), "sha256:" + strings.Repeat("0", 64), "sha256+b64u:LCa0a2j_xo-5m0U8HTBBNBNCLXBkg7"}
	for _, value := range legal {
		if err := edit.CheckTagOrDigest(value); err != nil {
			t.Errorf("CheckTagOrDigest(%q): %v", value, err)
		}
	}
	for _, value := range []string{"", "-a", ".a", "a b", "a+b", "a/b", "a\n", "grün", strings.Repeat("a", 129), "sha256:", ":a", "a:b:c"} {
		if err := edit.CheckTagOrDigest(value); err == nil {
			t.Errorf("CheckTagOrDigest(%q) accepted it", value)
		}
	}
	want := `"a b" is no legal tag or digest: a tag has up to 128 letters, digits, dots, hyphens and underscores and begins with a letter, digit or underscore`
	if diff := cmp.Diff(want, edit.CheckTagOrDigest("a b").Error()); diff != "" {
		t.Errorf("message: -want +got:\n%s", diff)
	}
}

// service is one entry of a generated values file, 20 lines long.
const service = `# %[1]s: see https://docs.example.com/%[1]s
%[1]s:
  image:
    repository: registry.example.com/web-hook/%[1]s
    # set by Fairlead
    tag: v1.0.35
    pullPolicy: IfNotPresent
  replicas: 3
  resources:
    requests: {cpu: 100m, memory: 128Mi}
    limits: {memory: 256Mi}
  podAnnotations:
    prometheus.io/scrape: "true"
    prometheus.io/port: '8080'
  env:
  - name: LOG_LEVEL
    value: info
  - name: TIMEOUT
    value: "30"

`

func servicesFile(count int) []byte {
	var file bytes.Buffer
	for i := range count {
		fmt.Fprintf(&file, service, fmt.Sprintf("service%d", i))
	}

	return file.Bytes()
}

// TestApplyLarge edits the first, a middle and the last value of a file of several MB.
func TestApplyLarge(t *testing.T) {
	t.Parallel()
	const count = 9500
	file := servicesFile(count)
	if len(file) < 4<<20 {
		t.Fatalf("the file has only %d bytes", len(file))
	}
	want := string(file)
	var edits []edit.Edit
	for _, i := range []int{0, count / 2, count - 1} {
		name := fmt.Sprintf("service%d", i)
		edits = append(edits, edit.Edit{Path: mustPath(t, name+".image.tag"), Value: "1.20"})
		before := fmt.Sprintf(service, name)
		want = strings.Replace(want, before, strings.Replace(before, "v1.0.35", `"1.20"`, 1), 1)
	}
	got, err := edit.Apply(file, edits...)
	if err != nil {
		t.Fatal(err)
	}
	if want != string(got) {
		t.Error("other bytes than the three values changed")
	}
}

// BenchmarkApply edits the last value of a file of usual size, and of a very large one.
func BenchmarkApply(b *testing.B) {
	for name, count := range map[string]int{"200Lines": 10, "5MB": 9500} {
		b.Run(name, func(b *testing.B) {
			file := servicesFile(count)
			change := edit.Edit{Path: mustPath(b, fmt.Sprintf("service%d.image.tag", count-1)), Value: "v1.0.36"}
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := edit.Apply(file, change); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkValue reads the last value of a file of usual size.
func BenchmarkValue(b *testing.B) {
	file := servicesFile(10)
	path := mustPath(b, "service9.image.tag")
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := edit.Value(file, path); err != nil {
			b.Fatal(err)
		}
	}
}
