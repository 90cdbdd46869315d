package selection_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry/selection"
)

// checkTotal checks that there is one verdict for each distinct tag, that the counts and the choice agree with them, and
// that whatever a person reads is one line.
func checkTotal(t testing.TB, tags []string, got selection.Explanation) {
	t.Helper()

	judged := make([]string, 0, len(got.Verdicts))
	counts := make(map[selection.Verdict]int)
	lines := append([]string{got.Reason}, got.Warnings...)

	for _, v := range got.Verdicts {
		judged = append(judged, v.Tag)
		counts[v.Verdict]++

		if v.Verdict == selection.Chosen && v.Tag != got.Tag {
			t.Errorf("tag %q is judged as chosen, but %q is", v.Tag, got.Tag)
		}

		lines = append(lines, v.Reason)
	}

	for _, line := range lines {
		if line == "" || strings.ContainsAny(line, "\n\r") {
			t.Errorf("this is no line: %q", line)
		}
	}

	distinct := slices.Compact(sorted(tags))
	if diff := cmp.Diff(distinct, sorted(judged)); len(distinct)+len(judged) > 0 && diff != "" {
		t.Errorf("tags that were judged (-want +got):\n%s", diff)
	}

	if diff := cmp.Diff(counts, got.Counts); diff != "" {
		t.Errorf("counts (-verdicts +counts):\n%s", diff)
	}

	total := 0
	for _, count := range got.Counts {
		total += count
	}

	if total != got.Total || total != len(distinct) {
		t.Errorf("counts sum up to %d, total is %d, distinct tags are %d", total, got.Total, len(distinct))
	}

	if eligible := counts[selection.Chosen] + counts[selection.Superseded] + counts[selection.OlderThanCurrent]; eligible != got.Eligible {
		t.Errorf("eligible is %d, verdicts are %v", got.Eligible, counts)
	}

	if (counts[selection.Chosen] == 1) != (counts[selection.Chosen] > 0) || got.Tag == "" && counts[selection.Chosen] > 0 && !slices.Contains(tags, "") {
		t.Errorf("chosen %q, verdicts are %v", got.Tag, counts)
	}

	if len(got.Needs) > selection.MaxNeeds || len(got.Waiting) > selection.MaxWaiting || len(got.Warnings) > 8 {
		t.Errorf("too much: needs %d, waiting %d, warnings %d", len(got.Needs), len(got.Waiting), len(got.Warnings))
	}
}

