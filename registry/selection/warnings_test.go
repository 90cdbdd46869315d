package selection_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry/selection"
)

// TestWarnings checks what is said of policies and tags that are legal, and probably not meant.
func TestWarnings(t *testing.T) {
	t.Parallel()

	const (
		hidden = " is hidden, because SemVer takes its suffix for a pre-release: set select.semver.prereleases, or extract the version without it"
		number = " is no version, though it may look like one: compare such tags by select.numerical, or leave them out by tags.exclude"
		zero   = " is no version, because of its leading zero: compare such tags by select.alphabetical, or leave them out by tags.exclude"
	)

	semver := selection.Policy{SemVer: &selection.SemVer{Range: ">=1.0.0"}}
	prereleases := selection.Policy{SemVer: &selection.SemVer{Range: ">=1.0.0-0", Prereleases: true}}
	up := &selection.Order{}

	cases := map[string]struct {
		reason string
		policy selection.Policy
		tags   []string
		want   []string
	}{
		"None":    {reason: "all is well", policy: semver, tags: []string{"v1.0.0", "v1.1.0", "latest", "v1.2.0-rc.1"}},
		"NoTags":  {reason: "an empty repository is no fault of the policy", policy: selection.Policy{Numerical: up, Include: "x", Exclude: []string{"."}}},
		"NoDot":   {reason: "rc10 is a word, and comes before rc9", policy: prereleases, tags: []string{"v1.0.0-rc9", "v1.0.0-rc10", "v1.0.0-rc11"}, want: []string{`"v1.0.0-rc9" sorts above "v1.0.0-rc11": write rc.9, rc.11`}},
		"Dot":     {reason: "with a dot it is a number", policy: prereleases, tags: []string{"v1.0.0-rc.9", "v1.0.0-rc.10"}},
		"NoDot2":  {reason: "a word may have a hyphen, and others before it", policy: prereleases, tags: []string{"1.0.0-x.rc-9", "1.0.0-x.rc-10"}, want: []string{`"1.0.0-x.rc-9" sorts above "1.0.0-x.rc-10": write rc.9, rc.10`}},
		"Release": {reason: "once there is a release they don't matter", policy: prereleases, tags: []string{"v1.0.0-rc9", "v1.0.0-rc10", "v1.0.0"}},
		"Words":   {reason: "beta isn't the tenth rc", policy: prereleases, tags: []string{"v1.0.0-rc9", "v1.0.0-beta10"}},
		"NotTheNewest": {
			reason: "only the newest is in anybody's way", policy: prereleases, tags: []string{"v1.0.0-rc9", "v1.0.0-rc10", "v1.1.0"},
		},
		"Revision":   {reason: "1.2.3-1 is meant as later than 1.2.3", policy: semver, tags: []string{"1.2.3", "1.2.3-1", "1.2.3-2"}, want: []string{`"1.2.3-1"` + hidden}},
		"Describe":   {reason: "so is what git describe writes", policy: semver, tags: []string{"v1.2.3", "v1.2.3-5-gabcdef0"}, want: []string{`"v1.2.3-5-gabcdef0"` + hidden}},
		"Variant":    {reason: "if all versions have a suffix, nothing is chosen", policy: semver, tags: []string{"1.2.3-alpine", "1.2.4-alpine"}, want: []string{`"1.2.3-alpine"` + hidden}},
		"NewVariant": {reason: "or too early a one", policy: semver, tags: []string{"1.2.3", "1.2.4-alpine"}, want: []string{`"1.2.4-alpine"` + hidden}},
		"Both":       {reason: "a variant beside the plain version is fine", policy: semver, tags: []string{"1.2.3", "1.2.3-alpine", "1.2.2-1"}},
		"Usual":      {reason: "these are meant as pre-releases", policy: semver, tags: []string{"1.2.3", "1.3.0-rc1", "1.3.0-Beta.2", "1.3.0-SNAPSHOT", "1.3.0-dev-3", "1.3.0-alpha20260101"}},
		"Digits":     {reason: "a date or a commit that lenient parsers take for a version", policy: semver, tags: []string{"1.2.3", "20240101", "7654321"}, want: []string{`"20240101"` + number}},
		"LeadingZero": {
			reason: "a date with zeros is none either", policy: semver, tags: []string{"1.2.3", "2024.01.02", "01.2.3"}, want: []string{`"2024.01.02"` + zero},
		},
		"Date": {
			reason: "a date without zeros beats every version", policy: semver, tags: []string{"1.2.3", "1.2.4", "2024.1.2"},
			want: []string{`"2024.1.2" looks like a date, and as a version is later than "1.2.3": leave it out by tags.exclude, or by a range such as "<1000"`},
		},
		"Calendar":     {reason: "where all versions are dates that is meant", policy: semver, tags: []string{"2024.1.2", "2023.12.1"}},
		"DigitsWanted": {reason: "numbers are what this policy wants", policy: selection.Policy{Numerical: up}, tags: []string{"20240101"}},
		"Excluded": {
			reason: "an exclusion that hides everything", policy: selection.Policy{Numerical: up, Exclude: []string{"[0-9]"}}, tags: []string{"1", "2"},
			want: []string{"tags.exclude hides every tag: remove the expression that matches too much"},
		},
		"ExcludedIncluded": {
			reason: "or everything that is included", policy: selection.Policy{Numerical: up, Include: "^[0-9]$", Exclude: []string{"[0-9]"}}, tags: []string{"1", "2", "x"},
			want: []string{`tags.exclude hides every tag that tags.include "^[0-9]$" matches: remove the expression that matches too much`},
		},
		"NothingIncluded": {
			reason: "an inclusion that matches nothing", policy: selection.Policy{Numerical: up, Include: "^release-", Exclude: selection.DefaultExclude()}, tags: []string{"1", "sha256-0.sig"},
			want: []string{`tags.include "^release-" matches no tag: compare it with the tags of the repository`},
		},
		"NoExtract": {
			reason: "groups without an extraction", policy: selection.Policy{Numerical: up, Include: "^(?P<branch>main)-(?P<ts>[0-9]+)$"}, tags: []string{"main-1", "dev-1"},
			want: []string{`tags.include "^(?P<branch>main)-(?P<ts>[0-9]+)$" has groups, but without tags.extract the whole tag is compared: set tags.extract to "$branch"`},
		},
		"NoGroup": {
			reason: "nothing to extract", policy: selection.Policy{SemVer: semver.SemVer, Include: "-alpine$"}, tags: []string{"x-alpine"},
			want: []string{`tags.include "-alpine$" matches tags that are no version as a whole: put the version in a group, as in "^main-(?P<ts>[0-9]+)$", and set tags.extract`},
		},
		"GroupsUnused": {reason: "groups may be there for another reason", policy: selection.Policy{Alphabetical: up, Include: "^(main|dev)-"}, tags: []string{"main-1"}},
		"Several":      {reason: "all of them, sorted", policy: semver, tags: []string{"2024.01.02", "20240101", "1.0.1-1"}, want: []string{`"1.0.1-1"` + hidden, `"2024.01.02"` + zero, `"20240101"` + number}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := compilePolicy(t, tc.policy)
			got := s.Select(input(tc.tags...)).Warnings

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}

			slices.Reverse(tc.tags)

			if diff := cmp.Diff(got, s.Select(input(tc.tags...)).Warnings); diff != "" {
				t.Errorf("another order of the tags gives other warnings (-want +got):\n%s", diff)
			}
		})
	}
}
