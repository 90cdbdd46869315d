package syncer_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/syncer"
)

// clientSide are the rules of an Application that asks for client-side applies.
func clientSide(revision string) syncer.Rules {
	return syncer.Rules{Options: syncer.Options{ClientSide: true}, Revision: revision}
}

// comparedUnder compares manifests with what is there, under rules.
func comparedUnder(t *testing.T, rules syncer.Rules, namespace, manifests string) syncer.State {
	t.Helper()
	desired := prepared(t, namespace, manifests)
	states, err := syncer.NewComparer().Compare(t.Context(), syncer.NewApplier(admin, mapper).Under(rules), desired, liveOf(t, desired))
	if err != nil {
		t.Fatal(err)
	}
	return states[0]
}

// appliedUnder applies one manifest under rules and holds that it is in sync then.
func appliedUnder(t *testing.T, rules syncer.Rules, namespace, manifest string) *unstructured.Unstructured {
	t.Helper()
	states, err := under(t, rules, namespace, manifest)
	if err != nil {
		t.Fatal(err)
	}
	if state := comparedUnder(t, rules, namespace, manifest); !state.Synced {
		t.Errorf("what was applied is in sync, got: %s", state.Difference)
	}
	return states[0].Live
}

// twoOfOneName is a Deployment whose list holds the same key twice.
const twoOfOneName = `apiVersion: apps/v1
kind: Deployment
metadata: {name: www}
spec:
  selector: {matchLabels: {app: www}}
  template:
    metadata: {labels: {app: www}}
    spec: {containers: [{name: www, image: "www:1", env: [{name: A, value: "1"}, {name: B, value: "2"}, {name: A, value: "3"}]}]}`

