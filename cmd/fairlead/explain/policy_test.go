package explain_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/cmd/fairlead/explain"
)

const policyHead = "apiVersion: fairlead.dev/v1alpha1\nkind: ImagePolicy\n"

// policyNamed is a complete policy.
func policyNamed(namespace, name string) string {
	return policyHead + "metadata: {name: " + name + ", namespace: " + namespace + "}\n" +
		"spec: {image: i, select: {numerical: {}}, targets: [{applicationRef: {name: a}, tag: t}]}\n"
}

func TestReadPolicyPicks(t *testing.T) {
	t.Parallel()
	const application = "apiVersion: fairlead.dev/v1alpha1\nkind: Application\nmetadata: {name: www}\n"
	cases := map[string]struct {
		reason string
		file   string
		wanted explain.Wanted
		want   string
	}{
		"Alone":     {reason: "there is nothing to choose", file: policyNamed("a", "www"), want: "a/www"},
		"Beside":    {reason: "other kinds play no part", file: application + "---\n" + policyNamed("a", "www") + "---\n" + application, want: "a/www"},
		"ByName":    {reason: "of several the named one", file: policyNamed("a", "www") + "---\n" + policyNamed("a", "api"), wanted: explain.Wanted{Name: "api"}, want: "a/api"},
		"ByPlace":   {reason: "of two with one name that of the namespace", file: policyNamed("a", "www") + "---\n" + policyNamed("b", "www"), wanted: explain.Wanted{Namespace: "b", Name: "www"}, want: "b/www"},
		"Anywhere":  {reason: "a policy without a namespace is in any", file: strings.Replace(policyNamed("a", "www"), ", namespace: a", "", 1), wanted: explain.Wanted{Namespace: "b"}, want: "/www"},
		"Separator": {reason: "a file may begin and end with a separator, and explain it", file: "# all\n---\n\n--- # www\n" + policyNamed("a", "www") + "---\n", want: "a/www"},
		"Windows":   {reason: "byte order mark and CRLF", file: "\ufeff" + strings.ReplaceAll("---\n"+policyNamed("a", "www")+"---\n"+application, "\n", "\r\n"), want: "a/www"},
		"JSON": {
			reason: "JSON is YAML",
			file:   `{"apiVersion": "fairlead.dev/v1alpha1", "kind": "ImagePolicy", "metadata": {"name": "www", "namespace": "a"}, "spec": {"image": "i", "select": {"numerical": {}}, "targets": [{"applicationRef": {"name": "a"}, "tag": "t"}]}}`,
			want:   "a/www",
		},
		"FromACluster": {
			reason: "what the cluster added plays no part",
			file: strings.Replace(policyNamed("a", "www"), "metadata: {", "metadata: {uid: x, generation: 3, creationTimestamp: '2026-11-22T10:00:00Z', managedFields: [{manager: kubectl}], ", 1) +
				"status: {latest: {tag: v1}, ofAnotherVersion: 1}\n",
			want: "a/www",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			policy, warnings, err := explain.ReadPolicy("policy.yaml", strings.NewReader(tc.file), tc.wanted)
			if err != nil || len(warnings) > 0 {
				t.Fatalf("\n%s\n%v %v", tc.reason, err, warnings)
			}
			if got := policy.Namespace + "/" + policy.Name; got != tc.want || policy.Status.Latest != nil {
				t.Errorf("\n%s\nwant %s, got %s with %+v", tc.reason, tc.want, got, policy.Status)
			}
		})
	}
}

