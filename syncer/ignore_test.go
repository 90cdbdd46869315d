package syncer_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/syncer"
)

func TestCompileIgnores(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason      string
		pointers    []string
		expressions []string
		want        string
	}{
		"None":    {reason: "nothing to read"},
		"Pointer": {reason: "with escapes (RFC 6901)", pointers: []string{"/spec/replicas", "/metadata/annotations/example.com~1note", "/a~0b/0", "/"}},
		"Paths": {
			reason: "all that the field's description promises, and what Argo CD's users write",
			expressions: []string{
				".spec.replicas", ".spec.template.spec.containers[].image", `.data["a.b"]`, ".spec.containers[0]", ".webhooks[-1]", `.["data"]`, `."data"`,
				`.spec.containers[] | select(.name == "proxy") | .resources`, ".webhooks[]?.clientConfig.caBundle", ".metadata.annotations | .[]", ". | .spec",
				`.spec.ports[] | select(.port == 80 and .protocol != "UDP" or .name == null)`,
				`.spec.template.spec.initContainers[] | select(.name | startswith("linkerd") )`, `.a[] | select(. | test("^x[0-9]+$"))`,
				`.a[] | select(.b[] | select(.c == true) | .d == -1.5)`, `.a[] | select(.b == "c").d[].e`, `.a[] | select(.b == "c")[0]? | .d`,
			},
		},
		"EmptyPointer": {
			reason: "the whole object can't be ignored", pointers: []string{""},
			want: `spec.ignoreDifferences[0].jsonPointers[0]: "": it means the whole object: name a field, such as /spec/replicas`,
		},
		"NoPointer": {
			reason: "a path expression in the wrong field", pointers: []string{".spec.replicas"},
			want: `spec.ignoreDifferences[0].jsonPointers[0]: ".spec.replicas": at character 1: a JSON pointer (RFC 6901) starts with /`,
		},
		"Escape": {
			reason: "~ stands before 0 or 1 only", pointers: []string{"/a", "/a~2b"},
			want: `spec.ignoreDifferences[0].jsonPointers[1]: "/a~2b": a JSON pointer (RFC 6901) holds ~ as ~0, and / as ~1`,
		},
		"NoPath": {
			reason: "a pointer in the wrong field", expressions: []string{"/spec/replicas"},
			want: `spec.ignoreDifferences[0].jqPathExpressions[0]: "/spec/replicas": at character 1: expected a path, which starts with a dot`,
		},
		"Whole": {
			reason: "the whole object can't be ignored", expressions: []string{"."},
			want: `spec.ignoreDifferences[0].jqPathExpressions[0]: ".": at character 1: it means the whole object: name a field, such as .spec.replicas`,
		},
		"Recursion": {
			reason: "jq's .. is no path here", expressions: []string{"..image"},
			want: `spec.ignoreDifferences[0].jqPathExpressions[0]: "..image": at character 2: expected the name of a field`,
		},
		"Function": {
			reason: "what isn't a path", expressions: []string{".a | del(.b)"},
			want: `spec.ignoreDifferences[0].jqPathExpressions[0]: ".a | del(.b)": at character 6: expected select(...) or a path`,
		},
		"Open": {
			reason: "characters count, not bytes", expressions: []string{`.data["ä`},
			want: `spec.ignoreDifferences[0].jqPathExpressions[0]: ".data[\"ä": at character 7: the string doesn't end`,
		},
		"Slice": {
			reason: "no slices", expressions: []string{".a[1:2]"},
			want: `spec.ignoreDifferences[0].jqPathExpressions[0]: ".a[1:2]": at character 5: expected ]`,
		},
		"Condition": {
			reason: "a select needs a condition", expressions: []string{".a[] | select(.b)"},
			want: `spec.ignoreDifferences[0].jqPathExpressions[0]: ".a[] | select(.b)": at character 17: ` +
				`expected == or != with a value, or | startswith("..."), endswith("...") or test("...")`,
		},
		"Pattern": {
			reason: "a regular expression that is none", expressions: []string{`.a[] | select(.b | test("("))`},
			want: `spec.ignoreDifferences[0].jqPathExpressions[0]: ".a[] | select(.b | test(\"(\"))": at character 28: ` +
				"error parsing regexp: missing closing ): `(`",
		},
		"Several": {
			reason: "all of them are named", pointers: []string{"x"}, expressions: []string{"y"},
			want: `spec.ignoreDifferences[0].jsonPointers[0]: "x": at character 1: a JSON pointer (RFC 6901) starts with /; ` +
				`spec.ignoreDifferences[0].jqPathExpressions[0]: "y": at character 1: expected a path, which starts with a dot`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := syncer.CompileIgnores([]syncer.Ignore{{Kind: "*", Group: "*", Pointers: tc.pointers, Expressions: tc.expressions}})
			if diff := cmp.Diff(tc.want, text(err)); diff != "" || terminal(err) != (tc.want != "") {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func FuzzCompileIgnores(f *testing.F) {
	for _, seed := range []string{
		".spec.replicas", `.data["a.b"]`, `.a[] | select(.b == "c" and .d | test("x")) | .e[-1]?`, ".a | .b[].c", "/a~1b", `.a[] | select(.b[] | select(.c != null) | .d == 1)`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		for _, ignore := range []syncer.Ignore{{Kind: "*", Expressions: []string{path}}, {Kind: "*", Pointers: []string{path}}} {
			if _, err := syncer.CompileIgnores([]syncer.Ignore{ignore}); err != nil && !strings.Contains(err.Error(), "spec.ignoreDifferences[0].") {
				t.Errorf("%q: %v", path, err)
			}
		}
	})
}

// twoContainers is a Deployment of whose fields others are fond.
const twoContainers = `apiVersion: apps/v1
kind: Deployment
metadata: {name: www, annotations: {example.com/note: git}}
spec:
  replicas: 2
  selector: {matchLabels: {app: www}}
  template:
    metadata: {labels: {app: www}}
    spec:
      containers:
      - {name: www, image: "www:1", env: [{name: A, value: "1"}]}
      - {name: proxy, image: "proxy:1"}`

// meddle is what others do to it.
const meddle = `[
	{"op": "replace", "path": "/spec/replicas", "value": 7},
	{"op": "replace", "path": "/metadata/annotations/example.com~1note", "value": "other"},
	{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "www:other"},
	{"op": "replace", "path": "/spec/template/spec/containers/1/image", "value": "proxy:other"}]`

func TestIgnores(t *testing.T) {
	t.Parallel()
	const all = "metadata.annotations[example.com/note], spec.replicas, spec.template.spec.containers[0].image and 1 more fields"
	cases := map[string]struct {
		reason string
		ignore syncer.Ignore
		want   string
	}{
		"Nothing":   {reason: "all that was changed is seen", ignore: syncer.Ignore{Kind: "Job", Group: "*", Pointers: []string{"/spec"}}, want: all},
		"OtherName": {reason: "only objects of that name", ignore: syncer.Ignore{Kind: "*", Group: "*", Name: "ws", Pointers: []string{"/spec"}}, want: all},
		"Pointer": {
			reason: "a pointer leads to one field", ignore: syncer.Ignore{Group: "apps", Kind: "Deployment", Pointers: []string{"/spec/replicas", "/metadata/annotations/example.com~1note"}},
			want: "spec.template.spec.containers[0].image, spec.template.spec.containers[1].image",
		},
		"PointerToItem": {
			reason: "or to an element", ignore: syncer.Ignore{Group: "apps", Kind: "Deployment", Pointers: []string{"/spec/template/spec/containers/1", "/spec/replicas"}},
			want: "metadata.annotations[example.com/note], spec.template.spec.containers[0].image",
		},
		"Each": {
			reason: "a field of each element", ignore: syncer.Ignore{Group: "apps", Kind: "Deployment", Expressions: []string{".spec.template.spec.containers[].image"}},
			want: "metadata.annotations[example.com/note], spec.replicas",
		},
		"Select": {
			reason: "of one element, by its name",
			ignore: syncer.Ignore{Group: "apps", Kind: "Deployment", Expressions: []string{`.spec.template.spec.containers[] | select(.name == "proxy") | .image`, ".spec.replicas"}},
			want:   "metadata.annotations[example.com/note], spec.template.spec.containers[0].image",
		},
		"SelectAndStep": {
			reason: "with the step right behind it, which is the same",
			ignore: syncer.Ignore{Group: "apps", Kind: "Deployment", Expressions: []string{`.spec.template.spec.containers[] | select(.name == "proxy").image`, ".spec.replicas"}},
			want:   "metadata.annotations[example.com/note], spec.template.spec.containers[0].image",
		},
		"Test": {
			reason: "or by a part of it",
			ignore: syncer.Ignore{Kind: "*", Group: "*", Expressions: []string{`.spec.template.spec.containers[] | select(.name | test("^(www|proxy)$"))`}},
			want:   "metadata.annotations[example.com/note], spec.replicas",
		},
		"Managers": {reason: "whatever a manager owns", ignore: syncer.Ignore{Kind: "*", Group: "*", Managers: []string{"meddler"}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := newNamespace(t)
			desired := prepared(t, namespace, twoContainers)
			apply(t, namespace, twoContainers)
			if _, err := admin.Resource(deployments).Namespace(namespace).Patch(t.Context(), "www", types.JSONPatchType, []byte(meddle),
				metav1.PatchOptions{FieldManager: "meddler"}); err != nil {
				t.Fatal(err)
			}
			ignores, err := syncer.CompileIgnores([]syncer.Ignore{tc.ignore})
			if err != nil {
				t.Fatal(err)
			}
			live := liveOf(t, desired)
			for id := range live {
				live[id].SetManagedFields(nil) // as watches show it
			}
			states, err := syncer.NewComparer().Compare(t.Context(), syncer.NewApplier(admin, mapper).Under(syncer.Rules{Ignores: ignores}), desired, live)
			if err != nil {
				t.Fatal(err)
			}
			want := tc.want
			if want != "" {
				want = "differs in " + want + ", set by meddler"
			}
			if diff := cmp.Diff(want, states[0].Difference); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRespectIgnoreDifferences(t *testing.T) {
	t.Parallel()
	ignores, err := syncer.CompileIgnores([]syncer.Ignore{{
		Group: "apps", Kind: "Deployment", Pointers: []string{"/spec/replicas"}, Expressions: []string{`.spec.template.spec.containers[] | select(.name == "proxy") | .image`},
	}})
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		reason   string
		respect  bool
		replicas int64
		proxy    string
	}{
		"Not":     {reason: "a sync for another reason sets ignored fields, too", replicas: 2, proxy: "proxy:1"},
		"Respect": {reason: "unless they are respected", respect: true, replicas: 7, proxy: "proxy:other"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := newNamespace(t)
			applier := syncer.NewApplier(admin, mapper).Under(syncer.Rules{Ignores: ignores, Options: syncer.Options{RespectIgnoreDifferences: tc.respect}})
			states, err := applier.Apply(t.Context(), unseen(prepared(t, namespace, twoContainers)))
			if err != nil {
				t.Fatal(err)
			}
			comparer := syncer.NewComparer()
			comparer.Record(states)
			patch(t, namespace, meddle)
			newer := prepared(t, namespace, strings.Replace(twoContainers, "www:1", "www:2", 1))
			states, err = applier.Apply(t.Context(), comparer.Recall(newer, liveOf(t, newer)))
			if err != nil {
				t.Fatal(err)
			}
			spec, _ := states[0].Live.Object["spec"].(map[string]any)
			template, _ := spec["template"].(map[string]any)
			podSpec, _ := template["spec"].(map[string]any)
			containers, _ := podSpec["containers"].([]any)
			images := make([]any, 0, len(containers))
			for _, entry := range containers {
				container, _ := entry.(map[string]any)
				images = append(images, container["image"])
			}
			if diff := cmp.Diff([]any{tc.replicas, "www:2", tc.proxy}, append([]any{spec["replicas"]}, images...)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			states, err = syncer.NewComparer().Compare(t.Context(), applier, newer, liveOf(t, newer))
			if err != nil || !states[0].Synced {
				t.Errorf("it is in sync then, got %q, %v", states[0].Difference, err)
			}
		})
	}
}
