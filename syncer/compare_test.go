package syncer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/syncer"
)

func patch(t *testing.T, namespace, patch string, subresources ...string) {
	t.Helper()
	if _, err := admin.Resource(deployments).Namespace(namespace).Patch(t.Context(), "www", types.JSONPatchType, []byte(patch), metav1.PatchOptions{}, subresources...); err != nil {
		t.Fatal(err)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		patch  string
		status bool
		want   string
		// what a second look costs, after the first
		asks int64
	}{
		"Same":   {reason: "defaults of the API server and another spelling of a quantity are no difference"},
		"Status": {reason: "a status is nobody's wish", patch: `[{"op": "add", "path": "/status/replicas", "value": 2}]`, status: true},
		"Image": {
			reason: "a field that the revision sets was changed",
			patch:  `[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "other"}]`,
			want:   "differs in spec.template.spec.containers[0].image, set by syncer.test", asks: 2,
		},
		"Label": {
			reason: "a label that the revision sets was changed, and the owner's was taken off",
			patch:  `[{"op": "replace", "path": "/metadata/labels", "value": {"team": "other"}}]`,
			want:   "differs in metadata.labels[fairlead.dev/application], metadata.labels[fairlead.dev/application-namespace], metadata.labels.team, set by syncer.test", asks: 2,
		},
		"Many": {
			reason: "the first fields are named, the others counted",
			patch: `[{"op": "replace", "path": "/metadata/labels", "value": {}}, {"op": "replace", "path": "/spec/replicas", "value": 9},
				{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "other"}]`,
			want: "differs in metadata.labels, spec.replicas, spec.template.spec.containers[0].image, set by syncer.test", asks: 2,
		},
		"ForeignField": {
			reason: "a field that the revision doesn't set belongs to whoever set it",
			patch:  `[{"op": "add", "path": "/metadata/annotations", "value": {"example.com/note": "mine"}}]`, asks: 1,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := newNamespace(t)
			desired := prepared(t, namespace, strings.Replace(deployment, "{name: www}", "{name: www, labels: {team: web}}", 1))
			client, requests := counted(t)
			applier, comparer := syncer.NewApplier(client, mapper), syncer.NewComparer()
			states, err := applier.Apply(t.Context(), comparer.Recall(desired, nil))
			if err != nil {
				t.Fatal(err)
			}
			comparer.Record(states)
			if tc.patch != "" && tc.status {
				patch(t, namespace, tc.patch, "status")
			} else if tc.patch != "" {
				patch(t, namespace, tc.patch)
			}
			live := liveOf(t, desired)
			for _, asks := range []int64{tc.asks, 0} {
				before := requests.Load()
				states, err = comparer.Compare(t.Context(), applier, desired, live)
				if err != nil {
					t.Fatal(err)
				}
				if states[0].Difference != tc.want || states[0].Synced != (tc.want == "") {
					t.Errorf("\n%s\ngot %v %q, want %q", tc.reason, states[0].Synced, states[0].Difference, tc.want)
				}
				if got := requests.Load() - before; got != asks {
					t.Errorf("\n%s\nit took %d requests to tell, want %d", tc.reason, got, asks)
				}
			}
		})
	}
}

