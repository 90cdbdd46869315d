package application

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/controllers/status"
	"github.com/fairlead/fairlead/syncer"
)

const (
	// goingInterval is the time between two looks while objects go, stuckInterval while none does. Those that are watched
	// tell by themselves.
	goingInterval = 500 * time.Millisecond
	stuckInterval = 5 * time.Second
)

// cascades are the finalizers that ask for the objects to be deleted with their Application, and how.
//
//nolint:gochecknoglobals // a table; nothing changes it
var cascades = map[string]metav1.DeletionPropagation{
	v1alpha1.ResourcesFinalizer:      metav1.DeletePropagationForeground,
	v1alpha1.ArgoResourcesFinalizer:  metav1.DeletePropagationForeground,
	v1alpha1.ArgoForegroundFinalizer: metav1.DeletePropagationForeground,
	v1alpha1.ArgoBackgroundFinalizer: metav1.DeletePropagationBackground,
}

// finalize deletes the objects of an Application that is being deleted, where a finalizer asks for that, and then lets the
// Application go. It works from the inventory alone: neither the repository nor the path needs to be there any more.
func (r *Reconciler) finalize(ctx context.Context, s *scope) (reconcile.Result, error) {
	finalizers := slices.DeleteFunc(slices.Clone(s.app.Finalizers), func(f string) bool { return cascades[f] == "" })
	if len(finalizers) == 0 {
		return reconcile.Result{}, nil
	}
	waits, err := r.cascade(ctx, s, cascades[finalizers[0]])
	if (err != nil || waits != "") && r.vanishes(ctx, s, err) {
		err, waits = nil, "" // the objects go with the namespace, whatever Fairlead may do there
	}
	if err == nil && waits == "" {
		return reconcile.Result{}, r.release(ctx, s, finalizers)
	}
	outcome := status.Outcome{Ready: metav1.ConditionFalse, Reason: v1alpha1.ReasonDeleting, Message: waits, Retrying: true}
	if err != nil {
		outcome.Message = fmt.Sprintf("%v: it is tried again; to let the Application go and leave its objects, remove its finalizer %s", err, strings.Join(finalizers, ", "))
	}
	if failed := status.Patch(ctx, r.client, r.live, s.app, func(app *v1alpha1.Application) {
		outcome.Apply(&app.Status.Conditions, app.Generation)
	}); failed != nil || err != nil {
		return reconcile.Result{}, errors.Join(err, failed)
	}
	return reconcile.Result{RequeueAfter: s.again}, nil
}

// cascade deletes one stage of objects after the other, and shortens the inventory as they go. It returns what it waits for;
// nothing, if no object is left that is to be deleted.
func (r *Reconciler) cascade(ctx context.Context, s *scope, propagation metav1.DeletionPropagation) (string, error) {
	if err := r.permitDeletion(ctx, s); err != nil {
		return "", err
	}
	if behind, err := r.unknown(ctx, s); err != nil || behind != "" {
		s.again = goingInterval
		return behind, err
	}
	inventory := append(inventoryOf(s.app), hooksOf(s.app)...)
	unconfirmed, err := r.unconfirmed(ctx, s, inventory)
	if err != nil || unconfirmed != "" {
		s.again = stuckInterval
		return unconfirmed, err
	}
	for _, stage := range syncer.Stages(inventory, waveIn(s.app)) {
		stage = slices.DeleteFunc(stage, func(id syncer.ID) bool {
			_, handed := r.claims.other(s.key, clusterOf(s.app), id)
			return handed
		})
		if _, err := s.applier.Delete(ctx, s.owner(), stage, propagation); err != nil {
			return "", err
		}
		// Most objects go as soon as they are deleted. The second time only those that take longer are left.
		results, err := s.applier.Delete(ctx, s.owner(), stage, propagation)
		if err != nil {
			return "", err
		}
		going := slices.DeleteFunc(results, func(result syncer.Pruned) bool { return !result.Deleted })
		if len(going) > 0 {
			s.again = goingInterval
			return r.shorten(ctx, s, stage, going)
		}
	}
	return "", nil
}

// unknown says which Application wasn't looked at since the start, if any: it may declare what is about to be deleted.
func (r *Reconciler) unknown(ctx context.Context, s *scope) (string, error) {
	var apps v1alpha1.ApplicationList
	if err := r.client.List(ctx, &apps, client.InNamespace(s.key.Namespace)); err != nil {
		return "", fmt.Errorf("list Applications: %w", err)
	}
	for i := range apps.Items {
		other := client.ObjectKeyFromObject(&apps.Items[i])
		if other != s.key && apps.Items[i].DeletionTimestamp == nil && !r.claims.knows(other) {
			return fmt.Sprintf("waits until it is known what Application %s declares", other), nil
		}
	}
	return "", nil
}

