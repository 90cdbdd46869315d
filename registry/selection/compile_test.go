package selection_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry/selection"
)

// compile compiles a policy for a range that is in order.
func compile(t testing.TB, constraint string, prereleases bool) *selection.Selector {
	t.Helper()

	return compilePolicy(t, selection.Policy{SemVer: &selection.SemVer{Range: constraint, Prereleases: prereleases}})
}

// compilePolicy compiles a policy that is in order.
func compilePolicy(t testing.TB, policy selection.Policy) *selection.Selector {
	t.Helper()

	s, err := selection.Compile(policy)
	if err != nil {
		t.Fatal(err)
	}

	return s
}

// input is a list of tags of which nothing but the names is known.
func input(tags ...string) selection.Input { return selection.Input{Tags: selection.NewTags(tags)} }

// sorted returns tags in the order of their bytes.
func sorted(tags []string) []string { return slices.Sorted(slices.Values(tags)) }

// checkTerminal checks that an error tells its class.
func checkTerminal(t *testing.T, err error) {
	t.Helper()

	var class interface{ Terminal() bool }
	if !errors.As(err, &class) || !class.Terminal() {
		t.Errorf("%v isn't terminal", err)
	}
}

// TestCompileErrors checks the messages for policies that make no sense.
func TestCompileErrors(t *testing.T) {
	t.Parallel()

	const (
		rangeHint = `: write it like ">=1.0.0", "1.x", "^1.2", "~1.2", "1.0 - 2.0" or ">=1.0.0 <2.0.0"`
		regexHint = `: write a regular expression of RE2, such as "^main-(?P<ts>[0-9]+)$"`
	)

	semver := func(written string) selection.Policy {
		return selection.Policy{SemVer: &selection.SemVer{Range: written}}
	}
	numerical := func(policy selection.Policy) selection.Policy {
		policy.Numerical = &selection.Order{}

		return policy
	}
	latest := &selection.Digest{Tag: "latest"}

	cases := map[string]struct {
		reason string
		policy selection.Policy
		field  string
		want   string
	}{
		"NoOrder": {
			reason: "a policy must say what is newest",
			field:  "select",
			want:   `select: it doesn't say which tag is the newest: set one of semver, numerical, alphabetical and digest, such as semver with the range ">=1.0.0"`,
		},
		"TwoOrders": {
			reason: "two orders would contradict each other",
			policy: selection.Policy{Numerical: &selection.Order{}, Digest: latest},
			field:  "select",
			want:   "select: 2 of semver, numerical, alphabetical and digest are set: set exactly one",
		},
		"EmptyRange": {
			reason: "an empty range would take everything by accident",
			policy: semver(" "),
			field:  "select.semver.range",
			want:   `select.semver.range is empty: write ">=0.0.0" to take every version`,
		},
		"EmptyAlternative": {
			reason: "the parser takes an empty alternative for every version",
			policy: semver("1.x ||"),
			field:  "select.semver.range",
			want:   `select.semver.range "1.x ||" has an empty alternative, which would take every version: remove the "||" beside it`,
		},
		"Word": {
			reason: "a tag isn't a range",
			policy: semver("latest"),
			field:  "select.semver.range",
			want:   `select.semver.range "latest" doesn't parse (improper constraint: "latest")` + rangeHint,
		},
		"Operator": {
			reason: "an operator needs a version",
			policy: semver(">="),
			field:  "select.semver.range",
			want:   `select.semver.range ">=" doesn't parse (improper constraint: ">=")` + rangeHint,
		},
		"SingleBar": {
			reason: "a single bar gets through the parser's grammar, but not through the parser",
			policy: semver("1|2"),
			field:  "select.semver.range",
			want:   `select.semver.range "1|2" doesn't parse (constraint parser error)` + rangeHint,
		},
		"LineBreak": {
			reason: "white space is made one space, so that messages stay one line",
			policy: semver(">=1.0.0\n\tfoo"),
			field:  "select.semver.range",
			want:   `select.semver.range ">=1.0.0 foo" doesn't parse (improper constraint: ">=1.0.0 foo")` + rangeHint,
		},
		"LongRange": {
			reason: "the length is bounded",
			policy: semver(strings.Repeat("1", 513)),
			field:  "select.semver.range",
			want:   "select.semver.range has 513 characters, 512 are allowed: shorten it",
		},
		"ManyAlternatives": {
			reason: "the number of alternatives is bounded",
			policy: semver("1" + strings.Repeat("||1", 32)),
			field:  "select.semver.range",
			want:   `select.semver.range "1` + strings.Repeat("||1", 32) + `" doesn't parse (too many constraint groups (max 32))` + rangeHint,
		},
		"Include": {
			reason: "the parser's own words, and what they speak of",
			policy: numerical(selection.Policy{Include: "("}),
			field:  "tags.include",
			want:   `tags.include "(": missing closing ) in "("` + regexHint,
		},
		"Lookahead": {
			reason: "RE2 has no lookahead, which users of other languages expect",
			policy: numerical(selection.Policy{Include: "^(?!x)"}),
			field:  "tags.include",
			want:   `tags.include "^(?!x)": invalid or unsupported Perl syntax in "(?!"` + regexHint,
		},
		"LongInclude": {
			reason: "the length of expressions is bounded",
			policy: numerical(selection.Policy{Include: strings.Repeat("a", 1025)}),
			field:  "tags.include",
			want:   "tags.include has 1025 characters, 1024 are allowed: shorten it",
		},
		"HugeInclude": {
			reason: "an expression that is short and slow would hold up all policies",
			policy: numerical(selection.Policy{Include: "^(.{1000})(.{1000})(.{1000})$"}),
			field:  "tags.include",
			want:   `tags.include "^(.{1000})(.{1000})(.{1000})$" repeats too much, which makes it slow: write * or + instead of large counts`,
		},
		"Exclude": {
			reason: "of many exclusions the guilty one is named",
			policy: numerical(selection.Policy{Exclude: []string{`\.sig$`, "[z-a]"}}),
			field:  "tags.exclude[1]",
			want:   `tags.exclude[1] "[z-a]": invalid character class range in "z-a"` + regexHint,
		},
		"EmptyExclude": {
			reason: "an empty expression matches everything",
			policy: numerical(selection.Policy{Exclude: []string{""}}),
			field:  "tags.exclude[0]",
			want:   "tags.exclude[0] is empty and would hide every tag: remove it",
		},
		"ManyExclude": {
			reason: "the number of exclusions is bounded",
			policy: numerical(selection.Policy{Exclude: slices.Repeat([]string{"a"}, 257)}),
			field:  "tags.exclude",
			want:   `tags.exclude has 257 expressions, 256 are allowed: join some by "|"`,
		},
		"ExtractAlone": {
			reason: "there are no groups to extract",
			policy: numerical(selection.Policy{Extract: "$ts"}),
			field:  "tags.extract",
			want:   `tags.extract "$ts" names groups of tags.include, which isn't set: set it, such as "^main-(?P<ts>[0-9]+)$"`,
		},
		"NoSuchGroup": {
			reason: "a name that is misspelt would extract nothing from every tag",
			policy: numerical(selection.Policy{Include: "^(?P<branch>[a-z]+)-([0-9]+)$", Extract: "$time"}),
			field:  "tags.extract",
			want:   `tags.extract "$time" names the group "time", which tags.include "^(?P<branch>[a-z]+)-([0-9]+)$" doesn't have: it has $branch, $2`,
		},
		"NoSuchNumber": {
			reason: "groups are counted from 1",
			policy: numerical(selection.Policy{Include: "^([a-z]+)$", Extract: "${2}"}),
			field:  "tags.extract",
			want:   `tags.extract "${2}" names the group "2", which tags.include "^([a-z]+)$" doesn't have: it has $1`,
		},
		"HugeNumber": {
			reason: "a number that is no machine number is no group either",
			policy: numerical(selection.Policy{Include: "([a-z]+)", Extract: "$99999999999999999999"}),
			field:  "tags.extract",
			want:   `tags.extract "$99999999999999999999" names the group "99999999999999999999", which tags.include "([a-z]+)" doesn't have: it has $1`,
		},
		"LongestName": {
			reason: "a name is as long as it can be, as everywhere where $name is written",
			policy: numerical(selection.Policy{Include: "^([0-9]+)x$", Extract: "$1x"}),
			field:  "tags.extract",
			want:   `tags.extract "$1x" names the group "1x", which tags.include "^([0-9]+)x$" doesn't have: it has $1`,
		},
		"NoGroupsAtAll": {
			reason: "the message shows what a group is",
			policy: numerical(selection.Policy{Include: "^main", Extract: "$1"}),
			field:  "tags.extract",
			want: `tags.extract "$1" names the group "1", which tags.include "^main" doesn't have: it has none: ` +
				`put what is compared in parentheses, as in "^main-(?P<ts>[0-9]+)$"`,
		},
		"Constant": {
			reason: "what is the same for every tag orders nothing",
			policy: numerical(selection.Policy{Include: "^([0-9]+)$", Extract: "1$$"}),
			field:  "tags.extract",
			want:   `tags.extract "1$$" names no group of tags.include "^([0-9]+)$", so that all tags would be equal: it has $1`,
		},
		"LoneDollar": {
			reason: "a dollar sign without a name is a slip",
			policy: numerical(selection.Policy{Include: "^([0-9]+)$", Extract: "$1$"}),
			field:  "tags.extract",
			want:   `tags.extract "$1$" has a "$" that names no group: write "$$" for a dollar sign`,
		},
		"LongExtract": {
			reason: "the length of what is extracted is bounded, too",
			policy: numerical(selection.Policy{Include: "(.)", Extract: strings.Repeat("$1", 513)}),
			field:  "tags.extract",
			want:   "tags.extract has 1026 characters, 1024 are allowed: shorten it",
		},
		"Platform": {
			reason: "a platform has two or three parts; the guilty one is named",
			policy: numerical(selection.Policy{Platforms: []string{"linux/amd64", "arm64"}}),
			field:  "platforms[1]",
			want:   `platforms[1] "arm64" is no platform: write system, architecture and variant, such as "linux/amd64" or "linux/arm/v7"`,
		},
		"MinimumAge": {
			reason: "nothing was seen in the future",
			policy: numerical(selection.Policy{MinimumAge: -90 * time.Minute}),
			field:  "minimumAge",
			want:   `minimumAge -1h30m is negative: write a duration such as "24h"`,
		},
		"Pin": {
			reason: "a pin that no registry can hold is never found",
			policy: numerical(selection.Policy{Pin: "v1 .0"}),
			field:  "pin",
			want:   `pin "v1 .0" is no tag: write one of the repository, such as "v1.0.30"`,
		},
		"PinAndDigest": {
			reason: "both name one tag",
			policy: selection.Policy{Digest: latest, Pin: "v1.0.0"},
			field:  "pin",
			want:   `pin "v1.0.0" and select.digest exclude each other: set select.digest.tag`,
		},
		"DigestTag": {
			reason: "there must be a tag to follow",
			policy: selection.Policy{Digest: &selection.Digest{}},
			field:  "select.digest.tag",
			want:   `select.digest.tag "" is no tag: write the one to follow, such as "latest"`,
		},
		"DigestExtract": {
			reason: "nothing is compared",
			policy: selection.Policy{Digest: latest, Include: "(.*)", Extract: "$1"},
			field:  "tags.extract",
			want:   `tags.extract "$1" has no use with select.digest, which compares nothing: remove it`,
		},
		"DigestExcluded": {
			reason: "the policy could never choose anything",
			policy: selection.Policy{Digest: latest, Exclude: []string{`\.sig$`, "^latest$"}},
			field:  "select.digest.tag",
			want:   `select.digest.tag "latest" is left out by tags.exclude[1] "^latest$": change one of them`,
		},
		"DigestNotIncluded": {
			reason: "nor could it here",
			policy: selection.Policy{Digest: latest, Include: "^v"},
			field:  "select.digest.tag",
			want:   `select.digest.tag "latest" isn't matched by tags.include "^v": change one of them`,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := selection.Compile(tc.policy)

			var refused *selection.PolicyError
			if !errors.As(err, &refused) {
				t.Fatalf("%s: the error is %v", tc.reason, err)
			}

			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("%s: message (-want +got):\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.field, refused.Field); diff != "" {
				t.Errorf("%s: field (-want +got):\n%s", tc.reason, diff)
			}

			checkTerminal(t, err)
		})
	}
}

