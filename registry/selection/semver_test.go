package selection_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSemVer checks the choice among versions, row by row.
func TestSemVer(t *testing.T) {
	t.Parallel()

	long := "1.0." + strings.Repeat("9", 130)

	cases := map[string]struct {
		reason      string
		constraint  string
		prereleases bool
		tags        []string
		want        string
		eligible    int
	}{
		"Newest": {
			reason:     "numbers are compared as numbers, not as words",
			constraint: ">=1.0.0", tags: []string{"v1.0.9", "v1.0.36", "v1.0.4"}, want: "v1.0.36", eligible: 3,
		},
		"Nothing": {
			reason:     "a repository without tags gives no choice",
			constraint: ">=1.0.0", want: "",
		},
		"NothingInRange": {
			reason:     "no tag in the range gives no choice",
			constraint: ">=2.0.0", tags: []string{"1.0.0", "latest"}, want: "",
		},
		"Duplicates": {
			reason:     "a tag that is listed twice counts once",
			constraint: ">=1.0.0", tags: []string{"1.0.0", "1.0.1", "1.0.0", "1.0.1"}, want: "1.0.1", eligible: 2,
		},
		"ReleaseCandidates": {
			reason:     "rc10 has no dot: it is a word, and comes before rc9 (SemVer 2.0.0, section 11)",
			constraint: ">=1.0.0-0", tags: []string{"1.0.0-rc9", "1.0.0-rc10"}, want: "1.0.0-rc9", eligible: 2,
		},
		"ReleaseCandidatesWithDot": {
			reason:     "rc.10 holds a number, and comes after rc.9",
			constraint: ">=1.0.0-0", tags: []string{"1.0.0-rc.9", "1.0.0-rc.10"}, want: "1.0.0-rc.10", eligible: 2,
		},
		"HugeNumberInPreRelease": {
			reason:     "numbers of pre-releases have no largest one",
			constraint: "*", prereleases: true,
			tags: []string{"1.0.0-99999999999999999999", "1.0.0-100000000000000000000"}, want: "1.0.0-100000000000000000000", eligible: 2,
		},
		"ReleaseAfterPreRelease": {
			reason:     "a release comes after its pre-releases",
			constraint: ">=1.0.0-0", prereleases: true, tags: []string{"1.0.0-rc.1", "1.0.0"}, want: "1.0.0", eligible: 2,
		},
		"PreReleasesOff": {
			reason:     "a later pre-release isn't taken unasked",
			constraint: ">=1.0.0", tags: []string{"1.0.0", "1.1.0-rc.1"}, want: "1.0.0", eligible: 1,
		},
		"PreReleasesOn": {
			reason:     "the flag lets pre-releases in",
			constraint: ">=1.0.0", prereleases: true, tags: []string{"1.0.0", "1.1.0-rc.1"}, want: "1.1.0-rc.1", eligible: 2,
		},
		"PreReleasesNamed": {
			reason:     "a range that names a pre-release asks for them",
			constraint: ">=1.0.0-0", tags: []string{"1.0.0", "1.1.0-rc.1"}, want: "1.1.0-rc.1", eligible: 2,
		},
		"PreReleaseOfTheBound": {
			reason:     "2.0.0-rc.1 comes before 2.0.0, so that a range below 2.0.0 takes it if pre-releases count",
			constraint: "<2.0.0", prereleases: true, tags: []string{"1.9.9", "2.0.0-rc.1"}, want: "2.0.0-rc.1", eligible: 2,
		},
		"LeadingZeros": {
			reason:     "a date with leading zeros is no version, though a lenient parser takes it for one",
			constraint: ">=1.0.0", tags: []string{"1.0.0", "2024.01.02", "01.2.3", "1.02.3"}, want: "1.0.0", eligible: 1,
		},
		"TwoParts": {
			reason:     "1.9 isn't 1.9.0",
			constraint: ">=1.0.0", tags: []string{"1.0.0", "1.9", "v1.9"}, want: "1.0.0", eligible: 1,
		},
		"Dates": {
			reason:     "a date isn't version 20240101.0.0",
			constraint: ">=1.0.0", tags: []string{"1.0.0", "20240101"}, want: "1.0.0", eligible: 1,
		},
		"Hashes": {
			reason:     "a commit hash of digits alone isn't a version",
			constraint: ">=1.0.0", tags: []string{"1.0.0", "1234567", "7654321012345678901234567890123456789012"}, want: "1.0.0", eligible: 1,
		},
		"FourParts": {
			reason:     "four parts are no version",
			constraint: ">=1.0.0", tags: []string{"1.0.0", "v1.2.3.4"}, want: "1.0.0", eligible: 1,
		},
		"UpperCaseV": {
			reason:     "only a lower-case v may stand before a version, and only one",
			constraint: ">=1.0.0", tags: []string{"1.0.0", "V2.0.0", "vv2.0.0"}, want: "1.0.0", eligible: 1,
		},
		"BuildMetadata": {
			reason:     "some build metadata comes after none, and its numbers are numbers",
			constraint: ">=1.0.0", tags: []string{"1.0.0", "1.0.0+10", "1.0.0+9"}, want: "1.0.0+10", eligible: 3,
		},
		"TieOfPrefix": {
			reason:     "of equal versions the one with v is later",
			constraint: ">=1.0.0", tags: []string{"v1.0.1", "1.0.1"}, want: "v1.0.1", eligible: 2,
		},
		"VeryLong": {
			reason:     "no registry can hold a tag of more than 128 characters",
			constraint: ">=1.0.0", tags: []string{"1.0.0", long, "9.9.9-" + strings.Repeat("a", 1<<20)}, want: "1.0.0", eligible: 1,
		},
		"TooLarge": {
			reason:     "a number beyond 64 bits doesn't wrap around",
			constraint: ">=1.0.0", tags: []string{"1.0.0", "18446744073709551616.0.0", "18446744073709551615.0.0"},
			want: "18446744073709551615.0.0", eligible: 2,
		},
		"Wildcard": {
			reason:     "1.x stays below 2.0.0",
			constraint: "1.x", tags: []string{"0.9.0", "1.0.0", "1.9.0", "2.0.0"}, want: "1.9.0", eligible: 2,
		},
		"Caret": {
			reason:     "^1.2 takes 1.2.0 and all later ones below 2.0.0",
			constraint: "^1.2", tags: []string{"1.1.9", "1.2.0", "1.9.0", "2.0.0"}, want: "1.9.0", eligible: 2,
		},
		"Tilde": {
			reason:     "~1.2 stays at 1.2",
			constraint: "~1.2", tags: []string{"1.1.9", "1.2.0", "1.2.7", "1.3.0"}, want: "1.2.7", eligible: 2,
		},
		"Hyphen": {
			reason:     "1.0 - 2.0 holds both ends, and all of 2.0",
			constraint: "1.0 - 2.0", tags: []string{"0.9.0", "1.0.0", "2.0.3", "2.1.0"}, want: "2.0.3", eligible: 2,
		},
		"Alternatives": {
			reason:     "a tag needs to match one alternative",
			constraint: "1.x || >=3.0.0 <3.5.0", tags: []string{"1.4.0", "2.0.0", "3.4.9", "3.5.0"}, want: "3.4.9", eligible: 2,
		},
		"Exclusion": {
			reason:     "a broken release can be left out",
			constraint: ">=1.0.0 !=1.2.0", tags: []string{"1.1.0", "1.2.0"}, want: "1.1.0", eligible: 1,
		},
		"Commas": {
			reason:     "a comma means the same as a space",
			constraint: ">=1.0.0, <2.0.0", tags: []string{"1.1.0", "2.0.0"}, want: "1.1.0", eligible: 1,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := compile(t, tc.constraint, tc.prereleases).Explain(input(tc.tags...))

			if diff := cmp.Diff(tc.want, got.Tag); diff != "" {
				t.Errorf("%s: tag (-want +got):\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.eligible, got.Eligible); diff != "" {
				t.Errorf("%s: eligible (-want +got):\n%s", tc.reason, diff)
			}

			checkTotal(t, tc.tags, got)
		})
	}
}