func TestClientSideTakesWhatServerSideRefuses(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	_, err := under(t, syncer.Rules{}, namespace, twoOfOneName)
	hint := "the annotation fairlead.dev/sync-options: ServerSideApply=false has it applied as kubectl does it by default, Replace=true has it replaced"
	if !strings.Contains(text(err), "duplicate entries for key") || !strings.HasSuffix(text(err), hint) {
		t.Fatalf("a server-side apply refuses it, and it is told what helps, got %v", err)
	}
	made := appliedUnder(t, clientSide("a"), namespace, twoOfOneName)
	next := strings.Replace(twoOfOneName, "www:1", "www:2", 1)
	if diff := cmp.Diff("differs in spec.template.spec.containers[0].image", comparedUnder(t, clientSide("b"), namespace, next).Difference); diff != "" {
		t.Errorf("a difference names no bookkeeping (-want, +got):\n%s", diff)
	}
	changed := appliedUnder(t, clientSide("b"), namespace, next)
	containers, _, _ := unstructured.NestedSlice(changed.Object, "spec", "template", "spec", "containers")
	container, _ := containers[0].(map[string]any)
	got := map[string]any{"image": container["image"], "revision": changed.GetAnnotations()[syncer.AnnotationRevision], "same": changed.GetUID() == made.GetUID()}
	if diff := cmp.Diff(map[string]any{"image": "www:2", "revision": "b", "same": true}, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	last := changed.GetAnnotations()[corev1.LastAppliedConfigAnnotation]
	if strings.Contains(last, syncer.AnnotationRevision) || !strings.Contains(last, "www:2") {
		t.Errorf("the annotation holds the manifest, without the revision: %s", last)
	}
}

// TestClientSideMerges lets others set fields, and then applies another manifest.
func TestClientSideMerges(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	manifest := strings.Replace(twoContainers, "  replicas: 2\n", "", 1)
	appliedUnder(t, clientSide("a"), namespace, manifest)
	resource := admin.Resource(deployments).Namespace(namespace)
	scaled := []byte(`{"metadata":{"labels":{"theirs":"1"}},"spec":{"replicas":5,"template":{"spec":{"containers":[{"name":"sidecar","image":"sidecar:1"}]}}}}`)
	if _, err := resource.Patch(t.Context(), "www", types.StrategicMergePatchType, scaled, metav1.PatchOptions{FieldManager: "autoscaler"}); err != nil {
		t.Fatal(err)
	}
	if state := comparedUnder(t, clientSide("a"), namespace, manifest); !state.Synced {
		t.Errorf("what the manifest doesn't name is nobody's concern, got: %s", state.Difference)
	}
	drifted := []byte(`{"spec":{"template":{"spec":{"containers":[{"name":"www","image":"www:0"}]}}}}`)
	if _, err := resource.Patch(t.Context(), "www", types.StrategicMergePatchType, drifted, metav1.PatchOptions{FieldManager: "somebody"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("differs in spec.template.spec.containers[1].image", comparedUnder(t, clientSide("a"), namespace, manifest).Difference); diff != "" {
		t.Errorf("what it names is (-want, +got):\n%s", diff)
	}
	live := appliedUnder(t, clientSide("b"), namespace, strings.Replace(manifest, `      - {name: proxy, image: "proxy:1"}`, "", 1))
	containers, _, _ := unstructured.NestedSlice(live.Object, "spec", "template", "spec", "containers")
	images := map[string]any{}
	for _, entry := range containers {
		container, _ := entry.(map[string]any)
		images[container["name"].(string)] = container["image"]
	}
	replicas, _, _ := unstructured.NestedInt64(live.Object, "spec", "replicas")
	want := map[string]any{"images": map[string]any{"www": "www:1", "sidecar": "sidecar:1"}, "replicas": int64(5), "theirs": "1"}
	if diff := cmp.Diff(want, map[string]any{"images": images, "replicas": replicas, "theirs": live.GetLabels()["theirs"]}); diff != "" {
		t.Errorf("what left the manifest goes, what others have set stays (-want, +got):\n%s", diff)
	}
}

func TestClientSideTakesOver(t *testing.T) {
	t.Parallel()
	const plain = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: theirs, b: theirs}"
	applied, err := json.Marshal(objects(t, plain)[0].Object)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		reason string
		last   string
		want   map[string]any
		err    string
	}{
		"Kubectl": {reason: "what kubectl apply or Argo CD has applied and Git doesn't say goes", last: string(applied), want: map[string]any{"a": "git"}},
		"Nobody":  {reason: "what wasn't applied stays", want: map[string]any{"a": "git", "b": "theirs"}},
		"Unreadable": {
			reason: "what can't be read isn't guessed", last: "{",
			err: "apply ConfigMap NS/c: annotation kubectl.kubernetes.io/last-applied-configuration: what was applied before can't be read from it: remove the annotation",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := newNamespace(t)
			theirs := objects(t, plain)[0]
			if tc.last != "" {
				theirs.SetAnnotations(map[string]string{corev1.LastAppliedConfigAnnotation: tc.last})
			}
			if _, err := admin.Resource(configMaps).Namespace(namespace).Create(t.Context(), theirs, metav1.CreateOptions{FieldManager: "kubectl-client-side-apply"}); err != nil {
				t.Fatal(err)
			}
			states, err := under(t, clientSide(""), namespace, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: git}")
			if diff := cmp.Diff(strings.ReplaceAll(tc.err, "NS", namespace), text(err)); diff != "" {
				t.Fatalf("%s (-want, +got):\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.want, states[0].Live.Object["data"]); err == nil && diff != "" {
				t.Errorf("%s (-want, +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// TestClientSideAndBack changes the way of applying an object, there and back.
func TestClientSideAndBack(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	manifest := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: \"1\", b: \"1\"}"
	appliedUnder(t, syncer.Rules{}, namespace, manifest)
	if diff := cmp.Diff("differs in metadata.annotations", comparedUnder(t, clientSide(""), namespace, manifest).Difference); diff != "" {
		t.Errorf("what is to be noted for the next time is a difference, else the next change would take nothing away (-want, +got):\n%s", diff)
	}
	appliedUnder(t, clientSide(""), namespace, manifest)
	live := appliedUnder(t, clientSide(""), namespace, strings.Replace(manifest, `b: "1"`, `c: "1"`, 1))
	if diff := cmp.Diff(map[string]any{"a": "1", "c": "1"}, live.Object["data"]); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	live = appliedUnder(t, syncer.Rules{}, namespace, strings.Replace(manifest, `a: "1", b: "1"`, `a: "2"`, 1))
	if diff := cmp.Diff(map[string]any{"a": "2"}, live.Object["data"]); diff != "" || live.GetAnnotations()[corev1.LastAppliedConfigAnnotation] != "" {
		t.Errorf("back again, what was merged goes like what was applied (-want, +got):\n%s", diff)
	}
}

// TestClientSideOfOtherKinds applies a kind of which it isn't known how its lists are merged.
func TestClientSideOfOtherKinds(t *testing.T) {
	t.Parallel()
	const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: merges.clientside.example.com, labels: {a: "1", b: "1"}}
spec:
  group: clientside.example.com
  names: {kind: Merge, plural: merges, singular: merge, listKind: MergeList}
  scope: Namespaced
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}`
	namespace := newNamespace(t)
	appliedUnder(t, clientSide(""), namespace, definition)
	live := appliedUnder(t, clientSide(""), namespace, strings.Replace(definition, `, b: "1"`, "", 1))
	labels := live.GetLabels()
	delete(labels, syncer.LabelApplication)
	delete(labels, syncer.LabelApplicationNamespace)
	if diff := cmp.Diff(map[string]string{"a": "1"}, labels); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestClientSideByForce(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	manifest := strings.Replace(job, "OPTIONS", "ServerSideApply=false,Force=true", 1)
	before := appliedUnder(t, syncer.Rules{}, namespace, strings.Replace(manifest, "IMAGE", "c:1", 1))
	after := appliedUnder(t, syncer.Rules{}, namespace, strings.Replace(manifest, "IMAGE", "c:2", 1))
	if before.GetUID() == after.GetUID() || after.GetAnnotations()[corev1.LastAppliedConfigAnnotation] == "" {
		t.Error("what can't be changed is created again, in the same way")
	}
}

func TestClientSideIsStrict(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	manifest := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: \"1\"}\ndatas: {}"
	for _, reason := range []string{"it is made", "it is changed"} {
		if _, err := under(t, clientSide(""), namespace, manifest); !strings.HasSuffix(text(err), `strict decoding error: unknown field "datas"`) {
			t.Errorf("what the schema lacks is refused when %s, got %v", reason, err)
		}
		loose := clientSide("")
		loose.Options.SkipValidation = true
		if _, err := under(t, loose, namespace, manifest); err != nil {
			t.Errorf("Validate=false drops it when %s, got %v", reason, err)
		}
	}
}
