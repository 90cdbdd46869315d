package syncer_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/syncer"
)

// under applies manifests under rules, to objects as they are now.
func under(t *testing.T, rules syncer.Rules, namespace, manifests string) ([]syncer.State, error) {
	t.Helper()
	desired := prepared(t, namespace, manifests)
	return syncer.NewApplier(admin, mapper).Under(rules).Apply(t.Context(), syncer.NewComparer().Recall(desired, liveOf(t, desired)))
}

func TestApplyNamesWhoseFieldsItTakes(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	apply(t, namespace, twoContainers)
	theirs := objects(t, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: www}\nspec: {replicas: 5}")[0]
	if _, err := admin.Resource(deployments).Namespace(namespace).Apply(t.Context(), "www", theirs, metav1.ApplyOptions{FieldManager: "scaler", Force: true}); err != nil {
		t.Fatal(err)
	}
	states, err := under(t, syncer.Rules{}, namespace, twoContainers)
	if err != nil {
		t.Fatal(err)
	}
	want := []syncer.Conflict{{Manager: "scaler", Fields: []string{"spec.replicas"}}}
	if diff := cmp.Diff(want, states[0].Conflicts); diff != "" || !states[0].Changed {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if diff := cmp.Diff("spec.replicas from scaler", states[0].Conflicts[0].String()); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	states, err = under(t, syncer.Rules{}, namespace, twoContainers)
	if err != nil || len(states[0].Conflicts) != 0 || states[0].Changed {
		t.Errorf("what is ours conflicts with nobody, got %+v, %v", states[0].Conflicts, err)
	}
}

const job = `apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {fairlead.dev/sync-options: "OPTIONS"}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "IMAGE"}]}}}`

func TestImmutableFields(t *testing.T) {
	t.Parallel()
	refusal := "spec.template: Invalid value: "
	hint := "the field can't be changed: delete the object, or have it deleted and created again by its annotation fairlead.dev/sync-options: Force=true"
	cases := map[string]struct {
		reason  string
		options string
		image   string
		want    string // the beginning and the end of the error, separated by ...
		kept    bool
		held    bool
	}{
		"Plain":        {reason: "the error names the field, and what helps", image: "c:2", want: refusal + "..." + hint, kept: true},
		"Force":        {reason: "it is deleted and created again", options: "Force=true", image: "c:2"},
		"ReplaceForce": {reason: "or replaced, and for want of that", options: "Replace=true,Force=true", image: "c:2"},
		"Replace":      {reason: "a replacement alone doesn't help", options: "Replace=true", image: "c:2", want: refusal + "..." + hint, kept: true},
		"ForceHeld":    {reason: "what is held by a finalizer is created again when it is gone", options: "Force=true", image: "c:2", held: true, kept: true},
		"ForceInvalid": {reason: "what couldn't be created isn't deleted", options: "Force=true", image: "", want: "spec.template.spec.containers[0].image: Required value...", kept: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := newNamespace(t)
			manifest := strings.Replace(job, "OPTIONS", tc.options, 1)
			if tc.held {
				manifest = strings.Replace(manifest, "name: migrate,", "name: migrate, finalizers: [example.com/held],", 1)
			}
			before := apply(t, namespace, strings.Replace(manifest, "IMAGE", "c:1", 1))[0]
			states, err := under(t, syncer.Rules{}, namespace, strings.Replace(manifest, "IMAGE", tc.image, 1))
			begin, end, _ := strings.Cut(tc.want, "...")
			if got := text(err); (got == "") != (tc.want == "") || !strings.Contains(got, begin) || !strings.HasSuffix(got, end) {
				t.Errorf("\n%s\ngot %v", tc.reason, err)
			}
			if tc.held {
				release(t, before.Live)
				if diff := cmp.Diff("is being deleted, and is created again when it is gone", states[0].Difference); diff != "" || states[0].Synced {
					t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
				}
			}
			after := states[0].Live
			if same := after.GetUID() == before.Live.GetUID(); same != tc.kept {
				t.Errorf("\n%s\nthe same object: %v, want %v", tc.reason, same, tc.kept)
			}
		})
	}
}

