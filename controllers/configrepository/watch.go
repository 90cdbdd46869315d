package configrepository

import (
	"cmp"
	"context"
	"slices"

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

// mapping names the repositories that an object concerns.
type mapping func(context.Context, client.Object) []types.NamespacedName

// gathering enqueues the repositories that an object concerns, or concerned before a change, for when their windows close. The
// work queue keeps one entry a repository, at the earliest time asked for; what comes of a window that has grown since then,
// the run asks itself.
func (r *Reconciler) gathering(repositoriesOf mapping) handler.EventHandler {
	enqueue := func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request], versions ...client.Object) {
		now := r.now()
		keys := make([]types.NamespacedName, 0, len(versions))
		for _, obj := range versions {
			keys = append(keys, repositoriesOf(ctx, obj)...)
		}
		slices.SortFunc(keys, func(a, b types.NamespacedName) int { return cmp.Compare(a.String(), b.String()) })
		for _, key := range slices.Compact(keys) {
			queue.AddAfter(reconcile.Request{NamespacedName: key}, r.windows.arrived(key, now))
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, q, e.Object)
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, q, e.ObjectOld, e.ObjectNew)
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, q, e.Object)
		},
	}
}

// repositoriesOfPolicy are the ConfigRepositories that the targets of a policy were resolved to. Where a target lies isn't
// known before its status says so; that is a change as well.
func repositoriesOfPolicy(_ context.Context, obj client.Object) []types.NamespacedName {
	policy, ok := obj.(*v1alpha1.ImagePolicy)
	if !ok {
		return nil
	}
	keys := make([]types.NamespacedName, 0, len(policy.Status.Targets))
	for _, target := range policy.Status.Targets {
		if target.Repository != "" {
			keys = append(keys, types.NamespacedName{Namespace: policy.Namespace, Name: target.Repository})
		}
	}
	return keys
}

// repositoriesBeside are all ConfigRepositories in the namespace of an Application: policies may mean any of them by it.
func (r *Reconciler) repositoriesBeside(ctx context.Context, obj client.Object) []types.NamespacedName {
	var repositories v1alpha1.ConfigRepositoryList
	if err := r.client.List(ctx, &repositories, client.InNamespace(obj.GetNamespace()), client.UnsafeDisableDeepCopy); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list ConfigRepositories", "namespace", obj.GetNamespace())
		return nil
	}
	keys := make([]types.NamespacedName, 0, len(repositories.Items))
	for i := range repositories.Items {
		keys = append(keys, client.ObjectKeyFromObject(&repositories.Items[i]))
	}
	return keys
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
