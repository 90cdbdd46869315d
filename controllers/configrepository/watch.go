package configrepository

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// gatheringWindow is how long the first change waits for others before a push. It is short against a push and long
// against the time between the selections of one release of several services.
const gatheringWindow = 15 * time.Millisecond

// gathering enqueues the repositories that an object concerns after the gathering window. The work queue keeps one entry
// a repository, at the earliest time asked for: the window is counted from the first change and never extended.
func gathering(repositoriesOf handler.MapFunc) handler.EventHandler {
	enqueue := func(ctx context.Context, obj client.Object, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		for _, request := range repositoriesOf(ctx, obj) {
			queue.AddAfter(request, gatheringWindow)
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, e.Object, q)
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, e.ObjectNew, q)
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, e.Object, q)
		},
	}
}

// repositoriesOf are the ConfigRepositories in the namespace of a policy or an Application. Those that it doesn't
// concern find nothing to do and make no request.
func (r *Reconciler) repositoriesOf(ctx context.Context, obj client.Object) []reconcile.Request {
	var repositories v1alpha1.ConfigRepositoryList
	if err := r.client.List(ctx, &repositories, client.InNamespace(obj.GetNamespace())); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list ConfigRepositories", "namespace", obj.GetNamespace())
		return nil
	}
	requests := make([]reconcile.Request, 0, len(repositories.Items))
	for i := range repositories.Items {
		requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{
			Namespace: repositories.Items[i].Namespace, Name: repositories.Items[i].Name,
		}})
	}
	return requests
}

// selectionChanged passes on what may change a commit: another selected tag or another spec, and nothing else that is
// written into a policy's status.
func selectionChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(*v1alpha1.ImagePolicy)
		after, okNew := e.ObjectNew.(*v1alpha1.ImagePolicy)
		return ok && okNew && (before.Generation != after.Generation ||
			before.Status.ObservedGeneration != after.Status.ObservedGeneration ||
			!equality.Semantic.DeepEqual(before.Status.Latest, after.Status.Latest) ||
			!equality.Semantic.DeepEqual(placesOf(before), placesOf(after)))
	}}
}

// placesOf are the places that the targets of a policy were resolved to: a change means that there is somewhere new to
// write, or something to say of it.
func placesOf(policy *v1alpha1.ImagePolicy) []string {
	places := make([]string, 0, len(policy.Status.Targets))
	for _, target := range policy.Status.Targets {
		places = append(places, target.Repository+"/"+target.File+"#"+target.Path)
	}
	return places
}
