package application

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
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

// needless are finalizers of Argo CD that nobody else would take away.
//
//nolint:gochecknoglobals // a table; nothing changes it
var needless = []string{
	v1alpha1.ArgoPreDeleteFinalizer, v1alpha1.ArgoPreDeleteCleanupFinalizer, v1alpha1.ArgoPostDeleteFinalizer, v1alpha1.ArgoPostDeleteCleanupFinalizer,
}

// finalize runs the hooks of an Application that is being deleted and deletes its objects, where a finalizer asks for that, and then
// lets the Application go. Without hooks it works from the status alone: neither the repository nor the path needs to be there
// any more.
func (r *Reconciler) finalize(ctx context.Context, s *scope) (reconcile.Result, error) {
	finalizers := slices.DeleteFunc(slices.Clone(s.app.Finalizers), func(f string) bool { return cascades[f] == "" })
	if len(finalizers) == 0 {
		return reconcile.Result{}, r.release(ctx, s, needless)
	}
	waits, err := r.takeDown(ctx, s, cascades[finalizers[0]])
	if (err != nil || waits != "") && r.vanishes(ctx, s, err) {
		err, waits = nil, "" // the objects go with the namespace, whatever Fairlead may do there
	}
	if err == nil && waits == "" {
		return reconcile.Result{}, r.release(ctx, s, slices.Concat(finalizers, needless))
	}
	held := (*heldError)(nil)
	outcome := status.Outcome{Ready: metav1.ConditionFalse, Reason: v1alpha1.ReasonDeleting, Message: waits, Retrying: true}
	if errors.As(err, &held) {
		outcome.Retrying, outcome.Stalled = false, true
	}
	if err != nil {
		outcome.Message = remedied(err, finalizers)
	}
	failed := r.tellDeletion(ctx, s, outcome, err)
	if held == nil {
		failed = errors.Join(err, failed)
	}
	if failed != nil || held != nil {
		return reconcile.Result{}, failed
	}
	return reconcile.Result{RequeueAfter: s.again}, nil
}

// remedied is an error, and how to let the Application go all the same.
func remedied(err error, finalizers []string) string {
	next := ": it is tried again"
	if held := (*heldError)(nil); errors.As(err, &held) {
		next = ""
	}
	return fmt.Sprintf("%v%s; to let the Application go and leave its objects, remove its finalizer %s", err, next, strings.Join(finalizers, ", "))
}

// tellDeletion has the conditions say how far the deletion is, and an event if something new is in its way. With an error the
// question for another try stays open. Where a hook holds it, the head is noted: another one is a reason to try again.
func (r *Reconciler) tellDeletion(ctx context.Context, s *scope, outcome status.Outcome, failure error) error {
	was := meta.FindStatusCondition(s.app.Status.Conditions, v1alpha1.ConditionReady)
	isNew := was == nil || was.Message != status.Bounded(outcome.Message)
	generation, asked := s.app.Generation, s.app.Annotations[v1alpha1.ReconcileAtAnnotation]
	err := status.Patch(ctx, r.client, r.live, s.app, func(app *v1alpha1.Application) {
		if failure == nil || outcome.Stalled {
			app.Status.ObservedGeneration, app.Status.LastHandledReconcileAt = generation, asked
		}
		if outcome.Stalled && s.repository != nil {
			app.Status.Sync.Revision = revisionOf(s.repository)
		}
		outcome.Apply(&app.Status.Conditions, app.Generation)
	})
	s.memory.note(s.app)
	if err == nil && failure != nil && isNew {
		status.Failing(ctrl.LoggerFrom(ctx), failure, "reason", outcome.Reason)
		r.recorder.Fail(s.app, outcome.Reason, "Delete", outcome.Message)
	}
	return err
}

// takeDown runs the hooks before the deletion, deletes the objects, and runs the hooks that come after. It returns what it waits
// for; nothing, if all is done.
func (r *Reconciler) takeDown(ctx context.Context, s *scope, propagation metav1.DeletionPropagation) (string, error) {
	if err := r.permitDeletion(ctx, s); err != nil {
		return "", err
	}
	for _, part := range []func() (string, error){
		func() (string, error) { return r.obstacle(ctx, s) },
		func() (string, error) { return r.runDeletionHooks(ctx, s, syncer.PreDelete) },
		func() (string, error) { return r.cascade(ctx, s, pendingObjects(s.app), propagation) },
		func() (string, error) { return r.runDeletionHooks(ctx, s, syncer.PostDelete) },
		func() (string, error) { return r.cascade(ctx, s, remainingObjects(s.app), propagation) },
	} {
		if waits, err := part(); err != nil || waits != "" {
			return waits, err
		}
	}
	return "", nil
}

// obstacle is what is in the way of the deletion as a whole, if anything. Nobody is asked while hooks run: that was asked before.
func (r *Reconciler) obstacle(ctx context.Context, s *scope) (string, error) {
	if behind, err := r.unknown(ctx, s); err != nil || behind != "" {
		s.again = goingInterval
		return behind, err
	}
	if phase := placeOf(deletionOf(s.app)); phase == syncer.PreDelete || phase == syncer.PostDelete {
		return "", nil
	}
	unconfirmed, err := r.unconfirmed(ctx, s, append(inventoryOf(s.app), hooksOf(s.app)...))
	if unconfirmed != "" {
		s.again = stuckInterval
	}
	return unconfirmed, err
}

// cascade deletes one stage of objects after the other, and shortens the inventory as they go. It returns what it waits for;
// nothing, if no object is left that is to be deleted.
func (r *Reconciler) cascade(ctx context.Context, s *scope, objects []syncer.ID, propagation metav1.DeletionPropagation) (string, error) {
	for _, stage := range syncer.Stages(objects, waveIn(s.app)) {
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

// release takes finalizers away.
func (r *Reconciler) release(ctx context.Context, s *scope, finalizers []string) error {
	base, changed := s.app.DeepCopy(), false
	for _, finalizer := range finalizers {
		changed = controllerutil.RemoveFinalizer(s.app, finalizer) || changed
	}
	if !changed {
		return nil
	}
	err := r.client.Patch(ctx, s.app, client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{}))
	if err := client.IgnoreNotFound(err); err != nil {
		return fmt.Errorf("remove the finalizer of Application %s: %w", s.key, err)
	}
	return nil
}