// TestCompileKeepsNothing checks that a selector doesn't change with the policy that it was made of.
func TestCompileKeepsNothing(t *testing.T) {
	t.Parallel()

	policy := selection.Policy{SemVer: &selection.SemVer{Range: "1.x"}, Platforms: []string{"linux/amd64"}, Exclude: []string{"x"}}
	s := compilePolicy(t, policy)
	policy.SemVer.Range, policy.Platforms[0], policy.Exclude[0] = "2.x", "linux/arm64", "."

	got := s.Select(selection.Input{
		Tags:  selection.NewTags([]string{"1.0.0", "2.0.0"}),
		Known: map[string]selection.Fact{"1.0.0": {Platforms: []string{"linux/amd64"}}},
	})
	if diff := cmp.Diff("1.0.0", got.Tag); diff != "" {
		t.Errorf("tag (-want +got):\n%s", diff)
	}

	if diff := cmp.Diff("semver 1.x", s.Describe()); diff != "" {
		t.Errorf("Describe (-want +got):\n%s", diff)
	}
}

// TestDescribe checks what stands in commit messages, and who needs facts.
func TestDescribe(t *testing.T) {
	t.Parallel()

	const include = "^main-(?P<ts>[0-9]+)$"

	semver := func(written string) *selection.SemVer { return &selection.SemVer{Range: written} }

	cases := map[string]struct {
		reason     string
		policy     selection.Policy
		want       string
		needsFacts bool
	}{
		"Range":        {reason: "the range as it was written", policy: selection.Policy{SemVer: semver(">=1.0.0")}, want: "semver >=1.0.0"},
		"Prereleases":  {reason: "the flag changes the choice, so it is named", policy: selection.Policy{SemVer: &selection.SemVer{Range: "1.x", Prereleases: true}}, want: "semver 1.x with pre-releases"},
		"Strict":       {reason: "so does this one", policy: selection.Policy{SemVer: &selection.SemVer{Range: "1.x", Strict: true}}, want: "strict semver 1.x"},
		"WhiteSpace":   {reason: "a commit message has one line for it", policy: selection.Policy{SemVer: semver(" >=1.0.0\n<2.0.0 ")}, want: "semver >=1.0.0 <2.0.0"},
		"Include":      {reason: "what counts is named", policy: selection.Policy{SemVer: semver("1.x"), Include: "-alpine$"}, want: "semver 1.x in -alpine$"},
		"Extract":      {reason: "so is what is compared", policy: selection.Policy{Numerical: &selection.Order{}, Include: include, Extract: "$ts"}, want: "numerical asc of $ts in " + include},
		"Descending":   {reason: "and which end is the newest", policy: selection.Policy{Numerical: &selection.Order{Descending: true}}, want: "numerical desc"},
		"Alphabetical": {reason: "in every order", policy: selection.Policy{Alphabetical: &selection.Order{}}, want: "alphabetical asc"},
		"LineBreak":    {reason: "a line break in an expression isn't one in the message", policy: selection.Policy{Alphabetical: &selection.Order{}, Include: "a\nb"}, want: "alphabetical asc in a b"},
		"Digest":       {reason: "one tag is followed by its digest, which is a fact", policy: selection.Policy{Digest: &selection.Digest{Tag: "latest"}}, want: "digest of latest", needsFacts: true},
		"Pin":          {reason: "the pin is the rule, and needs nothing", policy: selection.Policy{SemVer: semver("1.x"), Pin: "v1.0.30", MinimumAge: time.Hour}, want: "pinned to v1.0.30"},
		"Age":          {reason: "an age is a fact", policy: selection.Policy{SemVer: semver("1.x"), MinimumAge: time.Hour}, want: "semver 1.x", needsFacts: true},
		"Platforms":    {reason: "platforms are facts", policy: selection.Policy{SemVer: semver("1.x"), Platforms: []string{"linux/amd64"}}, want: "semver 1.x", needsFacts: true},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := compilePolicy(t, tc.policy)

			if diff := cmp.Diff(tc.want, s.Describe()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}

			if s.NeedsFacts() != tc.needsFacts {
				t.Errorf("%s: NeedsFacts is %v", tc.reason, s.NeedsFacts())
			}
		})
	}
}

// TestDefaultExclude checks that nobody can change what is left out by default for others.
func TestDefaultExclude(t *testing.T) {
	t.Parallel()

	selection.DefaultExclude()[0] = "."

	if diff := cmp.Diff([]string{`\.sig$`, `\.att$`, `\.sbom$`, `^sha256-`}, selection.DefaultExclude()); diff != "" {
		t.Errorf("DefaultExclude (-want +got):\n%s", diff)
	}
}
