package syncer_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/syncer"
)

func TestEnsureNamespace(t *testing.T) {
	t.Parallel()
	applier := syncer.NewApplier(admin, mapper)
	for _, want := range []bool{true, false} {
		created, err := applier.EnsureNamespace(t.Context(), "made-once", owner, syncer.Metadata{})
		if err != nil || created != want {
			t.Fatalf("got %v, %v, want %v", created, err, want)
		}
	}
	made, err := admin.Resource(namespaces).Get(t.Context(), "made-once", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, owned := syncer.OwnerOf(made); owned {
		t.Error("a namespace that was only made sure of is nobody's")
	}
	_, err = syncer.NewApplier(as(t, "web", "nobody"), mapper).EnsureNamespace(t.Context(), "made-once", owner, syncer.Metadata{})
	want := `look for Namespace made-once: namespaces "made-once" is forbidden: User "system:serviceaccount:web:nobody" cannot get resource "namespaces" in API group "" in the namespace "made-once"`
	if diff := cmp.Diff(want, text(err)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestNamespaceMetadata(t *testing.T) {
	t.Parallel()
	applier := syncer.NewApplier(admin, mapper)
	name := newNamespace(t)
	other := syncer.Owner{Namespace: strings.Repeat("n", 63), Name: strings.Repeat("a", 63)}
	steps := []struct {
		reason   string
		owner    syncer.Owner
		metadata syncer.Metadata
		changed  bool
		want     map[string]string // the labels
		wantErr  string
	}{
		{reason: "nothing asked, nothing done", owner: owner},
		{reason: "what is asked is put on", owner: owner, metadata: syncer.Metadata{Labels: map[string]string{"a": "1", "b": "1"}}, changed: true, want: map[string]string{"a": "1", "b": "1"}},
		{reason: "once", owner: owner, metadata: syncer.Metadata{Labels: map[string]string{"a": "1", "b": "1"}}, want: map[string]string{"a": "1", "b": "1"}},
		{
			reason: "another Application adds its own", owner: other, metadata: syncer.Metadata{Labels: map[string]string{"b": "1", "c": "1"}}, changed: true,
			want: map[string]string{"a": "1", "b": "1", "c": "1"},
		},
		{
			reason: "and doesn't take what isn't its own", owner: other, metadata: syncer.Metadata{Labels: map[string]string{"a": "2"}},
			want:    map[string]string{"a": "1", "b": "1", "c": "1"},
			wantErr: "keep the metadata of Namespace NAME: metadata.labels.a: Application fairlead/webhooks keeps it otherwise: have one of the two say it",
		},
		{reason: "what isn't asked any more goes, unless another one asks", owner: owner, changed: true, want: map[string]string{"b": "1", "c": "1"}},
		{reason: "to the last", owner: other, changed: true},
	}
	for _, step := range steps {
		changed, err := applier.EnsureNamespace(t.Context(), name, step.owner, step.metadata)
		if diff := cmp.Diff(strings.ReplaceAll(step.wantErr, "NAME", name), text(err)); diff != "" || changed != step.changed || terminal(err) {
			t.Errorf("%s: changed %v; -want, +got:\n%s", step.reason, changed, diff)
		}
		live, err := admin.Resource(namespaces).Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		labels := live.GetLabels()
		delete(labels, "kubernetes.io/metadata.name")
		if len(labels) == 0 {
			labels = nil
		}
		if diff := cmp.Diff(step.want, labels); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", step.reason, diff)
		}
	}
}

func TestTerminatingNamespace(t *testing.T) {
	t.Parallel()
	name := newNamespace(t) // nothing here finishes a deletion: the controllers don't run
	if err := admin.Resource(namespaces).Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	applier := syncer.NewApplier(admin, mapper)
	_, err := applier.EnsureNamespace(t.Context(), name, owner, syncer.Metadata{})
	want := "look for Namespace " + name + ": it is being deleted: waits until it is gone, to create it anew"
	if diff := cmp.Diff(want, text(err)); diff != "" || terminal(err) {
		t.Errorf("-want, +got:\n%s", diff)
	}
	_, err = applier.Apply(t.Context(), unseen(prepared(t, name, configMap)))
	want = strings.ReplaceAll(`apply ConfigMap NAME/c: configmaps "c" is forbidden: unable to create new content in namespace NAME because it is being terminated: `+
		"it is tried again until the namespace is gone and made anew", "NAME", name)
	if diff := cmp.Diff(want, text(err)); diff != "" || terminal(err) {
		t.Errorf("-want, +got:\n%s", diff)
	}
}
