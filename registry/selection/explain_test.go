package selection_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry/selection"
)

// checkExplain compares all of an explanation.
func checkExplain(t *testing.T, policy selection.Policy, in selection.Input, want selection.Explanation) {
	t.Helper()

	s := compilePolicy(t, policy)
	got := s.Explain(in)

	want.Counts, want.Total = map[selection.Verdict]int{}, len(want.Verdicts)
	for _, v := range want.Verdicts {
		want.Counts[v.Verdict]++
	}

	// Those that have a place in the order come first, the newest of them at the head.
	placeless := []selection.Verdict{selection.Excluded, selection.NotIncluded, selection.NotAVersion, selection.Chosen}
	if first := want.Verdicts[0]; policy.Digest == nil && !slices.Contains(placeless, first.Verdict) {
		want.Newest = &first
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Explain (-want +got):\n%s", diff)
	}

	if diff := cmp.Diff(got.Selection, s.Select(in)); diff != "" {
		t.Errorf("Select differs (-Explain +Select):\n%s", diff)
	}
}

// TestExplainVersions checks all verdicts of one set of tags, in their order.
func TestExplainVersions(t *testing.T) {
	t.Parallel()

	tags := []string{
		"latest", "1.0", "1.0.0", "v1.0.0", "1.1.0", "2.0.0", "1.2.0-rc.1", "3.0.0-rc.1", "1..3", "1.2.3-", "1.2.3+",
		"1.2.3-01", "01.0.0", "99999999999999999999.0.0", "", "sha256-abc.sig", "1.2.3+a+b", strings.Repeat("1", 129), "\xff\n",
	}
	before := slices.Clone(tags)

	const three = "doesn't have exactly three numbers, as 1.2.3 has"

	checkExplain(t, selection.Policy{SemVer: &selection.SemVer{Range: "1.x"}, Exclude: selection.DefaultExclude()}, input(tags...), selection.Explanation{
		Selection: selection.Selection{Tag: "1.1.0", Eligible: 3, Reason: `the newest version in the range "1.x"`},
		Verdicts: []selection.TagVerdict{
			{Tag: "3.0.0-rc.1", Verdict: selection.OutsideRange, Reason: `outside the range "1.x"`},
			{Tag: "2.0.0", Verdict: selection.OutsideRange, Reason: `outside the range "1.x"`},
			{Tag: "1.2.0-rc.1", Verdict: selection.PreRelease, Reason: "a pre-release, and the policy takes releases only"},
			{Tag: "1.1.0", Verdict: selection.Chosen, Reason: `the newest version in the range "1.x"`},
			{Tag: "v1.0.0", Verdict: selection.Superseded, Reason: "1.1.0 is later"},
			{Tag: "1.0.0", Verdict: selection.Superseded, Reason: "1.1.0 is later"},
			{Tag: "", Verdict: selection.NotAVersion, Reason: three},
			{Tag: "01.0.0", Verdict: selection.NotAVersion, Reason: "has a number with a leading zero"},
			{Tag: "1..3", Verdict: selection.NotAVersion, Reason: three},
			{Tag: "1.0", Verdict: selection.NotAVersion, Reason: three},
			{Tag: "1.2.3+", Verdict: selection.NotAVersion, Reason: "has malformed build metadata"},
			{Tag: "1.2.3+a+b", Verdict: selection.NotAVersion, Reason: "has malformed build metadata"},
			{Tag: "1.2.3-", Verdict: selection.NotAVersion, Reason: "has a malformed pre-release"},
			{Tag: "1.2.3-01", Verdict: selection.NotAVersion, Reason: "has a number with a leading zero"},
			{Tag: strings.Repeat("1", 129), Verdict: selection.NotAVersion, Reason: "is longer than the 128 characters of a tag"},
			{Tag: "99999999999999999999.0.0", Verdict: selection.NotAVersion, Reason: "has a number beyond 64 bits"},
			{Tag: "latest", Verdict: selection.NotAVersion, Reason: three},
			{Tag: "sha256-abc.sig", Verdict: selection.Excluded, Reason: `tags.exclude[0] "\\.sig$" matches it`},
			{Tag: "\xff\n", Verdict: selection.NotAVersion, Reason: three},
		},
	})

	if diff := cmp.Diff(before, tags); diff != "" {
		t.Errorf("the input was changed (-before +after):\n%s", diff)
	}
}

