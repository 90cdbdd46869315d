package selection_test

import (
	"cmp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry/selection"
)

// TestCompare checks each pair of a list that is in order.
func TestCompare(t *testing.T) {
	t.Parallel()

	// The pre-releases of 1.0.0 are the example of SemVer 2.0.0, section 11.
	ordered := []string{
		"0.0.0", "v0.0.0", "0.9.9", "1.0.0-0", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "v1.0.0-alpha", "1.0.0-alpha.1",
		"1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "v1.0.0", "1.0.0+01",
		"1.0.0+1", "v1.0.0+1", "1.0.0+2", "1.0.0+10", "1.0.0+10.1", "1.0.0+a", "1.0.1", "1.0.10", "1.10.0", "10.0.0",
	}

	s := compile(t, "*", true)

	for i, a := range ordered {
		for j, b := range ordered {
			order, err := s.Compare(a, b)
			if err != nil {
				t.Fatal(err)
			}

			later, err := s.Later(a, b)
			if err != nil {
				t.Fatal(err)
			}

			if (order < 0) != (i < j) || (order > 0) != (i > j) || later != (i > j) {
				t.Errorf("Compare(%q, %q) = %d, Later = %v; places are %d and %d", a, b, order, later, i, j)
			}
		}
	}
}

// TestCompareOrders checks the other orders, and that ties are broken alike in all of them.
func TestCompareOrders(t *testing.T) {
	t.Parallel()

	up, down := &selection.Order{}, &selection.Order{Descending: true}
	const include = "^(?P<branch>[a-z]+)-(?P<ts>[0-9]+)$"

	cases := map[string]struct {
		reason  string
		policy  selection.Policy
		ordered []string
	}{
		"Numerical":  {reason: "by value, then by bytes", policy: selection.Policy{Numerical: up}, ordered: []string{"0", "00", "1", "007", "7", "10", "99999999999999999999", "100000000000000000000"}},
		"Descending": {reason: "only the value is turned round", policy: selection.Policy{Numerical: down}, ordered: []string{"10", "007", "7", "1", "0", "00"}},
		"Bytes":      {reason: "by bytes", policy: selection.Policy{Alphabetical: up}, ordered: []string{"", "10", "9", "A", "a", "a\x00", "é"}},
		"BytesDown":  {reason: "by bytes, turned round", policy: selection.Policy{Alphabetical: down}, ordered: []string{"a", "A", "9", "10", ""}},
		"Extracted":  {reason: "what is extracted is compared, then the tag", policy: selection.Policy{Numerical: up, Include: include, Extract: "$ts"}, ordered: []string{"z-1", "b-2", "c-02", "c-2", "a-3"}},
		"Included":   {reason: "without an extraction every tag is compared as a whole", policy: selection.Policy{SemVer: &selection.SemVer{Range: "1.x"}, Include: "^v"}, ordered: []string{"1.0.0", "v1.0.0", "2.0.0"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := compilePolicy(t, tc.policy)

			for i, a := range tc.ordered {
				for j, b := range tc.ordered {
					if order, err := s.Compare(a, b); err != nil || cmp.Compare(order, 0) != cmp.Compare(i, j) {
						t.Errorf("%s: Compare(%q, %q) = %d, %v; places are %d and %d", tc.reason, a, b, order, err, i, j)
					}
				}
			}
		})
	}
}