func TestReadPolicyErrors(t *testing.T) {
	t.Parallel()
	spec := func(spec string) string { return policyHead + "metadata: {name: www}\nspec: " + spec + "\n" }
	cases := map[string]struct {
		reason string
		file   string
		wanted explain.Wanted
		want   string
	}{
		"Empty":      {reason: "an empty file", want: "policy.yaml holds no document"},
		"OnlyBlanks": {reason: "as good as empty", file: "---\n# nothing\n---\n", want: "policy.yaml holds no document"},
		"OtherKinds": {
			reason: "what was found instead",
			file:   "kind: Deployment\napiVersion: apps/v1\n---\napiVersion: v1\n---\n\n# a peer's\nkind: ImagePolicy\napiVersion: image.toolkit.fluxcd.io/v1\n---\nkind: ImagePolicy\n",
			want: "policy.yaml holds no ImagePolicy of fairlead.dev/v1alpha1: it holds Deployment of apps/v1 (line 1), no kind of v1 (line 3), " +
				"ImagePolicy of image.toolkit.fluxcd.io/v1 (line 5), ImagePolicy of no apiVersion (line 10)",
		},
		"Several": {
			reason: "which one?",
			file:   policyNamed("a", "www") + "---\n" + policyNamed("b", "www") + "---\n" + policyNamed("b", "api"),
			want:   "policy.yaml holds several ImagePolicies: name one of a/www, b/www, b/api",
		},
		"SeveralOfAName": {
			reason: "the namespace is what tells them apart",
			file:   policyNamed("a", "www") + "---\n" + policyNamed("b", "www"), wanted: explain.Wanted{Name: "www"},
			want: "policy.yaml holds several ImagePolicies www: tell them apart by -n: a/www, b/www",
		},
		"NotThere": {
			reason: "a slip of the pen is seen",
			file:   policyNamed("a", "www") + "---\n" + policyNamed("a", "api"), wanted: explain.Wanted{Name: "wwww"},
			want: "policy.yaml holds no ImagePolicy wwww: it holds a/www, a/api",
		},
		"Many": {
			reason: "a message is bounded",
			file:   strings.Repeat("---\n"+policyNamed("a", "w"), 30),
			want:   "policy.yaml holds several ImagePolicies: name one of " + strings.Repeat("a/w, ", 20) + "and 10 more",
		},
		"Hostile": {
			reason: "nothing of a file reaches the terminal as it is",
			file:   policyHead + `metadata: {name: "\e[31m\u202e"}` + "\n---\n" + policyNamed("a", "b"),
			want:   `policy.yaml holds several ImagePolicies: name one of \x1b[31m\u202e, a/b`,
		},
		"Text": {reason: "no object", file: "\n\nhello\n", want: "policy.yaml: line 1: the document is no object: it must begin with apiVersion and kind"},
		"Broken": {
			reason: "lines are counted from the beginning of the file",
			file:   policyNamed("a", "www") + "---\nkind: X\n  a: b\n",
			want:   "policy.yaml: yaml: line 7: mapping values are not allowed in this context",
		},
		"Template": {
			reason: "a template isn't YAML yet",
			file:   policyHead + "{{ if .Values.www }}\nspec: {}\n",
			want:   "policy.yaml: yaml: line 3: could not find expected ':'",
		},
		"Duplicate": {
			reason: "which of the two is meant?",
			file:   "# first\n---\n" + policyHead + "spec:\n  image: i\n  image: j\n",
			want:   `policy.yaml: yaml: unmarshal errors: line 7: key "image" already set in map`,
		},
		"Aliases": {
			reason: "what is written short may be long",
			file:   "a: &a 1\nb: [" + strings.Repeat("*a,", 65) + "]\n",
			want:   "policy.yaml: line 1: more than 64 aliases: write the values out",
		},
		"Binary":    {reason: "the wrong file", file: "\x7fELF\x02\x01", want: "policy.yaml: the file is no text of UTF-8: is this an ImagePolicy?"},
		"Huge":      {reason: "a file is bounded", file: strings.Repeat("#", 1<<20+1), want: "policy.yaml has more than 1 MiB"},
		"Documents": {reason: "so is the number of documents", file: strings.Repeat("---\na: b\n", 1002), want: "policy.yaml: more than 1000 documents"},
		"NoSpec":    {reason: "nothing to ask about", file: policyHead + "metadata: {name: www, namespace: a}\n", want: "policy.yaml:1: ImagePolicy a/www: spec is missing"},
		"SeveralProblems": {
			reason: "all of them at once",
			file:   "---\n" + spec("{image: 'i:1', pin: 1.10, select: {}, targets: []}"),
			want: "policy.yaml:1: ImagePolicy www: spec.image: image must be a repository without tag or digest: which tag is taken is said in select; " +
				"spec.pin: is 1.1, which YAML reads as a number: put it in quotes; " +
				"spec.select: select needs exactly one of semver, numerical, alphabetical and digest",
		},
		"Unknown": {
			reason: "a field that does nothing must not look as if it did",
			file:   spec("{image: i, select: {semver: {range: '*', prerelease: true}}, filterTags: {}, targets: []}"),
			want:   `policy.yaml:1: ImagePolicy www: unknown field "spec.filterTags", unknown field "spec.select.semver.prerelease"`,
		},
		"UnknownMetadata": {
			reason: "there, too",
			file:   strings.Replace(policyNamed("a", "www"), "name: www", "name: www, label: {}", 1),
			want:   `policy.yaml:1: ImagePolicy a/www: unknown field "metadata.label"`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := explain.ReadPolicy("policy.yaml", strings.NewReader(tc.file), tc.wanted)
			if err == nil {
				t.Fatalf("\n%s\nno error", tc.reason)
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestReadPolicyOfDraft: where a choice would be written plays no part in it.
func TestReadPolicyOfDraft(t *testing.T) {
	t.Parallel()
	_, warnings, err := explain.ReadPolicy("policy.yaml", strings.NewReader(policyHead+"spec: {image: i, select: {numerical: {}}}"), explain.Wanted{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"the API server would refuse this policy: spec.targets: is required"}, warnings); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

// FuzzReadPolicy: whatever a file holds, reading ends without a panic, and messages are one line.
func FuzzReadPolicy(f *testing.F) {
	f.Add(policyNamed("a", "www"))
	for _, spec := range specs {
		f.Add(policyHead + "spec: " + spec)
	}
	f.Add(policyHead + `metadata: {name: "\e[31m\u202e"}` + "\n---\n" + policyNamed("a", "b"))
	f.Add("a: &a {<<: *a}\n--- \n")
	f.Fuzz(func(t *testing.T, file string) {
		policy, _, err := explain.ReadPolicy("policy.yaml", strings.NewReader(file), explain.Wanted{})
		if (policy == nil) == (err == nil) {
			t.Errorf("neither policy nor error, or both: %v", err)
		}
		if err != nil {
			checkPrintable(t, err)
		}
	})
}
