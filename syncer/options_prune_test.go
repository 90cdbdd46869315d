package syncer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fairlead/fairlead/syncer"
)

func TestPruneOptions(t *testing.T) {
	t.Parallel()
	yes, no := func(syncer.ID) bool { return true }, func(syncer.ID) bool { return false }
	cases := map[string]struct {
		reason  string
		options string
		rules   syncer.Rules
		want    syncer.Pruned
	}{
		"Forbidden":   {reason: "an object may forbid it", options: "Prune=false", want: syncer.Pruned{Kept: "its sync options forbid to delete it"}},
		"Application": {reason: "and so may the Application", rules: syncer.Rules{Options: syncer.Options{Prune: syncer.Forbidden}}, want: syncer.Pruned{Kept: "its sync options forbid to delete it"}},
		"Overridden": {
			reason: "which an object overrides", options: "Prune=true",
			rules: syncer.Rules{Options: syncer.Options{Prune: syncer.Forbidden}}, want: syncer.Pruned{Deleted: true},
		},
		"Confirm": {reason: "or ask first", options: "Prune=confirm", want: syncer.Pruned{Kept: "its deletion is to be confirmed", Waits: true}},
		"NotConfirmed": {
			reason: "until somebody says yes", options: "Prune=confirm", rules: syncer.Rules{Confirmed: no},
			want: syncer.Pruned{Kept: "its deletion is to be confirmed", Waits: true},
		},
		"Confirmed": {reason: "then it goes", options: "Prune=confirm", rules: syncer.Rules{Confirmed: yes}, want: syncer.Pruned{Deleted: true}},
		"Delete":    {reason: "what forbids deletion with the Application doesn't forbid pruning", options: "Delete=false", want: syncer.Pruned{Deleted: true}},
		"Unknown": {
			reason: "what can't be understood is kept", options: "Prune=never",
			want: syncer.Pruned{Kept: `annotation fairlead.dev/sync-options: sync option "Prune=never": Prune is one of true, false, confirm`},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := newNamespace(t)
			obj := objects(t, configMap)[0]
			obj.SetLabels(map[string]string{syncer.LabelApplication: owner.Name, syncer.LabelApplicationNamespace: owner.Namespace})
			obj.SetAnnotations(map[string]string{"fairlead.dev/sync-options": tc.options})
			if tc.options == "" {
				obj.SetAnnotations(nil)
			}
			resource := admin.Resource(configMaps).Namespace(namespace)
			live, err := resource.Create(t.Context(), obj, metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			tc.want.ID = syncer.ID{Version: "v1", Kind: "ConfigMap", Namespace: namespace, Name: "c"}
			planned := tc.want
			planned.Deleted = false
			if diff := cmp.Diff(planned, tc.rules.Pruning(planned.ID, live)); diff != "" {
				t.Errorf("\n%s\nit is known beforehand (-want, +got):\n%s", tc.reason, diff)
			}
			pruned, err := syncer.NewApplier(admin, mapper).Under(tc.rules).Prune(t.Context(), owner, []syncer.ID{tc.want.ID}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]syncer.Pruned{tc.want}, pruned); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if _, err = resource.Get(t.Context(), "c", metav1.GetOptions{}); apierrors.IsNotFound(err) != tc.want.Deleted {
				t.Errorf("\n%s\nread: %v", tc.reason, err)
			}
		})
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	states := apply(t, namespace, `apiVersion: v1
kind: ConfigMap
metadata: {name: goes, annotations: {fairlead.dev/sync-options: Prune=false}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: kept, annotations: {argocd.argoproj.io/sync-options: Delete=false}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: held, finalizers: [example.com/held]}`)
	ids := make([]syncer.ID, len(states))
	for i, state := range states {
		ids[i] = state.ID
	}
	applier := syncer.NewApplier(admin, mapper)
	for _, want := range []map[string]bool{{"goes": true, "kept": false, "held": true}, {"goes": false, "kept": false, "held": true}} {
		results, err := applier.Delete(t.Context(), owner, ids, metav1.DeletePropagationBackground)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, result := range results {
			got[result.ID.Name] = result.Deleted
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("what is still going is told from what is gone (-want, +got):\n%s", diff)
		}
	}
	resource := admin.Resource(configMaps).Namespace(namespace)
	live, err := resource.Get(t.Context(), "held", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	live.SetFinalizers(nil)
	if _, err := resource.Update(t.Context(), live, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestStages(t *testing.T) {
	t.Parallel()
	id := func(kind, name string) syncer.ID { return syncer.ID{Version: "v1", Kind: kind, Name: name} }
	late := id("ConfigMap", "late")
	got := syncer.Stages([]syncer.ID{id("Namespace", "n"), id("ConfigMap", "a"), late, id("Service", "s"), id("Secret", "b")}, func(of syncer.ID) int {
		if of == late {
			return 1
		}
		return 0
	})
	want := [][]syncer.ID{{late}, {id("Service", "s")}, {id("Secret", "b"), id("ConfigMap", "a")}, {id("Namespace", "n")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the reverse of the order of applying (-want, +got):\n%s", diff)
	}
}

// neighbours are the declarations of other Applications.
type neighbours map[syncer.ID]syncer.Owner

func (n neighbours) Holds(other syncer.Owner, id syncer.ID) bool { return n[id] == other }

func (n neighbours) Declares(of syncer.Owner, id syncer.ID) (syncer.Owner, bool) {
	other, found := n[id]
	return other, found && other != of
}

func TestPlanMoves(t *testing.T) {
	t.Parallel()
	other := syncer.Owner{Namespace: "fairlead", Name: "other"}
	object := func(name string, of syncer.Owner) *unstructured.Unstructured {
		obj := objects(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: web}")[0]
		obj.SetName(name)
		obj.SetLabels(map[string]string{syncer.LabelApplication: of.Name, syncer.LabelApplicationNamespace: of.Namespace})
		return obj
	}
	id := func(name string) syncer.ID { return syncer.IDOf(object(name, owner)) }
	live := map[syncer.ID]*unstructured.Unstructured{id("moves-in"): object("moves-in", other), id("moves-out"): object("moves-out", owner), id("goes"): object("goes", owner)}
	plan, err := syncer.PlanSync([]*unstructured.Unstructured{object("moves-in", owner)}, []syncer.ID{id("moves-out"), id("goes")}, owner, live,
		neighbours{id("moves-out"): other})
	if err != nil {
		t.Fatalf("what another one doesn't declare any more is taken over: %v", err)
	}
	if diff := cmp.Diff([]syncer.ID{id("moves-out"), id("goes")}, plan.Prune); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if diff := cmp.Diff(map[syncer.ID]syncer.Owner{id("moves-out"): other}, plan.Handed); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	_, err = syncer.PlanSync([]*unstructured.Unstructured{object("moves-in", owner)}, nil, owner, live, neighbours{id("moves-in"): other})
	if diff := cmp.Diff("ConfigMap web/moves-in belongs to Application fairlead/other: remove it from one of the two", text(err)); diff != "" || terminal(err) {
		t.Errorf("what both declare stays with the first (-want, +got):\n%s", diff)
	}
}

func TestPrepareOptions(t *testing.T) {
	t.Parallel()
	unknown := "apiVersion: example.com/v1\nkind: Unknown\nmetadata: {name: u, annotations: {argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true, fairlead.dev/revision: old}}"
	desired := prepared(t, "web", unknown)
	if diff := cmp.Diff("Unknown web/u", syncer.IDOf(desired[0]).String()); diff != "" {
		t.Errorf("a kind that isn't known yet may pass (-want, +got):\n%s", diff)
	}
	if _, copied := desired[0].GetAnnotations()[syncer.AnnotationRevision]; copied {
		t.Error("the revision is ours to write")
	}
	_, err := syncer.NewApplier(admin, mapper).Apply(t.Context(), unseen(desired))
	want := `apply Unknown web/u: find the resource of kind example.com/v1, Kind=Unknown: no matches for kind "Unknown" in version "example.com/v1"`
	if diff := cmp.Diff(want, text(err)); diff != "" || terminal(err) {
		t.Errorf("it waits for its kind (-want, +got):\n%s", diff)
	}
	_, err = syncer.Prepare(objects(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, annotations: {fairlead.dev/sync-options: Prune=never}}"),
		owner, syncer.Scope{Namespace: "web"}, syncer.Options{}, mapper)
	want = `ConfigMap c: annotation fairlead.dev/sync-options: sync option "Prune=never": Prune is one of true, false, confirm`
	if diff := cmp.Diff(want, text(err)); diff != "" || !terminal(err) {
		t.Errorf("-want, +got:\n%s", diff)
	}
}