// TestKinds checks the choice of every kind of policy, row by row. Versions have a table of their own.
func TestKinds(t *testing.T) {
	t.Parallel()

	const ts = "^main-(?P<ts>[0-9]+)-[0-9a-f]+$"

	up, down := &selection.Order{}, &selection.Order{Descending: true}
	semver := &selection.SemVer{Range: ">=1.0.0"}

	cases := map[string]struct {
		reason   string
		policy   selection.Policy
		tags     []string
		want     string
		eligible int
	}{
		"Numerical": {
			reason: "numbers are compared as numbers, not as words",
			policy: selection.Policy{Numerical: up}, tags: []string{"9", "10", "1"}, want: "10", eligible: 3,
		},
		"NumericalDescending": {
			reason: "the first is the newest where the policy says so",
			policy: selection.Policy{Numerical: down}, tags: []string{"9", "10", "1"}, want: "1", eligible: 3,
		},
		"SeventeenDigits": {
			reason: "neighbouring build numbers of 17 digits are one floating-point number, and here two",
			policy: selection.Policy{Numerical: up}, tags: []string{"20260101120000001", "20260101120000003", "20260101120000002"}, want: "20260101120000003", eligible: 3,
		},
		"HundredDigits": {
			reason: "a number has no largest length",
			policy: selection.Policy{Numerical: up}, tags: []string{strings.Repeat("9", 99), "1" + strings.Repeat("0", 99), "7"},
			want: "1" + strings.Repeat("0", 99), eligible: 3,
		},
		"NoNumbers": {
			reason: "what a parser of floating-point numbers takes is none, and spoils nothing",
			policy: selection.Policy{Numerical: up}, tags: []string{"7", "1e3", "inf", "NaN", "-8", "8.5", "+9", "0x10", "1_000", "٣", "", " 8"}, want: "7", eligible: 1,
		},
		"LeadingZeros": {
			reason: "zeros in front don't count; of equal numbers the bytes decide",
			policy: selection.Policy{Numerical: up}, tags: []string{"007", "7", "06"}, want: "7", eligible: 3,
		},
		"LeadingZerosDescending": {
			reason: "the rule for ties isn't turned round",
			policy: selection.Policy{Numerical: down}, tags: []string{"007", "7", "08"}, want: "7", eligible: 3,
		},
		"Zero": {
			reason: "a zero is a number however it is written",
			policy: selection.Policy{Numerical: down}, tags: []string{"000", "0", "1"}, want: "000", eligible: 3,
		},
		"Extract": {
			reason: "the time within the tag is compared, and the tag keeps its spelling",
			policy: selection.Policy{Numerical: up, Include: ts, Extract: "$ts"},
			tags:   []string{"main-99-ffffff", "main-100-000000", "dev-500-aaaaaa", "main-7"}, want: "main-100-000000", eligible: 2,
		},
		"ExtractTie": {
			reason: "of two tags with the same time the bytes decide",
			policy: selection.Policy{Numerical: up, Include: ts, Extract: "$ts"}, tags: []string{"main-100-b", "main-100-a", "main-99-c"}, want: "main-100-b", eligible: 3,
		},
		"ExtractByNumber": {
			reason: "groups have numbers, too",
			policy: selection.Policy{Numerical: up, Include: "^([a-z]+)-([0-9]+)", Extract: "${2}"}, tags: []string{"z-1", "a-2"}, want: "a-2", eligible: 2,
		},
		"ExtractMany": {
			reason: "several groups and text between them make what is compared",
			policy: selection.Policy{SemVer: semver, Include: "^([0-9]{4})([0-9]{2})([0-9]{2})$", Extract: "$1.1$2.1$3"},
			tags:   []string{"20240131", "20240201", "19991231"}, want: "20240201", eligible: 3,
		},
		"ExtractVersion": {
			reason: "a suffix that SemVer takes for a pre-release is left out",
			policy: selection.Policy{SemVer: semver, Include: "^(?P<v>.*)-alpine$", Extract: "$v"},
			tags:   []string{"1.2.3-alpine", "1.10.0-alpine", "2.0.0", "latest-alpine"}, want: "1.10.0-alpine", eligible: 2,
		},
		"ExtractNothing": {
			reason: "a group that took no part in the match gives nothing, which is no number",
			policy: selection.Policy{Numerical: up, Include: "^main(-([0-9]+))?$", Extract: "$2"}, tags: []string{"main", "main-1"}, want: "main-1", eligible: 1,
		},
		"ExtractTooMuch": {
			reason: "what is made of a tag is bounded",
			policy: selection.Policy{Alphabetical: up, Include: "^(.*)$", Extract: "$1$1"}, tags: []string{strings.Repeat("b", 129), strings.Repeat("a", 128)},
			want: strings.Repeat("a", 128), eligible: 1,
		},
		"Alphabetical": {
			reason: "times as ISO 8601 writes them are in the order of their bytes",
			policy: selection.Policy{Alphabetical: up}, tags: []string{"2026-11-22T10-00", "2026-11-22T09-59", "2025-12-31T23-59"}, want: "2026-11-22T10-00", eligible: 3,
		},
		"AlphabeticalBytes": {
			reason: "bytes are compared, so that capitals come first and 9 after 10",
			policy: selection.Policy{Alphabetical: up}, tags: []string{"B", "a", "9", "10"}, want: "a", eligible: 4,
		},
		"AlphabeticalDescending": {
			reason: "the first is the newest where the policy says so",
			policy: selection.Policy{Alphabetical: down}, tags: []string{"b", "a", "c"}, want: "a", eligible: 3,
		},
		"Digest": {
			reason: "one tag is followed, whatever others there are",
			policy: selection.Policy{Digest: &selection.Digest{Tag: "latest"}}, tags: []string{"latest", "v1.0.0", "zzz"}, want: "latest", eligible: 1,
		},
		"DigestMissing": {
			reason: "a tag that isn't there can't be followed",
			policy: selection.Policy{Digest: &selection.Digest{Tag: "latest"}}, tags: []string{"v1.0.0"},
		},
		"Strict": {
			reason: "SemVer 2.0.0 knows no v",
			policy: selection.Policy{SemVer: &selection.SemVer{Range: ">=1.0.0", Strict: true}}, tags: []string{"v2.0.0", "1.0.0"}, want: "1.0.0", eligible: 1,
		},
		"Unanchored": {
			reason: "an expression is searched for anywhere in the tag",
			policy: selection.Policy{Alphabetical: up, Include: "main"}, tags: []string{"main-1", "my-main", "dev"}, want: "my-main", eligible: 2,
		},
		"Anchored": {
			reason: "unless it is anchored",
			policy: selection.Policy{Alphabetical: up, Include: "^main"}, tags: []string{"main-1", "my-main", "dev"}, want: "main-1", eligible: 1,
		},
		"Exclude": {
			reason: "exclusions come first",
			policy: selection.Policy{SemVer: semver, Exclude: []string{"^v1\\.2\\."}}, tags: []string{"v1.1.0", "v1.2.0"}, want: "v1.1.0", eligible: 1,
		},
		"DefaultExclude": {
			reason: "what signs and describes an image is no image, however it is called",
			policy: selection.Policy{Alphabetical: up, Exclude: selection.DefaultExclude()},
			tags:   []string{"a", "sha256-0a.sig", "sha256-0a.att", "sha256-0a.sbom", "sha256-0a", "z.sig", "z.att", "z.sbom"}, want: "a", eligible: 1,
		},
		"OnlyExcluded": {
			reason: "a repository that holds nothing else gives no choice",
			policy: selection.Policy{Alphabetical: up, Exclude: selection.DefaultExclude()}, tags: []string{"sha256-0a.sig", "sha256-0a.att"},
		},
		"Empty": {
			reason: "nor does an empty one",
			policy: selection.Policy{Numerical: up},
		},
		"Pin": {
			reason: "a pin wins over range, exclusion and order",
			policy: selection.Policy{SemVer: semver, Exclude: []string{"nightly"}, Pin: "nightly"}, tags: []string{"nightly", "v1.0.0"}, want: "nightly", eligible: 2,
		},
		"PinWaitsForNothing": {
			reason: "and over age and platforms",
			policy: selection.Policy{SemVer: semver, Pin: "v1.0.0", MinimumAge: time.Hour, Platforms: []string{"linux/amd64"}},
			tags:   []string{"v1.1.0", "v1.0.0"}, want: "v1.0.0", eligible: 2,
		},
		"PinMissing": {
			reason: "what isn't there can't be pinned, and nothing is taken in its place",
			policy: selection.Policy{SemVer: semver, Pin: "v1.0.9"}, tags: []string{"v1.1.0", "v1.0.0"}, eligible: 2,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := compilePolicy(t, tc.policy).Explain(input(tc.tags...))

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

// TestReason checks why something was chosen, or nothing was.
func TestReason(t *testing.T) {
	t.Parallel()

	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	up, down := &selection.Order{}, &selection.Order{Descending: true}
	semver := &selection.SemVer{Range: ">=1.0.0"}
	both := selection.Policy{SemVer: semver, MinimumAge: 24 * time.Hour, Platforms: []string{"linux/amd64", "linux/arm64"}}
	old := selection.Fact{Digest: "sha256:1", FirstSeen: now.Add(-48 * time.Hour), Platforms: []string{"linux/amd64", "linux/arm64"}}

	cases := map[string]struct {
		reason  string
		policy  selection.Policy
		tags    []string
		known   map[string]selection.Fact
		current string
		want    string
	}{
		"SemVer":            {reason: "the rule in words", policy: selection.Policy{SemVer: semver}, tags: []string{"1.0.0"}, want: `the newest version in the range ">=1.0.0"`},
		"Largest":           {reason: "each order has its own", policy: selection.Policy{Numerical: up}, tags: []string{"1"}, want: "the largest number"},
		"Smallest":          {reason: "and its other end", policy: selection.Policy{Numerical: down}, tags: []string{"1"}, want: "the smallest number"},
		"Last":              {reason: "texts are no numbers", policy: selection.Policy{Alphabetical: up}, tags: []string{"1"}, want: "the last in alphabetical order"},
		"First":             {reason: "they have two ends as well", policy: selection.Policy{Alphabetical: down}, tags: []string{"1"}, want: "the first in alphabetical order"},
		"Followed":          {reason: "nothing is compared", policy: selection.Policy{Digest: &selection.Digest{Tag: "a"}}, tags: []string{"a"}, want: "the tag that is followed"},
		"Pinned":            {reason: "the pin is the reason", policy: selection.Policy{SemVer: semver, Pin: "a"}, tags: []string{"a"}, want: "pinned to a"},
		"Facts":             {reason: "what else was asked for", policy: both, tags: []string{"1.0.0"}, known: map[string]selection.Fact{"1.0.0": old}, want: `the newest version in the range ">=1.0.0" that has been known for 24h and has linux/amd64, linux/arm64`},
		"NoTags":            {reason: "an empty repository", policy: both, want: "the repository has no tags"},
		"NoPinned":          {reason: "somebody deleted it, or misspelt it", policy: selection.Policy{SemVer: semver, Pin: "a"}, tags: []string{"1.0.0"}, want: "the pinned tag a isn't in the repository"},
		"NoFollowed":        {reason: "the same for the followed tag", policy: selection.Policy{Digest: &selection.Digest{Tag: "a"}}, tags: []string{"b"}, want: "the followed tag a isn't in the repository"},
		"NotLookedAt":       {reason: "the answer isn't final", policy: both, tags: []string{"1.0.0"}, want: "no tag that was looked at has been known for 24h and has linux/amd64, linux/arm64"},
		"NothingSuffices":   {reason: "facts kept out the last ones", policy: selection.Policy{SemVer: semver, Platforms: []string{"linux/amd64"}}, tags: []string{"1.0.0", "x"}, known: map[string]selection.Fact{"1.0.0": {Platforms: []string{}}}, want: "no eligible tag has linux/amd64"},
		"NothingThere":      {reason: "all that is listed is gone", policy: selection.Policy{SemVer: semver}, tags: []string{"1.0.0"}, known: map[string]selection.Fact{"1.0.0": {Problem: "not found"}}, want: "no eligible tag can be looked at"},
		"NothingLater":      {reason: "Git is ahead", policy: selection.Policy{SemVer: semver}, tags: []string{"1.0.0", "0.9.0"}, current: "1.0.1", want: "no eligible tag is later than 1.0.1, which Git holds"},
		"OnlyPreReleases":   {reason: "the furthest that a tag got", policy: selection.Policy{SemVer: semver}, tags: []string{"1.0.1-rc.1", "0.9.0", "x"}, want: "only pre-releases are in the range, and the policy takes releases only"},
		"OutsideRange":      {reason: "the next furthest", policy: selection.Policy{SemVer: semver}, tags: []string{"0.9.0", "x"}, want: "no version is in the range"},
		"NoVersion":         {reason: "the next", policy: selection.Policy{SemVer: semver}, tags: []string{"x"}, want: "no tag that counts is a version"},
		"NoNumber":          {reason: "in the words of the order", policy: selection.Policy{Numerical: up}, tags: []string{"x"}, want: "no tag that counts is a number"},
		"NoNumberExtracted": {reason: "what was extracted is named", policy: selection.Policy{Numerical: up, Include: "(.)", Extract: "$1"}, tags: []string{"x"}, want: "tags.extract makes no number of any tag"},
		"NotIncluded":       {reason: "the filters kept out all", policy: selection.Policy{Numerical: up, Include: "y", Exclude: []string{"z"}}, tags: []string{"x", "z"}, want: "tags.include matches no tag that isn't excluded"},
		"Excluded":          {reason: "the last of all", policy: selection.Policy{Numerical: up, Exclude: []string{"z"}}, tags: []string{"z"}, want: "tags.exclude hides every tag"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			in := selection.Input{Tags: selection.NewTags(tc.tags), Known: tc.known, Now: now, Current: selection.Reference{Tag: tc.current}}
			got := compilePolicy(t, tc.policy).Explain(in)

			if diff := cmp.Diff(tc.want, got.Reason); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}

			checkTotal(t, tc.tags, got)
		})
	}
}

// TestNoTags checks that a missing list is an empty one.
func TestNoTags(t *testing.T) {
	t.Parallel()

	want := selection.Selection{Reason: "the repository has no tags", Counts: map[selection.Verdict]int{}}
	if diff := cmp.Diff(want, compile(t, "*", false).Select(selection.Input{})); diff != "" {
		t.Errorf("Select (-want +got):\n%s", diff)
	}

	pinned := compilePolicy(t, selection.Policy{Numerical: &selection.Order{}, Pin: "a"})

	if diff := cmp.Diff(want, pinned.Select(selection.Input{})); diff != "" {
		t.Errorf("Select (-want +got):\n%s", diff)
	}
}
