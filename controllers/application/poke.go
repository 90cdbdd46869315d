package application

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/status"
)

// pokesAhead is how many Applications may wait to be poked. What doesn't find room is found by its own retry.
const pokesAhead = 1024

// poke has Applications looked at now: another one has given up what they wait for.
func (r *Reconciler) poke(keys ...types.NamespacedName) {
	for _, key := range keys {
		app := &v1alpha1.Application{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
		select {
		case r.pokes <- event.GenericEvent{Object: app}:
		default:
		}
	}
}

// looked notes that an Application was looked at, if it couldn't be told what it declares. A failure that passes may hide
// what it will declare; one that doesn't hides nothing.
func (r *Reconciler) looked(s *scope) {
	if s.declared {
		return
	}
	switch {
	case s.repository == nil:
		r.claims.look(s.key, "", "")
	case status.Terminal(s.err):
		r.claims.look(s.key, s.repository.UID, s.head.Revision)
	}
}

// othersOf tells an Application what the others are after. One that can't be asked for counts as existing.
func (r *Reconciler) othersOf(ctx context.Context, s *scope) others {
	return others{claims: r.claims, cluster: clusterOf(s.app), exists: func(key types.NamespacedName) bool {
		return !apierrors.IsNotFound(r.client.Get(ctx, key, &v1alpha1.Application{}))
	}}
}