// hooksOf are the hooks that ran last: some stay to be looked at until the next sync.
func hooksOf(app *v1alpha1.Application) []syncer.ID {
	if app.Status.Operation == nil {
		return nil
	}
	var ids []syncer.ID
	for _, hook := range app.Status.Operation.Hooks {
		ids = append(ids, hookID(hook))
	}
	return ids
}

// permitDeletion finds the client that deletes. A destination that isn't permitted any more is none to deploy to, but what was
// deployed to the Application's own namespace before can be deleted there.
func (r *Reconciler) permitDeletion(ctx context.Context, s *scope) error {
	s.rules, _ = RulesOf(s.app, nil) // with options that can't be read, those of the objects count alone
	s.rules.Confirmed = func(syncer.ID) bool { return approvedSince(s.app, s.app.DeletionTimestamp.Time) }
	err := r.permit(ctx, s)
	if access.ReasonOf(err, "") == v1alpha1.ReasonNotPermitted {
		own := s.app.DeepCopy()
		own.Spec.Destination.Namespace = own.Namespace
		app := s.app
		s.app = own
		err = r.permit(ctx, s)
		s.app = app
	}
	if err != nil {
		return err
	}
	s.applier = syncer.NewApplier(s.client, s.cluster.mapper).Under(s.rules)
	return nil
}

// unconfirmed says which objects may be deleted only when that is confirmed, if any. Until then none is.
func (r *Reconciler) unconfirmed(ctx context.Context, s *scope, inventory []syncer.ID) (string, error) {
	if s.rules.Confirmed(syncer.ID{}) {
		return "", nil
	}
	var names []string
	for _, id := range inventory {
		live, err := s.applier.Get(ctx, id)
		if err != nil {
			return "", fmt.Errorf("look for %s: %w", id, err)
		}
		if s.rules.Deleting(id, live).Waits {
			names = append(names, id.String())
		}
	}
	if len(names) == 0 {
		return "", nil
	}
	return fmt.Sprintf("waits until the deletion of %s is confirmed: annotate the Application with %s=<the time now, RFC 3339>",
		enumerated(names), v1alpha1.DeletionApprovedAnnotation), nil
}

// shorten takes what is gone from the inventory, and says what is still going.
func (r *Reconciler) shorten(ctx context.Context, s *scope, stage []syncer.ID, going []syncer.Pruned) (string, error) {
	left, names := map[syncer.ID]bool{}, make([]string, 0, len(going))
	for _, result := range going {
		left[result.ID] = true
		names = append(names, result.ID.String())
	}
	before := len(s.app.Status.Resources)
	err := status.Patch(ctx, r.client, r.live, s.app, func(app *v1alpha1.Application) {
		app.Status.Resources = slices.DeleteFunc(app.Status.Resources, func(resource v1alpha1.ResourceStatus) bool {
			id := idOf(&resource)
			return slices.Contains(stage, id) && !left[id]
		})
	})
	if len(s.app.Status.Resources) == before {
		s.again = stuckInterval
	}
	return "waits until " + enumerated(names) + " is gone", err
}

// enumerated names a few, and counts the others.
func enumerated(names []string) string {
	const most = 3
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}

// waveIn is the wave of each object of the inventory.
func waveIn(app *v1alpha1.Application) func(syncer.ID) int {
	waves := make(map[syncer.ID]int, len(app.Status.Resources))
	for i := range app.Status.Resources {
		waves[idOf(&app.Status.Resources[i])] = int(app.Status.Resources[i].SyncWave)
	}
	return func(id syncer.ID) int { return waves[id] }
}

// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get

// vanishes says whether the objects go by themselves, since an Application that deploys to its own namespace goes with it:
// the ServiceAccount that could delete them may be gone already. Those in another cluster stay if the kubeconfig went first: nobody
// can reach them then.
func (r *Reconciler) vanishes(ctx context.Context, s *scope, err error) bool {
	switch {
	case s.app.Namespace == r.ownNamespace:
		return false
	case access.IsRemote(s.app) && access.ReasonOf(err, "") != v1alpha1.ReasonSecretNotUsable:
		return false
	}
	namespace := &corev1.Namespace{}
	err = r.live.Get(ctx, client.ObjectKey{Name: s.app.Namespace}, namespace)
	return err == nil && namespace.DeletionTimestamp != nil
}

// +kubebuilder:rbac:groups=fairlead.dev,resources=applications,verbs=patch

// release takes the finalizers away.
func (r *Reconciler) release(ctx context.Context, s *scope, finalizers []string) error {
	base := s.app.DeepCopy()
	for _, finalizer := range finalizers {
		controllerutil.RemoveFinalizer(s.app, finalizer)
	}
	err := r.client.Patch(ctx, s.app, client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{}))
	if err := client.IgnoreNotFound(err); err != nil {
		return fmt.Errorf("remove the finalizer of Application %s: %w", s.key, err)
	}
	return nil
}
