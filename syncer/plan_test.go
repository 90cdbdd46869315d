package syncer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fairlead/fairlead/syncer"
)

func TestPlanSync(t *testing.T) {
	t.Parallel()
	const ours = ", labels: {fairlead.dev/application: webhooks, fairlead.dev/application-namespace: fairlead}"
	const theirs = ", labels: {fairlead.dev/application: other, fairlead.dev/application-namespace: fairlead}"
	manifest := func(kind, name, rest string) string {
		return "apiVersion: v1\nkind: " + kind + "\nmetadata: {namespace: web, name: " + name + rest + "}"
	}
	id := func(kind, name string) syncer.ID {
		return syncer.ID{Version: "v1", Kind: kind, Namespace: "web", Name: name}
	}
	cases := map[string]struct {
		reason    string
		desired   string
		inventory []syncer.ID
		live      map[syncer.ID]string // a manifest, or "" for an object that is known not to be there
		want      []syncer.ID
		refused   string
	}{
		"Nothing": {reason: "all that was applied is still desired", desired: manifest("ConfigMap", "a", ours), inventory: []syncer.ID{id("ConfigMap", "a")}},
		"Reverse": {
			reason:    "what was applied last goes first",
			desired:   manifest("ConfigMap", "a", ours),
			inventory: []syncer.ID{id("ConfigMap", "b"), id("ConfigMap", "c"), id("Service", "d"), id("ConfigMap", "b")},
			want:      []syncer.ID{id("Service", "d"), id("ConfigMap", "c"), id("ConfigMap", "b")},
		},
		"OtherVersion": {
			reason:    "an object in another version of its kind is the same object",
			desired:   manifest("ConfigMap", "a", ours),
			inventory: []syncer.ID{{Version: "v1beta1", Kind: "ConfigMap", Namespace: "web", Name: "a"}},
		},
		"Gone": {
			reason:    "what is known not to be there needs no pruning, what isn't known stays",
			desired:   manifest("ConfigMap", "a", ours),
			inventory: []syncer.ID{id("ConfigMap", "gone"), id("ConfigMap", "unknown"), id("ConfigMap", "there"), id("ConfigMap", "going")},
			live: map[syncer.ID]string{
				id("ConfigMap", "gone"): "", id("ConfigMap", "there"): manifest("ConfigMap", "there", ours),
				id("ConfigMap", "going"): manifest("ConfigMap", "going", ours+", deletionTimestamp: '2026-01-01T00:00:00Z'"),
			},
			want: []syncer.ID{id("ConfigMap", "unknown"), id("ConfigMap", "there")},
		},
		"HandedOver": {
			reason:    "what belongs to somebody else by now, or to nobody, is not ours to prune",
			desired:   manifest("ConfigMap", "a", ours),
			inventory: []syncer.ID{id("ConfigMap", "theirs"), id("ConfigMap", "nobodys")},
			live: map[syncer.ID]string{
				id("ConfigMap", "theirs"): manifest("ConfigMap", "theirs", theirs), id("ConfigMap", "nobodys"): manifest("ConfigMap", "nobodys", ""),
			},
		},
		"Adopted": {
			reason:  "an object that nobody manages is taken over",
			desired: manifest("ConfigMap", "a", ours),
			live:    map[syncer.ID]string{id("ConfigMap", "a"): manifest("ConfigMap", "a", "")},
		},
		"Claimed": {
			reason:  "two Applications would take it from each other for ever",
			desired: manifest("ConfigMap", "a", ours),
			live:    map[syncer.ID]string{id("ConfigMap", "a"): manifest("ConfigMap", "a", theirs)},
			refused: "ConfigMap web/a belongs to Application fairlead/other: remove it from one of the two",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live := map[syncer.ID]*unstructured.Unstructured{}
			for id, manifest := range tc.live {
				live[id] = nil
				if manifest != "" {
					live[id] = objects(t, manifest)[0]
				}
			}
			plan, err := syncer.PlanSync(objects(t, tc.desired), tc.inventory, owner, live, alone{})
			if diff := cmp.Diff(tc.refused, text(err)); diff != "" {
				t.Fatalf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if terminal(err) {
				t.Errorf("\n%s\nthe other Application may let go of it without a word to us", tc.reason)
			}
			if diff := cmp.Diff(tc.want, plan.Prune); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// alone knows of no other Application's declarations: what carries its labels may be declared by it.
type alone struct{}

func (alone) Holds(syncer.Owner, syncer.ID) bool { return true }

func (alone) Declares(syncer.Owner, syncer.ID) (syncer.Owner, bool) { return syncer.Owner{}, false }
