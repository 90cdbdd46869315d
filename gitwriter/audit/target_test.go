package audit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter/audit"
)

// digest is one that begins with some digits.
func digest(digits string) string {
	return "sha256:" + digits + strings.Repeat("0", 64-len(digits))
}

func TestReferences(t *testing.T) {
	t.Parallel()

	type pair struct{ From, To *audit.Reference }
	cases := map[string]struct {
		reason string
		files  []string
		claims []string
		want   []pair
	}{
		"TagAlone": {
			reason: "the digest of a tag is known from the claim, and from then on",
			files:  []string{"www: {tag: v1}", "www: {tag: v2}", "www: {tag: v3}"},
			claims: []string{"", "Image-Target: f.yaml#www.tag\nImage-To: v2@" + digest("2"), "Image-Target: f.yaml#www.tag\nImage-To: v3@" + digest("3")},
			want: []pair{
				{&audit.Reference{Tag: "v2", Digest: digest("2")}, &audit.Reference{Tag: "v3", Digest: digest("3")}},
				{&audit.Reference{Tag: "v1"}, &audit.Reference{Tag: "v2", Digest: digest("2")}},
				{nil, &audit.Reference{Tag: "v1"}},
			},
		},
		"TagAndDigest": {
			reason: "both are one target, also where only one of them changes",
			files: []string{
				fmt.Sprintf("www: {tag: v1, digest: %q}", digest("1")), fmt.Sprintf("www: {tag: v2, digest: %q}", digest("2")),
				fmt.Sprintf("www: {tag: v2, digest: %q}", digest("3")),
			},
			claims: []string{"", "Image-Target: f.yaml#www.tag\nImage-Target: f.yaml#www.digest\nImage-To: v2@" + digest("2"), ""},
			want: []pair{
				{&audit.Reference{Tag: "v2", Digest: digest("2")}, &audit.Reference{Tag: "v2", Digest: digest("3")}},
				{&audit.Reference{Tag: "v1", Digest: digest("1")}, &audit.Reference{Tag: "v2", Digest: digest("2")}},
				{nil, &audit.Reference{Tag: "v1", Digest: digest("1")}},
			},
		},
		"Image": {
			reason: "an image in one scalar is taken apart",
			files:  []string{"image: registry.example.com:5000/www:v1", "image: registry.example.com:5000/www:v2@" + digest("2")},
			claims: []string{"", "Image-Target: f.yaml#image\nImage-To: v2@" + digest("2")},
			want: []pair{
				{
					&audit.Reference{Repository: "registry.example.com:5000/www", Tag: "v1"},
					&audit.Reference{Repository: "registry.example.com:5000/www", Tag: "v2", Digest: digest("2")},
				},
				{nil, &audit.Reference{Repository: "registry.example.com:5000/www", Tag: "v1"}},
			},
		},
		"Repository": {
			reason: "a repository that a claim writes is told with its tag",
			files:  []string{"www: {repository: old.example.com/www, tag: v1}", "www: {repository: new.example.com/www, tag: v2}"},
			claims: []string{"", "Image-Target: f.yaml#www.tag\nImage-Target: f.yaml#www.repository\nImage-To: v2"},
			want: []pair{
				{&audit.Reference{Repository: "old.example.com/www", Tag: "v1"}, &audit.Reference{Repository: "new.example.com/www", Tag: "v2"}},
				{nil, &audit.Reference{Repository: "old.example.com/www", Tag: "v1"}},
			},
		},
		"Empty": {
			reason: "an empty value is there, and says nothing",
			files:  []string{"www: {tag: }", "www: {tag: v2}"},
			claims: []string{"", "Image-Target: f.yaml#www.tag\nImage-To: v2"},
			want:   []pair{{&audit.Reference{}, &audit.Reference{Tag: "v2"}}, {nil, &audit.Reference{}}},
		},
		"DigestAlone": {
			reason: "a digest may be all there is",
			files:  []string{"www: {digest: }", fmt.Sprintf("www: {digest: %q}", digest("2"))},
			claims: []string{"", "Image-Target: f.yaml#www.digest\nImage-To: latest@" + digest("2")},
			want:   []pair{{&audit.Reference{}, &audit.Reference{Digest: digest("2")}}, {nil, &audit.Reference{}}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t)
			for i, content := range tc.files {
				message := "by hand\n"
				if tc.claims[i] != "" {
					message = "deploy\n\nImage-Policy: fairlead/www\n" + tc.claims[i] + "\n"
				}
				r.write("f.yaml", content+"\n").commit(message)
			}
			var got []pair
			for _, c := range r.read(audit.Options{}).Changes {
				got = append(got, pair{c.From, c.To})
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: Read(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestTargetsStandAlone(t *testing.T) {
	t.Parallel()

	r := newRepository(t)
	r.put("v1", "v5", "start")
	r.as(fairlead).put("v2", "v2", "deploy(www): v2\n\nImage-Policy: fairlead/www\nImage-Target: "+file+"#www.tag\nImage-Target: "+
		file+"#api.tag\nImage-From: v1\nImage-From: v5\nImage-To: v2\n")
	r.as(joe).put("v1", "v2", "only one of them")

	want := []string{
		"www.tag: v2 -> v1 by Joe: current",
		"www.tag: v1 -> v2 by fairlead/www: reverted by Joe after 1h0m0s",
		"api.tag: v5 -> v2 by fairlead/www: current",
		"www.tag: nothing -> v1 by Jane: superseded by fairlead/www after 1h0m0s",
		"api.tag: nothing -> v5 by Jane: superseded by fairlead/www after 1h0m0s",
	}
	if diff := cmp.Diff(want, tell(r.read(audit.Options{}).Changes)); diff != "" {
		t.Errorf("each target of a policy is taken back on its own: -want, +got:\n%s", diff)
	}
}