// TestExplainNumbers checks the verdicts of a policy that extracts.
func TestExplainNumbers(t *testing.T) {
	t.Parallel()

	policy := selection.Policy{
		Numerical: &selection.Order{}, Include: "^main-(?P<ts>.*)$", Extract: "$ts", Exclude: []string{"^main-666$"}, Pin: "main-8",
	}
	tags := []string{"main-7", "main-8", "main-9", "main-x", "main-666", "dev-10"}
	pinned := []selection.TagVerdict{
		{Tag: "main-9", Verdict: selection.Superseded, Reason: "pinned to main-8"},
		{Tag: "main-8", Verdict: selection.Chosen, Reason: "pinned to main-8"},
		{Tag: "main-7", Verdict: selection.Superseded, Reason: "pinned to main-8"},
		{Tag: "dev-10", Verdict: selection.NotIncluded, Reason: `tags.include "^main-(?P<ts>.*)$" doesn't match it`},
		{Tag: "main-666", Verdict: selection.Excluded, Reason: `tags.exclude[0] "^main-666$" matches it`},
		{Tag: "main-x", Verdict: selection.NotAVersion, Reason: `gives "x", which isn't made of the digits 0 to 9 alone`},
	}

	checkExplain(t, policy, input(tags...), selection.Explanation{
		Selection: selection.Selection{Tag: "main-8", Eligible: 3, Reason: "pinned to main-8"}, Verdicts: pinned,
	})
}

// TestExplainCurrent checks what Git holds against what the registry has.
func TestExplainCurrent(t *testing.T) {
	t.Parallel()

	const newest = `the newest version in the range "*"`

	policy := selection.Policy{SemVer: &selection.SemVer{Range: "*"}}
	allowed := policy
	allowed.Downgrades = true

	cases := map[string]struct {
		reason  string
		policy  selection.Policy
		current string
		chosen  string
		text    string
		want    []selection.TagVerdict
	}{
		"Behind": {
			reason: "what comes before it is older, and itself superseded", policy: policy, current: "1.1.0", chosen: "1.2.0", text: newest,
			want: []selection.TagVerdict{
				{Tag: "1.2.0", Verdict: selection.Chosen, Reason: newest},
				{Tag: "1.1.0", Verdict: selection.Superseded, Reason: "1.2.0 is later"},
				{Tag: "1.0.0", Verdict: selection.OlderThanCurrent, Reason: "earlier than 1.1.0, which Git holds"},
			},
		},
		"Equal": {
			reason: "what is held stays chosen", policy: policy, current: "1.2.0", chosen: "1.2.0", text: newest,
			want: []selection.TagVerdict{
				{Tag: "1.2.0", Verdict: selection.Chosen, Reason: newest},
				{Tag: "1.1.0", Verdict: selection.OlderThanCurrent, Reason: "earlier than 1.2.0, which Git holds"},
				{Tag: "1.0.0", Verdict: selection.OlderThanCurrent, Reason: "earlier than 1.2.0, which Git holds"},
			},
		},
		"Ahead": {
			reason: "a tag that vanished from the registry takes nothing back", policy: policy, current: "v1.2.0", text: "no eligible tag is later than v1.2.0, which Git holds",
			want: []selection.TagVerdict{
				{Tag: "1.2.0", Verdict: selection.OlderThanCurrent, Reason: "earlier than v1.2.0, which Git holds"},
				{Tag: "1.1.0", Verdict: selection.OlderThanCurrent, Reason: "earlier than v1.2.0, which Git holds"},
				{Tag: "1.0.0", Verdict: selection.OlderThanCurrent, Reason: "earlier than v1.2.0, which Git holds"},
			},
		},
		"Allowed": {
			reason: "unless the policy says that it may", policy: allowed, current: "2.0.0", chosen: "1.2.0", text: newest,
			want: []selection.TagVerdict{
				{Tag: "1.2.0", Verdict: selection.Chosen, Reason: newest},
				{Tag: "1.1.0", Verdict: selection.Superseded, Reason: "1.2.0 is later"},
				{Tag: "1.0.0", Verdict: selection.Superseded, Reason: "1.2.0 is later"},
			},
		},
		"NoVersion": {
			reason: "what has no place is later than nothing", policy: policy, current: "latest", chosen: "1.2.0", text: newest,
			want: []selection.TagVerdict{
				{Tag: "1.2.0", Verdict: selection.Chosen, Reason: newest},
				{Tag: "1.1.0", Verdict: selection.Superseded, Reason: "1.2.0 is later"},
				{Tag: "1.0.0", Verdict: selection.Superseded, Reason: "1.2.0 is later"},
			},
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Log(tc.reason)

			in := input("1.0.0", "1.1.0", "1.2.0")
			in.Current.Tag = tc.current

			checkExplain(t, tc.policy, in, selection.Explanation{Selection: selection.Selection{Tag: tc.chosen, Reason: tc.text, Eligible: 3}, Verdicts: tc.want})
		})
	}
}

