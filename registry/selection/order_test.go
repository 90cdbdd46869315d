package selection_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// TestCompareErrors checks the messages for tags that have no place in the order.
func TestCompareErrors(t *testing.T) {
	t.Parallel()

	cases := map[string]struct{ reason, a, b, want string }{
		"First": {
			reason: "the tag in Git may be no version",
			a:      "latest", b: "1.0.0", want: `tag "latest" is no version: it doesn't have exactly three numbers, as 1.2.3 has`,
		},
		"Second": {
			reason: "the other tag is looked at too",
			a:      "1.0.0", b: "1.0.01", want: `tag "1.0.01" is no version: it has a number with a leading zero`,
		},
		"Long": {
			reason: "what a message quotes is bounded",
			a:      strings.Repeat("x", 4096), b: "1.0.0",
			want: `tag "` + strings.Repeat("x", 128) + `..." is no version: it is longer than the 128 characters of a tag`,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := compile(t, "*", false).Later(tc.a, tc.b)
			if err == nil {
				t.Fatalf("%s: no error", tc.reason)
			}

			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("%s: message (-want +got):\n%s", tc.reason, diff)
			}

			checkTerminal(t, err)
		})
	}
}

// TestLaterThanAll checks that moving to the chosen tag is never moving back from any other.
func TestLaterThanAll(t *testing.T) {
	t.Parallel()

	tags := []string{"1.0.0", "v1.0.0", "1.0.0+b", "1.0.0-rc.1", "0.9.0"}
	s := compile(t, "*", true)
	chosen := s.Select(tags).Tag

	for _, tag := range slices.DeleteFunc(tags, func(tag string) bool { return tag == chosen }) {
		if later, err := s.Later(chosen, tag); err != nil || !later {
			t.Errorf("%q was chosen, but isn't later than %q (%v)", chosen, tag, err)
		}
	}
}
