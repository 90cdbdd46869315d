package noun_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/cmd/fairlead/noun"
)

func TestParse(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason    string
		arguments []string
		want      []noun.Reference
		err       string
	}{
		"Names":    {reason: "nobody said the kind", arguments: []string{"www", "api"}, want: []noun.Reference{{Name: "www"}, {Name: "api"}}},
		"Kind":     {reason: "as kubectl reads it", arguments: []string{"repo", "config"}, want: []noun.Reference{{noun.ConfigRepository, "config"}}},
		"Several":  {reason: "of one kind", arguments: []string{"Applications", "a", "b"}, want: []noun.Reference{{noun.Application, "a"}, {noun.Application, "b"}}},
		"Slash":    {reason: "each with its kind", arguments: []string{"ipol/www", "app/web"}, want: []noun.Reference{{noun.ImagePolicy, "www"}, {noun.Application, "web"}}},
		"Full":     {reason: "as -o name prints it", arguments: []string{"imagepolicy.fairlead.dev/www"}, want: []noun.Reference{{noun.ImagePolicy, "www"}}},
		"Alone":    {reason: "a service may be called app", arguments: []string{"app"}, want: []noun.Reference{{Name: "app"}}},
		"Same":     {reason: "said twice", arguments: []string{"app", "app/web"}, want: []noun.Reference{{noun.Application, "web"}}},
		"Nobody":   {reason: "all of them", want: []noun.Reference{}},
		"NoKind":   {reason: "a namespace is no kind", arguments: []string{"prod/www"}, err: `"prod" is no kind in "prod/www": write policy/NAME, repository/NAME or application/NAME, and a namespace with -n`},
		"NoName":   {reason: "nothing is named", arguments: []string{"app/"}, err: `"app/" names no object: write NAME or KIND/NAME, and a namespace with -n`},
		"TwoKinds": {reason: "it can't be both", arguments: []string{"repo", "app/web"}, err: `"app/web" is called a repository as well: name each object by one kind`},
		"Hostile":  {reason: "it is shown", arguments: []string{"\x1b[31m/www"}, err: `"\x1b[31m" is no kind in "\x1b[31m/www": write policy/NAME, repository/NAME or application/NAME, and a namespace with -n`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := noun.Parse(tc.arguments)
			if problem := text(err); problem != tc.err {
				t.Fatalf("%s: got the error %s, want %s", tc.reason, problem, tc.err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSingle(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason    string
		arguments []string
		want      string
		err       string
	}{
		"Name":  {reason: "the kind goes without saying", arguments: []string{"webhooks"}, want: "webhooks"},
		"Kind":  {reason: "it may be said", arguments: []string{"app/webhooks"}, want: "webhooks"},
		"Words": {reason: "as kubectl has it, too", arguments: []string{"application", "webhooks"}, want: "webhooks"},
		"Full":  {reason: "with the group", arguments: []string{"application.fairlead.dev/webhooks"}, want: "webhooks"},
		"Named": {reason: "an object may be called as its kind", arguments: []string{"app"}, want: "app"},
		"Other": {reason: "another kind", arguments: []string{"ipol/www"}, err: "policy/www is of another kind: this is about applications"},
		"Apart": {reason: "another kind", arguments: []string{"policy", "www"}, err: "policy/www is of another kind: this is about applications"},
		"Two":   {reason: "one is enough", arguments: []string{"a", "b"}, err: `"a b" names 2 applications: name one`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := noun.Single(tc.arguments, noun.Application)
			if got != tc.want || text(err) != tc.err {
				t.Errorf("%s: Single(%q) = %q, %v", tc.reason, tc.arguments, got, err)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