// TestExplainFacts checks the verdicts that facts give.
func TestExplainFacts(t *testing.T) {
	t.Parallel()

	const (
		rule = `the newest version in the range "*" that has been known for 24h and has linux/arm64`
		amd  = "linux/amd64"
		arm  = "linux/arm64"
	)

	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	in := input("1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0", "1.6.0", "1.7.0-rc.1")
	in.Now = now
	in.Known = map[string]selection.Fact{
		"1.6.0":      {Digest: "sha256:6", FirstSeen: now.Add(-time.Hour), Platforms: []string{amd}},
		"1.5.0":      {Digest: "sha256:5", FirstSeen: now.Add(-24 * time.Hour)},
		"1.4.0":      {Digest: "sha256:4", FirstSeen: now.Add(-25 * time.Hour), Platforms: []string{amd}},
		"1.3.0":      {Problem: "the registry has no\nmanifest for it"},
		"1.1.0":      {Digest: "sha256:1", FirstSeen: now.Add(-72 * time.Hour), Platforms: []string{amd, arm + "/v8"}},
		"1.0.0":      {Problem: "gone"},
		"1.7.0-rc.1": {Problem: "gone"},
		"9.9.9":      {Digest: "sha256:9", FirstSeen: now.Add(-72 * time.Hour), Platforms: []string{arm}},
	}

	checkExplain(t, selection.Policy{SemVer: &selection.SemVer{Range: "*"}, MinimumAge: 24 * time.Hour, Platforms: []string{arm}}, in, selection.Explanation{
		Selection: selection.Selection{
			Tag: "1.1.0", Digest: "sha256:1", Eligible: 2, Reason: rule, Needs: []string{"1.5.0", "1.2.0"},
			Waiting: []selection.Waiting{{Tag: "1.6.0", Until: now.Add(23 * time.Hour)}},
		},
		Verdicts: []selection.TagVerdict{
			{Tag: "1.7.0-rc.1", Verdict: selection.PreRelease, Reason: "a pre-release, and the policy takes releases only"},
			{Tag: "1.6.0", Verdict: selection.TooYoung, Reason: "old enough at 2026-11-23T09:00:00Z"},
			{Tag: "1.5.0", Verdict: selection.WrongPlatform, Reason: "its platforms aren't known yet"},
			{Tag: "1.4.0", Verdict: selection.WrongPlatform, Reason: "it has no linux/arm64"},
			{Tag: "1.3.0", Verdict: selection.WrongPlatform, Reason: "it can't be looked at: the registry has no manifest for it"},
			{Tag: "1.2.0", Verdict: selection.TooYoung, Reason: "its digest isn't known yet"},
			{Tag: "1.1.0", Verdict: selection.Chosen, Reason: rule},
			{Tag: "1.0.0", Verdict: selection.Superseded, Reason: "1.1.0 is later"},
		},
	})
}

// TestExplainDigest checks the verdicts of a policy that follows one tag.
func TestExplainDigest(t *testing.T) {
	t.Parallel()

	in := input("latest", "1.0.0", "latest.sig")
	in.Known = map[string]selection.Fact{"latest": {Digest: "sha256:1"}}

	checkExplain(t, selection.Policy{Digest: &selection.Digest{Tag: "latest"}, Exclude: []string{"sig$"}}, in, selection.Explanation{
		Selection: selection.Selection{Tag: "latest", Digest: "sha256:1", Eligible: 1, Reason: "the tag that is followed"},
		Verdicts: []selection.TagVerdict{
			{Tag: "latest", Verdict: selection.Chosen, Reason: "the tag that is followed"},
			{Tag: "1.0.0", Verdict: selection.NotIncluded, Reason: "the policy follows latest"},
			{Tag: "latest.sig", Verdict: selection.Excluded, Reason: `tags.exclude[0] "sig$" matches it`},
		},
	})
}
