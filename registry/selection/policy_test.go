package selection_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry/selection"
)

// TestCompileErrors checks the messages for policies that make no sense.
func TestCompileErrors(t *testing.T) {
	t.Parallel()

	const howTo = `: write it like ">=1.0.0", "1.x", "^1.2", "~1.2", "1.0 - 2.0" or ">=1.0.0 <2.0.0"`

	cases := map[string]struct {
		reason string
		policy selection.Policy
		want   string
	}{
		"NoOrder": {
			reason: "a policy must say what is newest",
			want:   `select: no order of versions is given: set semver with a range such as ">=1.0.0"`,
		},
		"Empty": {
			reason: "an empty range would take everything by accident",
			policy: selection.Policy{SemVer: &selection.SemVer{Range: " "}},
			want:   `semver range is empty: write ">=0.0.0" to take every version`,
		},
		"EmptyAlternative": {
			reason: "the parser takes an empty alternative for every version",
			policy: selection.Policy{SemVer: &selection.SemVer{Range: "1.x ||"}},
			want:   `semver range "1.x ||" has an empty alternative, which would take every version: remove the "||" beside it`,
		},
		"Word": {
			reason: "a tag isn't a range",
			policy: selection.Policy{SemVer: &selection.SemVer{Range: "latest"}},
			want:   `semver range "latest" doesn't parse (improper constraint: "latest")` + howTo,
		},
		"Operator": {
			reason: "an operator needs a version",
			policy: selection.Policy{SemVer: &selection.SemVer{Range: ">="}},
			want:   `semver range ">=" doesn't parse (improper constraint: ">=")` + howTo,
		},
		"SingleBar": {
			reason: "a single bar gets through the parser's grammar, but not through the parser",
			policy: selection.Policy{SemVer: &selection.SemVer{Range: "1|2"}},
			want:   `semver range "1|2" doesn't parse (constraint parser error)` + howTo,
		},
		"LineBreak": {
			reason: "white space is made one space, so that messages stay one line",
			policy: selection.Policy{SemVer: &selection.SemVer{Range: ">=1.0.0\n\tfoo"}},
			want:   `semver range ">=1.0.0 foo" doesn't parse (improper constraint: ">=1.0.0 foo")` + howTo,
		},
		"TooLong": {
			reason: "the length is bounded",
			policy: selection.Policy{SemVer: &selection.SemVer{Range: strings.Repeat("1", 513)}},
			want:   "semver range has 513 characters, 512 are allowed: shorten it",
		},
		"TooManyAlternatives": {
			reason: "the number of alternatives is bounded",
			policy: selection.Policy{SemVer: &selection.SemVer{Range: "1" + strings.Repeat("||1", 32)}},
			want:   `semver range "1` + strings.Repeat("||1", 32) + `" doesn't parse (too many constraint groups (max 32))` + howTo,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := selection.Compile(tc.policy)
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

// checkTerminal checks that an error tells its class.
func checkTerminal(t *testing.T, err error) {
	t.Helper()

	var class interface{ Terminal() bool }
	if !errors.As(err, &class) || !class.Terminal() {
		t.Errorf("%v isn't terminal", err)
	}
}

// TestDescribe checks what stands in commit messages.
func TestDescribe(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason      string
		constraint  string
		prereleases bool
		want        string
	}{
		"Plain":       {reason: "the range as it was written", constraint: ">=1.0.0", want: "semver >=1.0.0"},
		"Prereleases": {reason: "the flag changes the choice, so it is named", constraint: "1.x", prereleases: true, want: "semver 1.x with pre-releases"},
		"WhiteSpace":  {reason: "a commit message has one line for it", constraint: " >=1.0.0\n<2.0.0 ", want: "semver >=1.0.0 <2.0.0"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(tc.want, compile(t, tc.constraint, tc.prereleases).Describe()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}
