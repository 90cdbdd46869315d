package selection_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry/selection"
)

// TestMove checks what a target takes that holds something else.
func TestMove(t *testing.T) {
	t.Parallel()

	const forward = ": a target moves forward only"

	semver := selection.Policy{SemVer: &selection.SemVer{Range: ">=1.0.0"}}
	numerical := selection.Policy{Numerical: &selection.Order{}}
	extracted := selection.Policy{Numerical: &selection.Order{}, Include: "^main-(.*)$", Extract: "$1"}
	with := func(policy selection.Policy, change func(*selection.Policy)) selection.Policy {
		change(&policy)

		return policy
	}
	downgrades := func(p *selection.Policy) { p.Downgrades = true }
	mutations := func(p *selection.Policy) { p.Mutations = true }
	pin := func(p *selection.Policy) { p.Pin = "v1.0.30" }
	tag := func(tag string) selection.Reference { return selection.Reference{Tag: tag} }
	both := func(tag, digest string) selection.Reference { return selection.Reference{Tag: tag, Digest: digest} }

	cases := map[string]struct {
		reason         string
		policy         selection.Policy
		held, selected selection.Reference
		kind           selection.StayKind
		want           string
	}{
		"Forward":  {reason: "a later version is taken", policy: semver, held: tag("v1.0.30"), selected: tag("v1.0.36")},
		"Same":     {reason: "there is nothing to do", policy: semver, held: tag("v1.0.36"), selected: tag("v1.0.36")},
		"Nothing":  {reason: "what is empty takes anything", policy: semver, selected: tag("v1.0.36")},
		"NoTag":    {reason: "a digest alone has no order", policy: semver, held: both("", "sha256:1"), selected: both("v1.0.36", "sha256:2")},
		"Backward": {reason: "an earlier one isn't", policy: semver, held: tag("v1.0.37"), selected: tag("v1.0.36"), kind: selection.Newer, want: "Git holds v1.0.37, which is later than the selected v1.0.36" + forward},
		"OutsideRange": {
			reason: "the range plays no part in what is later", policy: with(semver, func(p *selection.Policy) { p.SemVer = &selection.SemVer{Range: "1.x"} }),
			held: tag("v2.0.0"), selected: tag("v1.0.36"), kind: selection.Newer, want: "Git holds v2.0.0, which is later than the selected v1.0.36" + forward,
		},
		"NotIncluded": {
			reason: "nor do filters from which nothing is extracted", policy: with(semver, func(p *selection.Policy) { p.Include = "^v1" }),
			held: tag("v2.0.0"), selected: tag("v1.0.36"), kind: selection.Newer, want: "Git holds v2.0.0, which is later than the selected v1.0.36" + forward,
		},
		"Tie":       {reason: "of equal versions the one with v is later", policy: semver, held: tag("v1.0.0"), selected: tag("1.0.0"), kind: selection.Newer, want: "Git holds v1.0.0, which is later than the selected 1.0.0" + forward},
		"Downgrade": {reason: "unless the policy says that it may", policy: with(semver, downgrades), held: tag("v1.0.37"), selected: tag("v1.0.36")},
		"Pin":       {reason: "a pin is written back as well as forward", policy: with(semver, pin), held: tag("v1.0.37"), selected: tag("v1.0.30")},
		"PinOver":   {reason: "and over what has no place", policy: with(semver, pin), held: tag("latest"), selected: tag("v1.0.30")},
		"PinDigest": {reason: "and over another digest", policy: with(semver, pin), held: both("v1.0.30", "sha256:1"), selected: both("v1.0.30", "sha256:2")},
		"NoVersion": {
			reason: "somebody wrote that on purpose", policy: semver, held: tag("latest"), selected: tag("v1.0.36"), kind: selection.NoPlace,
			want: `Git holds "latest", which is no version: the target is held until a version, or nothing, stands there again`,
		},
		"NoVersionDowngrade": {reason: "where downgrades are allowed the selected tag is taken, whatever is held", policy: with(semver, downgrades), held: tag("latest"), selected: tag("v1.0.36")},
		"Garbage": {
			reason: "what a message repeats of Git is bounded, and one line", policy: semver, held: tag("\n" + strings.Repeat("x", 500)), selected: tag("v1.0.36"), kind: selection.NoPlace,
			want: `Git holds "\n` + strings.Repeat("x", 127) + `...", which is no version: the target is held until a version, or nothing, stands there again`,
		},
		"NoNumber": {
			reason: "in the words of the order", policy: numerical, held: tag("v1"), selected: tag("7"), kind: selection.NoPlace,
			want: `Git holds "v1", which is no number: the target is held until a number, or nothing, stands there again`,
		},
		"NoMatch": {
			reason: "there is nothing to extract", policy: extracted, held: tag("dev-1"), selected: tag("main-7"), kind: selection.NoPlace,
			want: `Git holds "dev-1", which tags.include "^main-(.*)$" doesn't match: the target is held until a tag that it matches, or nothing, stands there again`,
		},
		"NoNumberExtracted": {
			reason: "or not what is needed", policy: extracted, held: tag("main-x"), selected: tag("main-7"), kind: selection.NoPlace,
			want: `Git holds "main-x", of which tags.extract makes no number: the target is held until a tag with one, or nothing, stands there again`,
		},
		"Descending": {
			reason: "later is what the order says", policy: selection.Policy{Numerical: &selection.Order{Descending: true}}, held: tag("1"), selected: tag("2"), kind: selection.Newer,
			want: "Git holds 1, which is later than the selected 2" + forward,
		},
		"OtherDigest": {
			reason: "a tag that was pushed again is reported", policy: semver, held: both("v1.0.36", "sha256:1"), selected: both("v1.0.36", "sha256:2"), kind: selection.OtherDigest,
			want: "Git holds v1.0.36 with the digest sha256:1, and the selected digest is sha256:2: push a new tag, or set onMutation: Commit to take the new digest",
		},
		"OtherDigestDowngrade": {
			reason: "which isn't a downgrade", policy: with(semver, downgrades), held: both("v1.0.36", "sha256:1"), selected: both("v1.0.36", "sha256:2"), kind: selection.OtherDigest,
			want: "Git holds v1.0.36 with the digest sha256:1, and the selected digest is sha256:2: push a new tag, or set onMutation: Commit to take the new digest",
		},
		"Mutation":       {reason: "unless the policy takes mutations", policy: with(semver, mutations), held: both("v1.0.36", "sha256:1"), selected: both("v1.0.36", "sha256:2")},
		"NoDigestHeld":   {reason: "a digest that is missing is written", policy: semver, held: tag("v1.0.36"), selected: both("v1.0.36", "sha256:2")},
		"UnknownDigest":  {reason: "one that isn't known is no other", policy: semver, held: both("v1.0.36", "sha256:1"), selected: tag("v1.0.36")},
		"ForwardDigests": {reason: "another tag has another digest", policy: semver, held: both("v1.0.35", "sha256:1"), selected: both("v1.0.36", "sha256:2")},
		"Followed":       {reason: "a digest policy waits for nothing else", policy: selection.Policy{Digest: &selection.Digest{Tag: "latest"}}, held: both("latest", "sha256:1"), selected: both("latest", "sha256:2")},
		"FollowedOver":   {reason: "and takes its tag over any other", policy: selection.Policy{Digest: &selection.Digest{Tag: "latest"}}, held: both("v1.0.0", "sha256:1"), selected: both("latest", "sha256:2")},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			err := compilePolicy(t, tc.policy).Move(tc.held, tc.selected)
			if tc.want == "" {
				if err != nil {
					t.Errorf("%s: %v", tc.reason, err)
				}

				return
			}

			var stay *selection.StayError
			if !errors.As(err, &stay) {
				t.Fatalf("%s: the error is %v", tc.reason, err)
			}

			if (stay.Release == "") != (tc.kind == selection.Newer) || !strings.HasSuffix(tc.want, stay.Release) {
				t.Errorf("%s: the message doesn't end with what to do, %q", tc.reason, stay.Release)
			}

			want := &selection.StayError{Kind: tc.kind, Held: tc.held, Selected: tc.selected, Release: stay.Release, Problem: tc.want}
			if diff := cmp.Diff(want, stay); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("%s: message (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// TestMoveToNoVersion checks the error for a selection that another policy made.
func TestMoveToNoVersion(t *testing.T) {
	t.Parallel()

	err := compile(t, "*", false).Move(selection.Reference{Tag: "1.0.0"}, selection.Reference{Tag: "main-7"})
	if err == nil {
		t.Fatal("no error")
	}

	if diff := cmp.Diff(`tag "main-7" is no version: it doesn't have exactly three numbers, as 1.2.3 has`, err.Error()); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}

	checkTerminal(t, err)
}
