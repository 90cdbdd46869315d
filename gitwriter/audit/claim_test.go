package audit_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter/audit"
	"github.com/fairlead/fairlead/gitwriter/edit"
)

func place(t testing.TB, file, path string) audit.Place {
	t.Helper()
	p, err := edit.ParsePath(path)
	if err != nil {
		t.Fatal(err)
	}
	return audit.Place{File: file, Path: p}
}

func TestClaims(t *testing.T) {
	t.Parallel()

	seen := time.Date(2026, 11, 2, 7, 59, 0, 0, time.UTC)
	www := []audit.Place{place(t, "values.yaml", "www.tag")}
	cases := map[string]struct {
		reason  string
		message string
		want    []audit.Claim
	}{
		"Fairlead": {
			reason:  "as Fairlead words it",
			message: "deploy(www): v1 -> v2\n\nwords\n\nImage-Policy: fairlead/www\nImage-Target: values.yaml#www.tag\nImage-From: v1\nImage-To: v2@sha256:ab\n",
			want:    []audit.Claim{{Policy: "fairlead/www", Places: www, To: audit.Reference{Tag: "v2", Digest: "sha256:ab"}}},
		},
		"Seen": {
			reason:  "with the time at which the tag was seen",
			message: "x\n\nImage-Policy: fairlead/www\nImage-Target: values.yaml#www.tag\nImage-To: v2\nImage-Seen: 2026-11-02T08:59:00+01:00",
			want:    []audit.Claim{{Policy: "fairlead/www", Places: www, To: audit.Reference{Tag: "v2"}, Seen: seen}},
		},
		"DigestAlone": {
			reason:  "a digest without a tag",
			message: "x\n\nImage-Policy: fairlead/www\nImage-Target: values.yaml#www.tag\nImage-To: sha256:ab",
			want:    []audit.Claim{{Policy: "fairlead/www", Places: www, To: audit.Reference{Digest: "sha256:ab"}}},
		},
		"Squash": {
			reason: "as git merge --squash indents several",
			message: "Squashed commit of the following:\n\ncommit 1\n\n    Image-Policy: fairlead/www\n    Image-Target: values.yaml#www.tag\n    Image-To: v3\n" +
				"\ncommit 2\n\n    words\n\n    Image-Policy: fairlead/www\r\n    Image-Target: values.yaml#www.tag\r\n    Image-To: v2\r\n\nthe end\n",
			want: []audit.Claim{
				{Policy: "fairlead/www", Places: www, To: audit.Reference{Tag: "v3"}},
				{Policy: "fairlead/www", Places: www, To: audit.Reference{Tag: "v2"}},
			},
		},
		"NumberSigns": {
			reason:  "a target with several number signs is read in every way",
			message: "x\n\nImage-Policy: fairlead/www\nImage-Target: a#b#c\nImage-To: v2",
			want: []audit.Claim{{
				Policy: "fairlead/www", Places: []audit.Place{place(t, "a", "b#c"), place(t, "a#b", "c")}, To: audit.Reference{Tag: "v2"},
			}},
		},
		"Incomplete": {
			reason: "without a policy, a place or an image there is no claim",
			message: "x\n\nImage-Target: values.yaml#www.tag\nImage-To: v2\nImage-Policy: fairlead/www\nImage-To: v2\n" +
				"Image-Policy: fairlead/www\nImage-Target: values.yaml#www.tag\nImage-Policy: Fairlead WWW\nImage-Target: values.yaml#www.tag\nImage-To: v2",
		},
		"Outside": {
			reason: "a file outside of the repository is no place",
			message: "x\n\nImage-Policy: fairlead/www\nImage-Target: ../values.yaml#www.tag\nImage-Target: /values.yaml#www.tag\n" +
				"Image-Target: a/../values.yaml#www.tag\nImage-Target: #www.tag\nImage-Target: values.yaml#\nImage-To: v2",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := audit.Claims(tc.message)
			if len(got) == 0 {
				got = nil
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: Claims(%q): -want, +got:\n%s", tc.reason, tc.message, diff)
			}
		})
	}
}

func FuzzClaims(f *testing.F) {
	f.Add("x\n\nImage-Policy: fairlead/www\nImage-Target: values.yaml#www.tag\nImage-From: v1\nImage-To: v2@sha256:ab\nImage-Seen: 2026-11-02T08:59:00Z\n")
	f.Add("    Image-Policy: a\r\n\tImage-Target: a#b#c#[0]\r\nImage-To: sha256:ab\nImage-Policy: b/c/d\nImage-To: \x1b[31m")
	f.Add(strings.Repeat("Image-Policy: a\nImage-Target: a#b\nImage-To: c\n", 100))
	f.Fuzz(func(t *testing.T, message string) {
		claims := audit.Claims(message)
		for _, c := range claims {
			if c.Policy == "" || len(c.Places) == 0 || c.To == (audit.Reference{}) {
				t.Fatalf("Claims(%q) has a claim that isn't whole: %+v", message, c)
			}
			texts := []string{c.Policy, c.To.Tag, c.To.Digest}
			for _, p := range c.Places {
				texts = append(texts, p.String())
				if strings.HasPrefix(p.File, "/") || strings.Contains("/"+p.File+"/", "/../") {
					t.Fatalf("Claims(%q) leads out of the repository: %q", message, p.File)
				}
				again, err := audit.ParsePlace(p.String())
				if err != nil || !strings.Contains(p.File, "#") && again.File != p.File && !strings.Contains(p.Path.String(), "#") {
					t.Fatalf("ParsePlace(%q) = %v, %v", p, again, err)
				}
			}
			for _, text := range texts {
				if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\x1b\r\n") {
					t.Fatalf("Claims(%q) lets through %q", message, text)
				}
			}
		}
	})
}
