package edit_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

// TestParsePath compares the canonical text of each path, or the message.
func TestParsePath(t *testing.T) {
	t.Parallel()
	const hint = `: write it as in helm --set, such as www.tag, services[0].image.tag or annotations.example\.com/version`
	cases := map[string]struct {
		reason string
		in     string
		want   string
		err    string
	}{
		"Keys":             {reason: "dots separate keys", in: "www.image.tag", want: "www.image.tag"},
		"Indices":          {reason: "brackets index lists, nested ones too", in: "a[0][12].b", want: "a[0][12].b"},
		"Escapes":          {reason: "a backslash makes any character part of the key", in: `a\.b.c\[0\].d\\e.f\,g\=h`, want: `a\.b.c\[0].d\\e.f\,g\=h`},
		"NeedlessEscapes":  {reason: "equal places have equal texts", in: `\w\w\w.t\ag`, want: "www.tag"},
		"Slash":            {reason: "annotation keys need their dots escaped only", in: `podAnnotations.example\.com/version`, want: `podAnnotations.example\.com/version`},
		"NonASCII":         {reason: "keys are any text", in: "größe.日本", want: "größe.日本"},
		"Blank":            {reason: "blanks belong to the key", in: "a b.c", want: "a b.c"},
		"ClosingBracket":   {reason: "as in helm, a closing bracket alone is part of the key", in: "a]b", want: "a]b"},
		"Empty":            {reason: "nothing is named", in: "", err: "no key path: it is empty" + hint},
		"EmptyKey":         {reason: "no key is empty", in: "a..b", err: "a..b: no key path: a key is expected at character 3" + hint},
		"LeadingDot":       {reason: "no key is empty", in: ".a", err: ".a: no key path: a key is expected at character 1" + hint},
		"TrailingDot":      {reason: "no key is empty", in: "a.", err: "a.: no key path: a key is expected at character 3" + hint},
		"LeadingIndex":     {reason: "values files are maps", in: "[0].a", err: "[0].a: no key path: a key is expected at character 1" + hint},
		"NegativeIndex":    {reason: "an index counts from 0", in: "a[-1]", err: `a[-1]: no key path: between the brackets at character 2 a list index from 0 to 65536 is expected, not "-1"` + hint},
		"LeadingZero":      {reason: "an index has one spelling", in: "ä[01]", err: `ä[01]: no key path: between the brackets at character 2 a list index from 0 to 65536 is expected, not "01"` + hint},
		"GreatIndex":       {reason: "helm has the same bound", in: "a[65537]", err: `a[65537]: no key path: between the brackets at character 2 a list index from 0 to 65536 is expected, not "65537"` + hint},
		"OpenBracket":      {reason: "a bracket must be closed", in: "a[0", err: "a[0: no key path: the bracket at character 2 isn't closed" + hint},
		"KeyAfterIndex":    {reason: "a dot must follow", in: "a[0]b", err: "a[0]b: no key path: after the index a dot, a bracket or the end is expected at character 5" + hint},
		"TrailingEscape":   {reason: "nothing follows the backslash", in: `a\`, err: `a\: no key path: it ends with a backslash` + hint},
		"Comma":            {reason: "helm would begin the next path", in: "a,b", err: `a,b: no key path: ',' at character 2 must be escaped by a backslash to belong to the key` + hint},
		"Equals":           {reason: "helm would begin the value", in: "a=b", err: `a=b: no key path: '=' at character 2 must be escaped by a backslash to belong to the key` + hint},
		"Control":          {reason: "a message must not carry control characters", in: "a\x1b", err: "a\x1b: no key path: control character U+001B at character 2" + hint},
		"EscapedControl":   {reason: "nor escaped ones", in: "a\\\n", err: "a\\\n: no key path: control character U+000A at character 3" + hint},
		"InvalidUTF8":      {reason: "keys are text", in: "a\xff", err: "a\xff: no key path: it isn't valid UTF-8" + hint},
		"Long":             {reason: "a path is bounded", in: strings.Repeat("a", 1025), err: strings.Repeat("a", 60) + "...: no key path: it is longer than 1024 bytes" + hint},
		"LongestThatIsFit": {reason: "the bound itself is fine", in: strings.Repeat("a", 1024), want: strings.Repeat("a", 1024)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := edit.ParsePath(tc.in)
			message := ""
			if err != nil {
				message = err.Error()
			}
			if diff := cmp.Diff(tc.err, message); diff != "" {
				t.Errorf("%s: message: -want +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.want, got.String()); diff != "" {
				t.Errorf("%s: path: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestPathEqual holds that equal places are equal, however they are escaped.
func TestPathEqual(t *testing.T) {
	t.Parallel()
	if a, b := mustPath(t, "www.tag"), mustPath(t, `w\ww.tag`); a != b || !a.Equal(b) || !cmp.Equal(a, b) {
		t.Errorf("%s and %s differ", a, b)
	}
	if a, b := mustPath(t, "a.b"), mustPath(t, `a\.b`); a == b || a.Equal(b) {
		t.Errorf("%s and %s are the same", a, b)
	}
}
