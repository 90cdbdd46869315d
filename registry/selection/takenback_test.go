package selection_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry/selection"
)

// TestMoveAgain checks what a target takes that doesn't hold what was written to it last.
func TestMoveAgain(t *testing.T) {
	t.Parallel()

	semver := selection.Policy{SemVer: &selection.SemVer{Range: ">=1.0.0"}}
	prereleases := selection.Policy{SemVer: &selection.SemVer{Range: ">=1.0.0", Prereleases: true}}
	numerical := selection.Policy{Numerical: &selection.Order{}, Include: "^main-(.*)$", Extract: "$1"}
	descending := selection.Policy{Numerical: &selection.Order{Descending: true}}
	follow := selection.Policy{Digest: &selection.Digest{Tag: "latest"}}
	with := func(policy selection.Policy, change func(*selection.Policy)) selection.Policy {
		change(&policy)

		return policy
	}
	downgrades := func(p *selection.Policy) { p.Downgrades = true }
	mutations := func(p *selection.Policy) { p.Mutations = true }
	pin := func(p *selection.Policy) { p.Pin = "v1.0.36" }
	tag := func(tag string) selection.Reference { return selection.Reference{Tag: tag} }
	both := func(tag, digest string) selection.Reference { return selection.Reference{Tag: tag, Digest: digest} }
	wrote := func(references ...selection.Reference) []selection.Reference { return references }

	const (
		release   = ": push a newer version than v1.0.36, revert the revert, or pin it"
		backTo35  = "v1.0.36 was taken back to v1.0.35" + release
		anotherOf = ": push another image under latest, or revert the revert"
	)

	cases := map[string]struct {
		reason         string
		policy         selection.Policy
		held, selected selection.Reference
		written        []selection.Reference
		rejected       selection.Reference
		want           string
	}{
		"Stands":       {reason: "what was written stands: forward", policy: semver, held: tag("v1.0.35"), selected: tag("v1.0.36"), written: wrote(tag("v1.0.35"))},
		"Reverted":     {reason: "the last one isn't written again", policy: semver, held: tag("v1.0.35"), selected: tag("v1.0.36"), written: wrote(tag("v1.0.36")), rejected: tag("v1.0.36"), want: backTo35},
		"UpToIt":       {reason: "nor is anything before it", policy: semver, held: tag("v1.0.30"), selected: tag("v1.0.33"), written: wrote(tag("v1.0.36")), rejected: tag("v1.0.36"), want: "v1.0.36 was taken back to v1.0.30" + release},
		"NeverWritten": {reason: "an edit to a version that we never wrote is the same word", policy: semver, held: tag("v1.0.34"), selected: tag("v1.0.36"), written: wrote(tag("v1.0.36"), tag("v1.0.35")), rejected: tag("v1.0.36"), want: "v1.0.36 was taken back to v1.0.34" + release},
		"Newer":        {reason: "what is newer than it ends the hold", policy: semver, held: tag("v1.0.35"), selected: tag("v1.0.37"), written: wrote(tag("v1.0.36"))},
		"Again":        {reason: "the revert of the revert ends it too", policy: semver, held: tag("v1.0.36"), selected: tag("v1.0.37"), written: wrote(tag("v1.0.36"))},
		"Forward":      {reason: "somebody moved it forward: that is simply what it holds", policy: semver, held: tag("v1.0.37"), selected: tag("v1.0.38"), written: wrote(tag("v1.0.36"))},
		"Emptied": {
			reason: "the revert of the first write leaves nothing, and is a revert", policy: semver, selected: tag("v1.0.36"), written: wrote(tag("v1.0.36")), rejected: tag("v1.0.36"),
			want: "v1.0.36 was taken back, and nothing stands there now" + release,
		},
		"EmptiedNewer": {reason: "it ends like any other", policy: semver, selected: tag("v1.0.37"), written: wrote(tag("v1.0.36"))},
		"Candidate": {
			reason: "a pre-release of what was taken back comes before it", policy: prereleases, held: tag("v1.0.35"), selected: tag("v1.0.36-rc.2"), written: wrote(tag("v1.0.36-rc.2")), rejected: tag("v1.0.36-rc.2"),
			want: "v1.0.36-rc.2 was taken back to v1.0.35: push a newer version than v1.0.36-rc.2, revert the revert, or pin it",
		},
		"NextCandidate": {reason: "the next one is later", policy: prereleases, held: tag("v1.0.35"), selected: tag("v1.0.36-rc.3"), written: wrote(tag("v1.0.36-rc.2"))},
		"CandidateOver": {
			reason: "release and pre-release are ordered", policy: prereleases, held: tag("v1.0.36-rc.2"), selected: tag("v1.0.36"), written: wrote(tag("v1.0.36")), rejected: tag("v1.0.36"),
			want: "v1.0.36 was taken back to v1.0.36-rc.2" + release,
		},
		"Downgrades": {reason: "allowing downgrades isn't the word that lifts a hold", policy: with(semver, downgrades), held: tag("v1.0.35"), selected: tag("v1.0.36"), written: wrote(tag("v1.0.36")), rejected: tag("v1.0.36"), want: backTo35},
		"DowngradesFurther": {
			reason: "nor one to go further back", policy: with(semver, downgrades), held: tag("v1.0.35"), selected: tag("v1.0.34"), written: wrote(tag("v1.0.36")), rejected: tag("v1.0.36"), want: backTo35,
		},
		"DowngradesStands": {reason: "where nothing was taken back they do what they say", policy: with(semver, downgrades), held: tag("v1.0.36"), selected: tag("v1.0.35"), written: wrote(tag("v1.0.36"))},
		"DowngradesOver": {
			reason: "nor over what has no place", policy: with(semver, downgrades), held: tag("edge"), selected: tag("v1.0.36"), written: wrote(tag("v1.0.36")), rejected: tag("v1.0.36"),
			want: "v1.0.36 was taken back to edge" + release,
		},
		"Pin":        {reason: "a pin is", policy: with(semver, pin), held: tag("v1.0.35"), selected: tag("v1.0.36"), written: wrote(tag("v1.0.36"))},
		"OtherOrder": {reason: "what was written under another order says nothing in this one", policy: semver, held: tag("v1.0.35"), selected: tag("v1.0.36"), written: wrote(tag("main-7"))},
		"Extracted": {
			reason: "what is extracted is compared, in the words of the order", policy: numerical, held: tag("main-9"), selected: tag("main-10"), written: wrote(tag("main-10")), rejected: tag("main-10"),
			want: "main-10 was taken back to main-9: push a newer number than main-10, revert the revert, or pin it",
		},
		"Descending": {
			reason: "later is what the order says", policy: descending, held: tag("8"), selected: tag("7"), written: wrote(tag("7")), rejected: tag("7"),
			want: "7 was taken back to 8: push a newer number than 7, revert the revert, or pin it",
		},

		"OnlyDigest":      {reason: "the commit that wrote a digest says its tag", policy: semver, held: both("", "sha256:5"), selected: both("v1.0.36", "sha256:6"), written: wrote(both("v1.0.36", "sha256:6"), both("v1.0.35", "sha256:5")), rejected: tag("v1.0.36"), want: backTo35},
		"OnlyDigestNewer": {reason: "and what is newer ends the hold", policy: semver, held: both("", "sha256:5"), selected: both("v1.0.37", "sha256:7"), written: wrote(both("v1.0.36", "sha256:6"), both("v1.0.35", "sha256:5"))},
		"OnlyDigestUnknown": {
			reason: "a digest that nobody knows took it back all the same", policy: semver, held: both("", "sha256:9"), selected: both("v1.0.36", "sha256:6"), written: wrote(both("v1.0.36", "sha256:6")), rejected: tag("v1.0.36"),
			want: "v1.0.36 was taken back to sha256:9" + release,
		},
		"SameImage": {reason: "one image under two tags is the later one", policy: semver, held: both("", "sha256:6"), selected: both("v1.0.37", "sha256:7"), written: wrote(both("v1.0.36", "sha256:6"), both("v1.0.35", "sha256:6"))},
		"Mutation": {
			reason: "another digest of the same tag was taken back: that very digest", policy: with(semver, mutations), held: both("v1.0.36", "sha256:1"), selected: both("v1.0.36", "sha256:2"),
			written: wrote(both("v1.0.36", "sha256:2"), both("v1.0.36", "sha256:1")), rejected: both("v1.0.36", "sha256:2"),
			want: "the digest sha256:2 of v1.0.36 was taken back to sha256:1" + release,
		},
		"NextMutation": {
			reason: "and no other", policy: with(semver, mutations), held: both("v1.0.36", "sha256:1"), selected: both("v1.0.36", "sha256:3"),
			written: wrote(both("v1.0.36", "sha256:2"), both("v1.0.36", "sha256:1")),
		},
		"DigestRemoved": {
			reason: "a digest that somebody removed stays removed", policy: semver, held: tag("v1.0.36"), selected: both("v1.0.36", "sha256:6"), written: wrote(both("v1.0.36", "sha256:6")), rejected: both("v1.0.36", "sha256:6"),
			want: "the digest sha256:6 of v1.0.36 was taken back" + release,
		},

		"Followed": {reason: "a digest policy goes where its tag goes", policy: follow, held: both("latest", "sha256:1"), selected: both("latest", "sha256:2"), written: wrote(both("latest", "sha256:1"))},
		"FollowedBack": {
			reason: "but not to the digest that was taken back", policy: follow, held: both("latest", "sha256:1"), selected: both("latest", "sha256:2"),
			written: wrote(both("latest", "sha256:2"), both("latest", "sha256:1")), rejected: both("latest", "sha256:2"),
			want: "the digest sha256:2 of latest was taken back to sha256:1" + anotherOf,
		},
		"FollowedBackTwo": {
			reason: "nor to any of those that were taken back together", policy: follow, held: both("latest", "sha256:1"), selected: both("latest", "sha256:2"),
			written: wrote(both("latest", "sha256:3"), both("latest", "sha256:2"), both("latest", "sha256:1")), rejected: both("latest", "sha256:2"),
			want: "the digest sha256:2 of latest was taken back to sha256:1" + anotherOf,
		},
		"FollowedOn": {
			reason: "another digest ends it, without an order to ask", policy: follow, held: both("latest", "sha256:1"), selected: both("latest", "sha256:4"),
			written: wrote(both("latest", "sha256:3"), both("latest", "sha256:2"), both("latest", "sha256:1")),
		},
		"FollowedElsewhere": {
			reason: "what stands there never was ours: only the last one was taken back", policy: follow, held: both("latest", "sha256:9"), selected: both("latest", "sha256:1"),
			written: wrote(both("latest", "sha256:2"), both("latest", "sha256:1")),
		},
		"FollowedOnlyDigest": {
			reason: "where only the digest is written too", policy: follow, held: both("", "sha256:1"), selected: both("latest", "sha256:2"),
			written: wrote(both("latest", "sha256:2"), both("latest", "sha256:1")), rejected: both("latest", "sha256:2"),
			want: "the digest sha256:2 of latest was taken back to sha256:1" + anotherOf,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			err := compilePolicy(t, tc.policy).Move(tc.held, tc.selected, tc.written...)
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

			got := []any{stay.Kind, stay.Rejected, stay.OnPurpose(), err.Error()}
			if diff := cmp.Diff([]any{selection.TakenBack, tc.rejected, true, tc.want}, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// TestMoveOverNoPlace checks that emptying a target doesn't release what was taken back by writing nonsense.
func TestMoveOverNoPlace(t *testing.T) {
	t.Parallel()

	written := selection.Reference{Tag: "v1.0.36"}
	err := compile(t, "*", false).Move(selection.Reference{Tag: "edge"}, selection.Reference{Tag: "v1.0.37"}, written)
	want := `Git holds "edge", which is no version: the target is held until a version stands there again`

	if err == nil || err.Error() != want {
		t.Errorf("want %s, got %v", want, err)
	}
}