// release takes the finalizers off a Job.
func release(t *testing.T, obj *unstructured.Unstructured) {
	t.Helper()
	jobs := admin.Resource(schema.GroupVersionResource{Group: "batch", Version: "v1", Resource: "jobs"}).Namespace(obj.GetNamespace())
	if _, err := jobs.Patch(t.Context(), obj.GetName(), types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestForceSparesWhatHoldsOthers(t *testing.T) {
	t.Parallel()
	claim := `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, annotations: {fairlead.dev/sync-options: "OPTIONS"}}
spec: {accessModes: [ReadWriteOnce], storageClassName: CLASS, resources: {requests: {storage: 1Gi}}}`
	for own, kept := range map[string]bool{"": true, "Force=true": false} {
		namespace := newNamespace(t)
		manifest := strings.Replace(claim, "OPTIONS", own, 1)
		before := apply(t, namespace, strings.Replace(manifest, "CLASS", "slow", 1))[0]
		// The protection of volumes in use isn't there without its controller, but its finalizer is.
		resource := admin.Resource(schema.GroupVersionResource{Version: "v1", Resource: "persistentvolumeclaims"}).Namespace(namespace)
		live := before.Live.DeepCopy()
		live.SetFinalizers(nil)
		if _, err := resource.Update(t.Context(), live, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		states, err := under(t, syncer.Rules{Options: syncer.Options{Force: true}}, namespace, strings.Replace(manifest, "CLASS", "fast", 1))
		if (err != nil) != kept || (states[0].Live.GetUID() == before.Live.GetUID()) != kept {
			t.Errorf("own options %q: data go only if the claim itself says so, got %v", own, err)
		}
	}
}

func TestReplace(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	manifest := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, labels: {ours: \"1\"}, annotations: {fairlead.dev/sync-options: Replace=true}}\ndata: {a: \"1\"}"
	apply(t, namespace, manifest)
	theirs := objects(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, labels: {theirs: \"2\"}, finalizers: [example.com/kept]}\ndata: {b: \"2\"}")[0]
	resource := admin.Resource(configMaps).Namespace(namespace)
	if _, err := resource.Apply(t.Context(), "c", theirs, metav1.ApplyOptions{FieldManager: "somebody"}); err != nil {
		t.Fatal(err)
	}
	desired := prepared(t, namespace, strings.Replace(manifest, "ours", "newer", 1))
	applier := syncer.NewApplier(admin, mapper)
	states, err := syncer.NewComparer().Compare(t.Context(), applier, desired, liveOf(t, desired))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("differs in data.b, metadata.labels.newer, metadata.labels.ours", states[0].Difference); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	states, err = applier.Apply(t.Context(), states)
	if err != nil {
		t.Fatal(err)
	}
	live := states[0].Live
	want := map[string]any{
		"data": map[string]any{"a": "1"}, "finalizers": []string{"example.com/kept"},
		"labels": map[string]string{"newer": "1", "theirs": "2", syncer.LabelApplication: "webhooks", syncer.LabelApplicationNamespace: "fairlead"},
	}
	got := map[string]any{"data": live.Object["data"], "finalizers": live.GetFinalizers(), "labels": live.GetLabels()}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what others have set in the metadata stays, and nothing else (-want, +got):\n%s", diff)
	}
	states, err = syncer.NewComparer().Compare(t.Context(), applier, desired, liveOf(t, desired))
	if err != nil || !states[0].Synced {
		t.Errorf("then it is in sync, got %q, %v", states[0].Difference, err)
	}
	live.SetFinalizers(nil)
	if _, err := resource.Update(t.Context(), live, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	states, err = under(t, syncer.Rules{}, namespace, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {z: \"1\"}")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"z": "1"}, states[0].Live.Object["data"]); diff != "" {
		t.Errorf("applied again, what was only replaced goes like what was applied (-want, +got):\n%s", diff)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	manifest := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: \"1\"}\ndatas: {}"
	_, err := under(t, syncer.Rules{}, namespace, manifest)
	want := fmt.Sprintf("apply ConfigMap %s/c: failed to create typed patch object (%s/c; /v1, Kind=ConfigMap): .datas: field not declared in schema", namespace, namespace)
	if diff := cmp.Diff(want, text(err)); diff != "" {
		t.Errorf("a field that the schema lacks (-want, +got):\n%s", diff)
	}
	if _, err := under(t, syncer.Rules{}, namespace, strings.Replace(manifest, "datas: {}", "", 1)); err != nil {
		t.Fatal(err)
	}
	_, err = under(t, syncer.Rules{Options: syncer.Options{SkipValidation: true}}, namespace, strings.Replace(manifest, `"1"`, `"0"`, 1))
	if err != nil {
		t.Fatal(err)
	}
	states, err := under(t, syncer.Rules{Options: syncer.Options{SkipValidation: true}}, namespace, manifest)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"a": "1"}, states[0].Live.Object["data"]); diff != "" || states[0].Live.Object["datas"] != nil {
		t.Errorf("Validate=false drops it (-want, +got):\n%s", diff)
	}
	_, err = under(t, syncer.Rules{Options: syncer.Options{Replace: true}}, namespace, manifest)
	if !strings.HasSuffix(text(err), `strict decoding error: unknown field "datas"`) {
		t.Errorf("a replacement is as strict, got %v", err)
	}
}

// TestAdoption lets another deployer apply an object first, which then is ours: what it has set and Git doesn't say goes.
func TestAdoption(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason  string
		manager string
		apply   bool
		options string
		want    map[string]any
	}{
		"ClientSide": {reason: "kubectl apply, Helm 3 and Argo CD update", manager: "kubectl-client-side-apply", want: map[string]any{"a": "git"}},
		"Helm":       {reason: "kubectl apply, Helm 3 and Argo CD update", manager: "helm", want: map[string]any{"a": "git"}},
		"ServerSide": {reason: "Helm 4 and Flux apply", manager: "kustomize-controller", apply: true, want: map[string]any{"a": "git"}},
		"Somebody":   {reason: "who isn't known to deploy keeps what it has set", manager: "operator", want: map[string]any{"a": "git", "b": "theirs"}},
		"Not": {
			reason: "nor is it taken where that isn't wanted", manager: "helm", options: "ClientSideApplyMigration=false",
			want: map[string]any{"a": "git", "b": "theirs"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := newNamespace(t)
			resource := admin.Resource(configMaps).Namespace(namespace)
			theirs := objects(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: theirs, b: theirs}")[0]
			var err error
			if tc.apply {
				_, err = resource.Apply(t.Context(), "c", theirs, metav1.ApplyOptions{FieldManager: tc.manager})
			} else {
				_, err = resource.Create(t.Context(), theirs, metav1.CreateOptions{FieldManager: tc.manager})
			}
			if err != nil {
				t.Fatal(err)
			}
			manifest := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, annotations: {fairlead.dev/sync-options: \"" + tc.options + "\"}}\ndata: {a: git}"
			states := apply(t, namespace, manifest)
			if diff := cmp.Diff(tc.want, states[0].Live.Object["data"]); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff([]syncer.Conflict{{Manager: tc.manager, Fields: []string{"data.a"}}}, states[0].Conflicts); diff != "" {
				t.Errorf("whose fields were taken is told (-want, +got):\n%s", diff)
			}
		})
	}
}

// TestRevision counts what a commit to one of many services costs, and which objects it marks.
func TestRevision(t *testing.T) {
	t.Parallel()
	const services = 300
	namespace := newNamespace(t)
	manifests := func(changed string) string {
		all := make([]string, services)
		for i := range all {
			value := "1"
			if i == 7 {
				value = changed
			}
			all[i] = fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c-%d}\ndata: {value: %q}", i, value)
		}
		return strings.Join(all, "\n---\n")
	}
	var reads, writes, dry atomic.Int64
	client := through(t, func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			switch {
			case r.URL.Query().Get("dryRun") != "":
				dry.Add(1)
			case r.Method == http.MethodGet:
				reads.Add(1)
			default:
				writes.Add(1)
			}
			return next.RoundTrip(r)
		})
	})
	sync := func(comparer *syncer.Comparer, revision, changed string) map[syncer.ID]*unstructured.Unstructured {
		desired := prepared(t, namespace, manifests(changed))
		live := liveOf(t, desired)
		reads.Store(0)
		writes.Store(0)
		dry.Store(0)
		states, err := syncer.NewApplier(client, mapper).Under(syncer.Rules{Revision: revision}).Apply(t.Context(), comparer.Recall(desired, live))
		if err != nil {
			t.Fatal(err)
		}
		comparer.Record(states)
		return liveOf(t, desired)
	}
	comparer := syncer.NewComparer()
	sync(comparer, "first", "1")
	live := sync(comparer, "second", "2")
	if got := [3]int64{reads.Load(), dry.Load(), writes.Load()}; got != [3]int64{0, 0, 1} {
		t.Errorf("one object is patched and nothing else is asked, got %v reads, dry runs and writes", got)
	}
	revisions := map[string]int{}
	for _, obj := range live {
		revisions[obj.GetAnnotations()[syncer.AnnotationRevision]]++
	}
	if diff := cmp.Diff(map[string]int{"first": services - 1, "second": 1}, revisions); diff != "" {
		t.Errorf("each object tells what has changed it last (-want, +got):\n%s", diff)
	}
	sync(syncer.NewComparer(), "third", "3")
	if got := [3]int64{reads.Load(), dry.Load(), writes.Load()}; got != [3]int64{0, services, 1} {
		t.Errorf("after a restart the others are compared, and not written, got %v reads, dry runs and writes", got)
	}
}

