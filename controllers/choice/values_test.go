package choice_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/choice"
	"github.com/fairlead/fairlead/registry/selection"
)

const (
	image  = "registry.example.com:5000/web-hook/www"
	digest = "sha256:aaaa"
)

func policy(follow string) *v1alpha1.ImagePolicy {
	p := &v1alpha1.ImagePolicy{Spec: v1alpha1.ImagePolicySpec{Image: image}}
	if follow != "" {
		p.Spec.Select.Digest = &v1alpha1.DigestSpec{Tag: follow}
	}
	return p
}

func TestValues(t *testing.T) {
	t.Parallel()
	all := v1alpha1.Target{Tag: "www.tag", Digest: "www.digest", Repository: "www.repository", Image: "www.image"}
	cases := map[string]struct {
		reason string
		follow string
		target v1alpha1.Target
		want   []choice.Value
	}{
		"All": {
			reason: "each part where the target wants it, in one order", target: all,
			want: []choice.Value{
				{Part: choice.PartTag, Path: "www.tag", Value: "v1.0.36"},
				{Part: choice.PartImage, Path: "www.image", Value: image + ":v1.0.36"},
				{Part: choice.PartDigest, Path: "www.digest", Value: digest},
				{Part: choice.PartRepository, Path: "www.repository", Value: image},
			},
		},
		"TagAlone": {
			reason: "the shortest declaration", target: v1alpha1.Target{Tag: "www.tag"},
			want: []choice.Value{{Part: choice.PartTag, Path: "www.tag", Value: "v1.0.36"}},
		},
		"Followed": {
			reason: "a reference by a tag that stays must name the digest, or nothing would change", follow: "v1.0.36",
			target: v1alpha1.Target{Image: "www.image"},
			want:   []choice.Value{{Part: choice.PartImage, Path: "www.image", Value: image + ":v1.0.36@" + digest}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := choice.Values(policy(tc.follow), tc.target, &v1alpha1.SelectedTag{Tag: "v1.0.36", Digest: digest})
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestHeldAndShow(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason  string
		target  v1alpha1.Target
		current []string
		held    selection.Reference
		show    string
	}{
		"Tag": {
			reason: "a tag is a tag", target: v1alpha1.Target{Tag: "t"}, current: []string{"v1.0.35"},
			held: selection.Reference{Tag: "v1.0.35"}, show: "v1.0.35",
		},
		"TagAndDigest": {
			reason: "both together are a reference", target: v1alpha1.Target{Tag: "t", Digest: "d"}, current: []string{"v1.0.35", digest},
			held: selection.Reference{Tag: "v1.0.35", Digest: digest}, show: "v1.0.35@" + digest,
		},
		"NoDigestYet": {
			reason: "nothing is shown for nothing", target: v1alpha1.Target{Tag: "t", Digest: "d"}, current: []string{"v1.0.35", ""},
			held: selection.Reference{Tag: "v1.0.35"}, show: "v1.0.35",
		},
		"Image": {
			reason: "the colon of the port is no tag", target: v1alpha1.Target{Image: "i"}, current: []string{image + ":v1.0.35"},
			held: selection.Reference{Tag: "v1.0.35"}, show: "v1.0.35",
		},
		"ImageWithDigest": {
			reason: "a whole reference", target: v1alpha1.Target{Image: "i"}, current: []string{image + ":v1.0.35@" + digest},
			held: selection.Reference{Tag: "v1.0.35", Digest: digest}, show: "v1.0.35@" + digest,
		},
		"ImageWithoutTag": {
			reason: "a repository alone holds nothing", target: v1alpha1.Target{Image: "i"}, current: []string{image},
			held: selection.Reference{}, show: "",
		},
		"AnotherImage": {
			reason: "another repository is shown as it stands", target: v1alpha1.Target{Image: "i"}, current: []string{"nginx:1.2.3"},
			held: selection.Reference{Tag: "1.2.3"}, show: "nginx:1.2.3",
		},
		"TagBeforeImage": {
			reason: "the tag is what is compared", target: v1alpha1.Target{Tag: "t", Image: "i"}, current: []string{"v1.0.34", image + ":v1.0.35"},
			held: selection.Reference{Tag: "v1.0.34"}, show: "v1.0.34",
		},
		"DigestAlone": {
			reason: "a digest doesn't say its tag", target: v1alpha1.Target{Digest: "d"}, current: []string{digest},
			held: selection.Reference{Digest: digest}, show: digest,
		},
		"RepositoryAlone": {
			reason: "a repository has no place in an order", target: v1alpha1.Target{Repository: "r"}, current: []string{"other"},
			held: selection.Reference{}, show: "other",
		},
		"Nonsense": {
			reason: "anything may stand in Git", target: v1alpha1.Target{Image: "i"}, current: []string{":@:@/"},
			held: selection.Reference{Tag: "", Digest: ":@/"}, show: ":@:@/",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := choice.Values(policy(""), tc.target, &v1alpha1.SelectedTag{Tag: "v1.0.36", Digest: digest})
			if diff := cmp.Diff(tc.held, choice.Held(values, tc.current)); diff != "" {
				t.Errorf("%s: Held: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.show, choice.Show(values, tc.current)); diff != "" {
				t.Errorf("%s: Show: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
