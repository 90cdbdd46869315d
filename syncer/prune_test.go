package syncer_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/syncer"
)

func TestPrune(t *testing.T) {
	t.Parallel()
	ours := map[string]string{syncer.LabelApplication: "webhooks", syncer.LabelApplicationNamespace: "fairlead"}
	cases := map[string]struct {
		reason string
		labels map[string]string
		want   syncer.Pruned
	}{
		"Ours": {reason: "what an earlier revision applied goes", labels: ours, want: syncer.Pruned{Deleted: true}},
		"Theirs": {
			reason: "what another Application owns by now stays", labels: map[string]string{syncer.LabelApplication: "other", syncer.LabelApplicationNamespace: "fairlead"},
			want: syncer.Pruned{Kept: "it belongs to Application fairlead/other now"},
		},
		"SameNameElsewhere": {
			reason: "an Application of the same name in another namespace is another one", labels: map[string]string{syncer.LabelApplication: "webhooks", syncer.LabelApplicationNamespace: "team"},
			want: syncer.Pruned{Kept: "it belongs to Application team/webhooks now"},
		},
		"Nobodys": {reason: "what somebody took the labels from stays", want: syncer.Pruned{Kept: "it doesn't carry the labels of an Application any more"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := newNamespace(t)
			obj := objects(t, configMap)[0]
			obj.SetLabels(tc.labels)
			if _, err := admin.Resource(configMaps).Namespace(namespace).Create(t.Context(), obj, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			tc.want.ID = syncer.ID{Version: "v1", Kind: "ConfigMap", Namespace: namespace, Name: "c"}
			applier := syncer.NewApplier(admin, mapper)
			pruned, err := applier.Prune(t.Context(), owner, []syncer.ID{tc.want.ID}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]syncer.Pruned{tc.want}, pruned); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			_, err = admin.Resource(configMaps).Namespace(namespace).Get(t.Context(), "c", metav1.GetOptions{})
			if apierrors.IsNotFound(err) != tc.want.Deleted {
				t.Errorf("\n%s\nread: %v", tc.reason, err)
			}
			again, err := applier.Prune(t.Context(), owner, []syncer.ID{tc.want.ID}, nil)
			if err != nil || again[0].Deleted {
				t.Errorf("a second time does nothing, got %+v, %v", again, err)
			}
		})
	}
}

func TestPruneWhatIsGone(t *testing.T) {
	t.Parallel()
	leftover := []syncer.ID{
		{Group: "gone.example.com", Version: "v1", Kind: "Gone", Namespace: "web", Name: "kind"},
		{Version: "v1", Kind: "ConfigMap", Namespace: "web", Name: "object"},
	}
	pruned, err := syncer.NewApplier(admin, mapper).Prune(t.Context(), owner, leftover, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]syncer.Pruned{{ID: leftover[0]}, {ID: leftover[1]}}, pruned); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

// TestPruneOldVersion: what was applied under a version that isn't served any more is found under one that is, and what
// the revision holds under another is left alone.
func TestPruneOldVersion(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	manifest := "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: NAME}\nspec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: www}}"
	kept := apply(t, namespace, strings.Replace(manifest, "NAME", "kept", 1))
	apply(t, namespace, strings.Replace(manifest, "NAME", "old", 1))
	id := func(name string) syncer.ID {
		return syncer.ID{Group: "autoscaling", Version: "v2beta1", Kind: "HorizontalPodAutoscaler", Namespace: namespace, Name: name}
	}
	pruned, err := syncer.NewApplier(admin, mapper).Prune(t.Context(), owner, []syncer.ID{id("kept"), id("old")}, kept)
	if err != nil {
		t.Fatal(err)
	}
	want := []syncer.Pruned{{ID: id("kept"), Kept: "the revision holds it under another API version"}, {ID: id("old"), Deleted: true}}
	if diff := cmp.Diff(want, pruned); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

// TestPruneLooksAgain lets the object change between the look and the deletion: first harmlessly, then so that it is
// somebody else's.
func TestPruneLooksAgain(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		change string
		want   syncer.Pruned
	}{
		"Changed":    {reason: "it is still ours", change: `{"data": {"a": "b"}}`, want: syncer.Pruned{Deleted: true}},
		"HandedOver": {reason: "it has just been handed over", change: `{"metadata": {"labels": {"fairlead.dev/application": "other"}}}`, want: syncer.Pruned{Kept: "it belongs to Application fairlead/other now"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := newNamespace(t)
			apply(t, namespace, configMap)
			tc.want.ID = syncer.ID{Version: "v1", Kind: "ConfigMap", Namespace: namespace, Name: "c"}
			var changed atomic.Bool
			client := through(t, func(next http.RoundTripper) http.RoundTripper {
				return roundTripper(func(r *http.Request) (*http.Response, error) {
					if r.Method == http.MethodDelete && !changed.Swap(true) {
						_, err := admin.Resource(configMaps).Namespace(namespace).Patch(r.Context(), "c", types.MergePatchType, []byte(tc.change), metav1.PatchOptions{})
						if err != nil {
							return nil, err
						}
					}
					return next.RoundTrip(r)
				})
			})
			pruned, err := syncer.NewApplier(client, mapper).Prune(t.Context(), owner, []syncer.ID{tc.want.ID}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]syncer.Pruned{tc.want}, pruned); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestPruneWaitsForFinalizers(t *testing.T) {
	t.Parallel()
	namespace := newNamespace(t)
	apply(t, namespace, strings.Replace(configMap, "{name: c}", "{name: c, finalizers: [example.com/hold]}", 1))
	id := syncer.ID{Version: "v1", Kind: "ConfigMap", Namespace: namespace, Name: "c"}
	client, requests := counted(t)
	for _, want := range []int64{2, 1} { // look and delete, then look
		before := requests.Load()
		pruned, err := syncer.NewApplier(client, mapper).Prune(t.Context(), owner, []syncer.ID{id}, nil)
		if err != nil || !pruned[0].Deleted {
			t.Fatalf("got %+v, %v", pruned, err)
		}
		if got := requests.Load() - before; got != want {
			t.Errorf("got %d requests, want %d: what is on its way out isn't deleted again", got, want)
		}
	}
}
