package configrepository

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/gitwriter"
)

func TestForward(t *testing.T) {
	t.Parallel()
	const repository = "registry.example.com/www"
	tag := inRepository("config", "a.yaml", "t")
	both := partsInRepository("config", "a.yaml", "t", "d", "", "")
	digest := partsInRepository("config", "a.yaml", "", "d", "", "")
	image := partsInRepository("config", "a.yaml", "", "", "", "i")
	wrote := func(tag string, values ...string) gitwriter.Written {
		return gitwriter.Written{Tag: tag, Values: values}
	}
	const newer = "Git holds v1.1.0, which is later than the selected v1.0.36: a target moves forward only"
	cases := map[string]struct {
		reason  string
		target  v1alpha1.Target
		current []string
		written []gitwriter.Written
		change  func(*v1alpha1.ConfigRepository, *v1alpha1.ImagePolicy)
		want    string
		is      v1alpha1.Reason
	}{
		"Older": {reason: "a later version moves the target", target: tag, current: []string{"v1.0.35"}},
		"Same":  {reason: "the writer finds out by itself that there is nothing to do", target: tag, current: []string{"v1.0.36"}},
		"Newer": {reason: "production never goes back by itself", target: tag, current: []string{"v1.1.0"}, want: newer, is: v1alpha1.ReasonNewerInGit},
		"Empty": {reason: "an empty value waits for its first version", target: tag, current: []string{""}},
		"NoVersion": {
			reason: "somebody wrote something on purpose", target: tag, current: []string{"latest"}, is: v1alpha1.ReasonHeld,
			want: `Git holds "latest", which is no version: the target is held until a version, or nothing, stands there again`,
		},
		"Suspended": {
			reason: "nothing is written", target: tag, current: []string{"v1.0.35"}, is: v1alpha1.ReasonSuspended,
			change: func(r *v1alpha1.ConfigRepository, _ *v1alpha1.ImagePolicy) { r.Spec.Suspend = true },
			want:   "the ConfigRepository is suspended: unset its spec.suspend to go on",
		},
		"Downgrade": {
			reason: "the policy allows it", target: tag, current: []string{"v1.1.0"},
			change: func(_ *v1alpha1.ConfigRepository, p *v1alpha1.ImagePolicy) {
				p.Spec.Downgrades = v1alpha1.DowngradesAllow
			},
		},
		"Invalid": {
			reason: "a policy that can't be followed moves nothing", target: tag, current: []string{"v1.0.35"}, is: v1alpha1.ReasonInvalidPolicy,
			change: func(_ *v1alpha1.ConfigRepository, p *v1alpha1.ImagePolicy) { p.Spec.Tags.Include = "(" },
		},
		"Stale": {
			reason: "the tag was selected by another order, and the next scan selects by this one", target: tag, current: []string{"35"}, is: v1alpha1.ReasonPending,
			change: func(_ *v1alpha1.ConfigRepository, p *v1alpha1.ImagePolicy) {
				p.Spec.Select = v1alpha1.SelectSpec{Numerical: &v1alpha1.OrderSpec{}}
			},
		},
		"ImageOlder":      {reason: "an image's tag counts", target: image, current: []string{repository + ":v1.0.35"}},
		"ImageNewer":      {reason: "an image's tag counts", target: image, current: []string{repository + ":v1.1.0"}, want: newer, is: v1alpha1.ReasonNewerInGit},
		"BothNewer":       {reason: "the tag decides for the digest too", target: both, current: []string{"v1.1.0", "sha256:cc"}, want: newer, is: v1alpha1.ReasonNewerInGit},
		"BothOlder":       {reason: "the tag decides for the digest too", target: both, current: []string{"v1.0.35", "sha256:cc"}},
		"DigestIsMissing": {reason: "the digest is written beside the tag that stands there", target: both, current: []string{"v1.0.36", ""}},
		"OtherDigest":     {reason: "another image under the same tag is somebody's word", target: both, current: []string{"v1.0.36", "sha256:cc"}, is: v1alpha1.ReasonHeld},
		"Mutation": {
			reason: "the policy allows it", target: both, current: []string{"v1.0.36", "sha256:cc"},
			change: func(_ *v1alpha1.ConfigRepository, p *v1alpha1.ImagePolicy) {
				p.Spec.OnMutation = v1alpha1.MutationCommit
			},
		},
		"DigestAlone": {reason: "nobody knows which tag it is", target: digest, current: []string{"sha256:cc"}},
		"DigestOfOlder": {
			reason: "the commit that wrote it says the tag", target: digest, current: []string{"sha256:aa"},
			written: []gitwriter.Written{wrote("v1.0.35", "sha256:aa")},
		},
		"DigestOfNewer": {
			reason: "the commit that wrote it says the tag", target: digest, current: []string{"sha256:aa"},
			written: []gitwriter.Written{wrote("v1.1.0", "sha256:aa")}, want: newer, is: v1alpha1.ReasonNewerInGit,
		},
		"DigestTakenBack": {
			reason: "the commits say which of them is the earlier", target: digest, current: []string{"sha256:aa"}, is: v1alpha1.ReasonHeld,
			written: []gitwriter.Written{wrote("v1.0.36", "sha256:bb"), wrote("v1.0.35", "sha256:aa")},
			want:    "v1.0.36 was taken back to v1.0.35: push a newer version than v1.0.36, revert the revert, or pin it",
		},
		"TakenBack": {
			reason: "what was taken back isn't written again", target: tag, current: []string{"v1.0.35"}, is: v1alpha1.ReasonHeld,
			written: []gitwriter.Written{wrote("v1.0.36", "v1.0.36")},
			want:    "v1.0.36 was taken back to v1.0.35: push a newer version than v1.0.36, revert the revert, or pin it",
		},
		"ImageTakenBack": {
			reason: "an image's tag counts", target: image, current: []string{repository + ":v1.0.35"}, is: v1alpha1.ReasonHeld,
			written: []gitwriter.Written{wrote("v1.0.36", repository+":v1.0.36")},
			want:    "v1.0.36 was taken back to v1.0.35: push a newer version than v1.0.36, revert the revert, or pin it",
		},
		"TakenBackEarlier": {
			reason: "something newer is selected than what was taken back", target: tag, current: []string{"v1.0.34"},
			written: []gitwriter.Written{wrote("v1.0.35", "v1.0.35")},
		},
		"Followed": {
			reason: "a mutable tag has no order", target: both, current: []string{"latest", "sha256:aa"},
			change: func(_ *v1alpha1.ConfigRepository, p *v1alpha1.ImagePolicy) {
				*p = digestPolicy("www", "latest", "sha256:bb", both)
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, policy := repositoryNamed("config"), policyNamed("www", "v1.0.36", tc.target)
			policy.Status.Latest.Digest = "sha256:bb"
			if tc.change != nil {
				tc.change(&config, &policy)
			}
			wanted := wishOf(&config, &policy, neighbours{repositories: []v1alpha1.ConfigRepository{config}})
			got, is := "", v1alpha1.Reason("")
			if err := wanted.change.Forward(0, gitwriter.Standing{Current: tc.current, Written: tc.written}); err != nil {
				got, is = err.Error(), reasonOfTarget(err)
			}
			if diff := cmp.Diff(tc.is, is); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s%s", tc.reason, diff, got)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" && (tc.want != "" || tc.is == "") {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
