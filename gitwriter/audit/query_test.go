package audit_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter/audit"
)

// estate is a repository of two teams whose policies have the same name.
func estate(t *testing.T) *repository {
	t.Helper()
	r := newRepository(t)
	deploy := func(policy, file, tag string) {
		r.as(fairlead).write(file, "tag: "+tag+"\n").commit("deploy\n\nImage-Policy: " + policy + "\nImage-Target: " + file + "#tag\nImage-To: " + tag + "\n")
	}
	deploy("red/www", "red/www.yaml", "v1")
	deploy("blue/www", "blue/www.yaml", "v2")
	deploy("blue/api", "blue/api.yaml", "v3")
	deploy("green/red", "green/values.yaml", "v4")
	r.as(joe).write("red/www.yaml", "tag: v0\n").write("docs/note.yaml", "tag: v9\n").commit("by hand")
	return r
}

func TestSelect(t *testing.T) {
	t.Parallel()

	const byHand = "red/www.yaml#tag: v1 -> v0 by Joe: current"
	red := []string{byHand, "red/www.yaml#tag: nothing -> v1 by red/www: superseded by Joe after 4h0m0s"}
	blue := []string{"blue/www.yaml#tag: nothing -> v2 by blue/www: current"}
	api := []string{"blue/api.yaml#tag: nothing -> v3 by blue/api: current"}
	green := []string{"green/values.yaml#tag: nothing -> v4 by green/red: current"}
	cases := map[string]struct {
		reason string
		query  audit.Query
		want   []string
		err    string
	}{
		"All":            {reason: "the zero query is everything", want: []string{red[0], green[0], api[0], blue[0], red[1]}},
		"Policy":         {reason: "a policy, with what people wrote to its places", query: audit.Query{Name: "red/www"}, want: red},
		"PolicyByKind":   {reason: "a policy, in so many words", query: audit.Query{Name: "ImagePolicy/red/www"}, want: red},
		"NameAlone":      {reason: "a name that only one namespace has", query: audit.Query{Name: "api"}, want: api},
		"Folder":         {reason: "a folder", query: audit.Query{Name: "blue"}, want: []string{api[0], blue[0]}},
		"FolderWithDots": {reason: "a folder in another spelling", query: audit.Query{Name: "./blue/"}, want: []string{api[0], blue[0]}},
		"File":           {reason: "a file", query: audit.Query{Name: "blue/api.yaml"}, want: api},
		"Place":          {reason: "a place", query: audit.Query{Name: "blue/api.yaml#tag"}, want: api},
		"Limit":          {reason: "the newest", query: audit.Query{Limit: 2}, want: []string{red[0], green[0]}},
		"Since":          {reason: "not before", query: audit.Query{Since: start.Add(3 * time.Hour)}, want: []string{red[0], green[0]}},
		"Until":          {reason: "not after", query: audit.Query{Until: start.Add(time.Hour)}, want: []string{blue[0], red[1]}},
		"None":           {reason: "no change in a time is an answer", query: audit.Query{Name: "api", Until: start}},
		"Ambiguous": {
			reason: "a name in two namespaces", query: audit.Query{Name: "www"},
			err: `find "www": it means several things: write one of imagepolicy/blue/www, imagepolicy/red/www`,
		},
		"PolicyOrFolder": {
			reason: "a policy and a folder", query: audit.Query{Name: "red"},
			err: `find "red": it means several things: write one of imagepolicy/green/red, application/red`,
		},
		"AsPolicy": {reason: "the policy of the two", query: audit.Query{Name: "imagepolicy/red"}, want: green},
		"AsFolder": {reason: "the folder of the two", query: audit.Query{Name: "application/red"}, want: red},
		"Everything": {
			reason: "an Application that is rendered from the root", query: audit.Query{Name: "application/.", Limit: 1}, want: []string{byHand},
		},
		"Unknown": {
			reason: "nothing has that name", query: audit.Query{Name: "wwww"},
			err: `find "wwww": it is no policy in this history, and no folder or file that Fairlead wrote to: its policies are blue/api, blue/www, green/red, red/www`,
		},
		"NoPlace": {
			reason: "a key path that is none", query: audit.Query{Name: "red/www.yaml#tag..x"},
			err: `"red/www.yaml#tag..x" is no place: write it as FILE#KEYPATH, such as apps/webhooks/values.yaml#www.tag`,
		},
	}
	h := estate(t).read(audit.Options{})
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := h.Select(tc.query)
			message := ""
			if err != nil {
				message = err.Error()
			}
			if diff := cmp.Diff(tc.err, message); diff != "" {
				t.Errorf("%s: Select(%+v): -want error, +got error:\n%s", tc.reason, tc.query, diff)
			}
			if diff := cmp.Diff(tc.want, tell(got)); diff != "" {
				t.Errorf("%s: Select(%+v): -want, +got:\n%s", tc.reason, tc.query, diff)
			}
		})
	}
}

func TestPlacesThatNobodyClaims(t *testing.T) {
	t.Parallel()

	r := newRepository(t)
	r.put("v1", "v5", "start")
	r.as(joe).put("v2", "v5", "by hand")
	want := []string{"www.tag: v1 -> v2 by Joe: current", "www.tag: nothing -> v1 by Jane: superseded by Joe after 1h0m0s"}
	h := r.read(audit.Options{Places: []audit.Place{place(t, file, "www.tag")}})
	if diff := cmp.Diff(want, tell(h.Changes)); diff != "" {
		t.Errorf("a place is told that the caller names: -want, +got:\n%s", diff)
	}
}