// TestCompareErrors checks the messages for tags that have no place in the order.
func TestCompareErrors(t *testing.T) {
	t.Parallel()

	anything, numerical := selection.Policy{SemVer: &selection.SemVer{Range: "*"}}, &selection.Order{}

	cases := map[string]struct {
		reason     string
		policy     selection.Policy
		a, b, want string
	}{
		"First": {
			reason: "the tag in Git may be no version",
			policy: anything, a: "latest", b: "1.0.0", want: `tag "latest" is no version: it doesn't have exactly three numbers, as 1.2.3 has`,
		},
		"Second": {
			reason: "the other tag is looked at too",
			policy: anything, a: "1.0.0", b: "1.0.01", want: `tag "1.0.01" is no version: it has a number with a leading zero`,
		},
		"Long": {
			reason: "what a message quotes is bounded",
			policy: anything, a: strings.Repeat("x", 4096), b: "1.0.0",
			want: `tag "` + strings.Repeat("x", 128) + `..." is no version: it is longer than the 128 characters of a tag`,
		},
		"LongCharacters": {
			reason: "and not cut within a character",
			policy: anything, a: strings.Repeat("é", 65) + "xx", b: "1.0.0",
			want: `tag "` + strings.Repeat("é", 64) + `..." is no version: it is longer than the 128 characters of a tag`,
		},
		"Strict": {
			reason: "a strict policy has no place for a v",
			policy: selection.Policy{SemVer: &selection.SemVer{Range: "*", Strict: true}}, a: "v1.0.0", b: "1.0.0",
			want: `tag "v1.0.0" is no version: it begins with "v", which strict SemVer doesn't know`,
		},
		"Number": {
			reason: "only digits are a number",
			policy: selection.Policy{Numerical: numerical}, a: "1e3", b: "1", want: `tag "1e3" is no number: it isn't made of the digits 0 to 9 alone`,
		},
		"NotIncluded": {
			reason: "without a match nothing is extracted",
			policy: selection.Policy{Numerical: numerical, Include: "^main-(.*)$", Extract: "$1"}, a: "dev-1", b: "main-1",
			want: `tag "dev-1" isn't matched by tags.include "^main-(.*)$"`,
		},
		"Extracted": {
			reason: "what was extracted is shown",
			policy: selection.Policy{Numerical: numerical, Include: "^main-(.*)$", Extract: "$1"}, a: "main-x", b: "main-1",
			want: `tag "main-x" is no number: it gives "x", which isn't made of the digits 0 to 9 alone`,
		},
		"LongExtract": {
			reason: "what is extracted is bounded",
			policy: selection.Policy{Numerical: numerical, Include: "^(.*)$", Extract: "$1$1$1"}, a: strings.Repeat("1", 100), b: "1",
			want: `tag "` + strings.Repeat("1", 100) + `" is no number: it is too long to be compared`,
		},
		"Digest": {
			reason: "digests have no order",
			policy: selection.Policy{Digest: &selection.Digest{Tag: "latest"}}, a: "latest", b: "1.0.0",
			want: `tag "latest" has no place in an order: a digest policy has none`,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := compilePolicy(t, tc.policy).Later(tc.a, tc.b)
			if err == nil {
				t.Fatalf("%s: no error", tc.reason)
			}

			if diff := gocmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("%s: message (-want +got):\n%s", tc.reason, diff)
			}

			checkTerminal(t, err)
		})
	}
}

// TestLaterThanAll checks that moving to the chosen tag is never moving back from any other, in every kind.
func TestLaterThanAll(t *testing.T) {
	t.Parallel()

	for name, kind := range kinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s, tags := compilePolicy(t, kind.policy), kind.tags(200)
			explained := s.Explain(input(tags...))

			for i, verdict := range explained.Verdicts {
				if i == 0 {
					continue
				}

				later, err := s.Later(explained.Verdicts[i-1].Tag, verdict.Tag)
				if err == nil && !later {
					t.Errorf("%q stands before %q, but isn't later", explained.Verdicts[i-1].Tag, verdict.Tag)
				}

				placed := verdict.Verdict != selection.Excluded && verdict.Verdict != selection.NotIncluded && verdict.Verdict != selection.NotAVersion
				if err != nil && placed && kind.policy.Digest == nil {
					t.Errorf("%q was judged as %s: %v", verdict.Tag, verdict.Verdict, err)
				}
			}
		})
	}
}