func TestCompareWhatIsMissing(t *testing.T) {
	t.Parallel()
	client, requests := counted(t)
	desired := prepared(t, "web", configMap)
	states, err := syncer.NewComparer().Compare(t.Context(), syncer.NewApplier(client, mapper), desired, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []syncer.State{{ID: syncer.IDOf(desired[0]), Desired: desired[0], Difference: "is missing", Compared: true}}
	if diff := cmp.Diff(want, states); diff != "" || requests.Load() != 0 {
		t.Errorf("nobody needs to be asked, got %d requests (-want, +got):\n%s", requests.Load(), diff)
	}
}

func TestCompareBehindTheWatch(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	old := apply(t, namespace, deployment)[0]
	newer := strings.ReplaceAll(deployment, "v1.0.35", "v1.0.36")
	apply(t, namespace, newer)
	desired := prepared(t, namespace, newer)
	applier := syncer.NewApplier(admin, mapper)
	behind := map[syncer.ID]*unstructured.Unstructured{old.ID: old.Live}
	states, err := syncer.NewComparer().Compare(t.Context(), applier, desired, behind)
	if err != nil {
		t.Fatal(err)
	}
	if !states[0].Synced {
		t.Errorf("an object that was seen before the apply must not look like drift, got %q", states[0].Difference)
	}
	if got := syncer.Fingerprint(states[0].Live); got != syncer.Fingerprint(liveOf(t, desired)[old.ID]) {
		t.Errorf("the state holds the object as it is")
	}
	// The API server deletes in the background; the controllers that would hold it up don't run here.
	if err := admin.Resource(deployments).Namespace(namespace).Delete(t.Context(), "www", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	states, err = syncer.NewComparer().Compare(t.Context(), applier, desired, behind)
	if err != nil {
		t.Fatal(err)
	}
	if states[0].Live != nil || states[0].Difference != "is missing" {
		t.Errorf("an object that has gone since it was seen is missing, got %q", states[0].Difference)
	}
}

func TestCompareForgets(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	client, requests := counted(t)
	applier, comparer := syncer.NewApplier(client, mapper), syncer.NewComparer()
	desired := prepared(t, namespace, configMap)
	states, err := applier.Apply(t.Context(), comparer.Recall(desired, nil))
	if err != nil {
		t.Fatal(err)
	}
	comparer.Record(states)
	live := liveOf(t, desired)
	look := func() int64 {
		before := requests.Load()
		if _, err := comparer.Compare(t.Context(), applier, desired, live); err != nil {
			t.Fatal(err)
		}
		return requests.Load() - before
	}
	if got := look(); got != 0 {
		t.Errorf("what was applied is known, got %d requests", got)
	}
	comparer.Recall(nil, nil)
	if got := look(); got != 1 {
		t.Errorf("what is no longer desired is forgotten: memory is bounded by what is managed, got %d requests", got)
	}
	comparer.Forget()
	if got := look(); got != 1 {
		t.Errorf("all is forgotten when that is asked for, got %d requests", got)
	}
}

func TestCompareRefusals(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	apply(t, namespace, deployment)
	immutable := strings.ReplaceAll(deployment, "app: www", "app: other")
	desired := prepared(t, namespace, immutable)
	states, err := syncer.NewComparer().Compare(t.Context(), syncer.NewApplier(admin, mapper), desired, liveOf(t, desired))
	if err != nil {
		t.Fatalf("a refusal is an answer: %v", err)
	}
	wanted := `Deployment.apps "www" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable`
	if diff := cmp.Diff("can't be compared: "+wanted, states[0].Difference); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if diff := cmp.Diff("compare Deployment "+namespace+"/www: "+wanted+": "+
		"the field can't be changed: delete the object, or have it deleted and created again by its annotation fairlead.dev/sync-options: Force=true", text(states[0].Err)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestCompareWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	desired := prepared(t, namespace, configMap+"\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}")
	apply(t, namespace, configMap+"\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}")
	client := through(t, func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/d") {
				body := io.NopCloser(strings.NewReader(`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"etcd is slow","reason":"InternalError","code":500}`))
				return &http.Response{StatusCode: http.StatusInternalServerError, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Request: r}, nil
			}
			return next.RoundTrip(r)
		})
	})
	states, err := syncer.NewComparer().Compare(t.Context(), syncer.NewApplier(client, mapper), desired, liveOf(t, desired))
	if diff := cmp.Diff(fmt.Sprintf("compare ConfigMap %s/d: etcd is slow", namespace), text(err)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if terminal(err) || states[1].Synced {
		t.Errorf("what couldn't be compared isn't synced, and is tried again: %v", states[1])
	}
	if !apierrors.IsInternalError(err) {
		t.Errorf("the cause can be found: %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := syncer.NewComparer().Compare(canceled, syncer.NewApplier(admin, mapper), desired, liveOf(t, desired)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// BenchmarkCompareVerified is the cost of looking at an Application of 100 objects at rest.
func BenchmarkCompareVerified(b *testing.B) {
	namespace := newNamespace(b)
	var manifests []string
	for i := range 100 {
		manifests = append(manifests, strings.Replace(deployment, "{name: www}", fmt.Sprintf("{name: www-%d}", i), 1))
	}
	desired := prepared(b, namespace, strings.Join(manifests, "\n---\n"))
	client, requests := counted(b)
	applier, comparer := syncer.NewApplier(client, mapper), syncer.NewComparer()
	states, err := applier.Apply(b.Context(), comparer.Recall(desired, nil))
	if err != nil {
		b.Fatal(err)
	}
	comparer.Record(states)
	live := map[syncer.ID]*unstructured.Unstructured{}
	for _, state := range states {
		live[state.ID] = state.Live
	}
	before := requests.Load()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := comparer.Compare(b.Context(), applier, desired, live); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(requests.Load()-before)/float64(b.N), "requests/op")
}