func TestWordsAreBounded(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	manifest := strings.Replace(job, "OPTIONS", "", 1)
	apply(t, namespace, strings.Replace(manifest, "IMAGE", "c:1", 1))
	long := strings.Replace(manifest, `image: "IMAGE"`, `image: "c:2", env: [{name: LONG, value: "`+strings.Repeat("long ", 2000)+`"}]`, 1)
	states, err := under(t, syncer.Rules{}, namespace, long)
	if len(text(err)) > 2048 || len(states[0].Difference) > 2048 || !strings.Contains(text(err), " ... ") || !strings.Contains(text(err), "spec.template: Invalid value") {
		t.Errorf("the API server quotes all that it refuses, got %d bytes: %v", len(text(err)), err)
	}
}

func TestApplyLeavesWhatIsBeingDeleted(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	manifest := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, finalizers: [example.com/held]}"
	apply(t, namespace, manifest)
	resource := admin.Resource(configMaps).Namespace(namespace)
	if err := resource.Delete(t.Context(), "c", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	states, err := under(t, syncer.Rules{}, namespace, strings.Replace(manifest, "name: c,", "name: c, labels: {a: b},", 1))
	if err != nil || states[0].Synced {
		t.Errorf("got %+v, %v", states[0], err)
	}
	if diff := cmp.Diff("is being deleted, and is created again when it is gone", states[0].Difference); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	live, err := resource.Get(t.Context(), "c", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	live.SetFinalizers(nil)
	if _, err := resource.Update(t.Context(), live, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}
