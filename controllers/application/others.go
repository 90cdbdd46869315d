package application

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/syncer"
)

// pokesAhead is how many Applications may wait to be poked. What doesn't find room is found by its own retry.
const pokesAhead = 1024

// poke has Applications looked at now: another one has given up what they wait for, or their cluster answers again.
func (r *Reconciler) poke(keys ...types.NamespacedName) {
	for _, key := range keys {
		app := &v1alpha1.Application{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
		select {
		case r.pokes <- event.GenericEvent{Object: app}:
		default:
		}
	}
}

// declare tells other Applications what this one declares. An object that names no namespace, as it may be before it is
// prepared, counts with and without that of the destination. Outside of where it may deploy nobody's word counts: else a
// team could keep the objects of others from being pruned.
func (r *Reconciler) declare(s *scope, objects []*unstructured.Unstructured) {
	ids := make([]syncer.ID, 0, len(objects))
	for _, obj := range objects {
		id := syncer.IDOf(obj)
		if may := s.permission.Scope; !may.NamespaceOnly || id.Namespace == may.Namespace {
			ids = append(ids, id)
		}
		if id.Namespace == "" {
			id.Namespace = s.permission.Scope.Namespace
			ids = append(ids, id)
		}
	}
	s.declared = true
	r.poke(r.claims.declare(s.key, clusterOf(s.app), s.repository.UID, s.head.Revision, ids)...)
}

// looked notes that an Application was looked at, if it couldn't be told what it declares. As long as its files can't be read,
// nobody knows what they declare; otherwise a failure hides nothing.
func (r *Reconciler) looked(s *scope) {
	switch {
	case s.declared:
	case s.repository == nil:
		r.claims.look(s.key, "", "")
	case s.reason == v1alpha1.ReasonGitFailed:
		r.claims.look(s.key, s.repository.UID, "")
	default:
		r.claims.look(s.key, s.repository.UID, s.head.Revision)
	}
}

// othersOf tells an Application what the others are after. One that can't be asked for counts as existing.
func (r *Reconciler) othersOf(ctx context.Context, s *scope) others {
	return others{claims: r.claims, cluster: clusterOf(s.app), exists: func(key types.NamespacedName) bool {
		return !apierrors.IsNotFound(r.client.Get(ctx, key, &v1alpha1.Application{}))
	}}
}

// others tells an Application what other Applications are after.
type others struct {
	claims  *claims
	cluster string
	// exists says whether there is such an Application.
	exists func(types.NamespacedName) bool
}

// Holds implements syncer.Others. What belongs to an Application that doesn't exist is anybody's.
func (o others) Holds(other syncer.Owner, id syncer.ID) bool {
	key := types.NamespacedName(other)
	return o.exists(key) && o.claims.holds(key, id)
}

// Declares implements syncer.Others.
func (o others) Declares(owner syncer.Owner, id syncer.ID) (syncer.Owner, bool) {
	other, found := o.claims.other(types.NamespacedName(owner), o.cluster, id)
	return syncer.Owner(other), found
}
