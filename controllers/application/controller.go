// Package application keeps Applications rolled out: it renders the source at the head of its ConfigRepository, compares
// the cluster with it, applies and prunes where the sync policy says so, and reports sync, health and history.
//
// It knows when to look and what to record. It must never know how a chart is rendered (syncer/render does), how objects
// are ordered, compared and applied (syncer does), or how a revision is read (gitwriter does).
package application

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/controllers/metrics"
	"github.com/fairlead/fairlead/controllers/status"
)

const (
	// concurrency is the number of Applications that are worked on at once.
	concurrency = 8
	// A failed run is tried again after retryFirst, then twice as late each time up to retryLast.
	retryFirst = 500 * time.Millisecond
	retryLast  = time.Minute
)

// Reconciler keeps Applications rolled out.
type Reconciler struct {
	client       client.Client
	live         client.Reader
	clusters     *clusters
	mirrors      *access.Mirrors
	ownNamespace string
	renders      *renders
	memories     *memories
	claims       *claims
	pokes        chan event.GenericEvent
	recorder     status.Recorder
	metrics      *metrics.Metrics
	controller   controller.Controller
	now          func() time.Time
}

// NewReconciler returns a Reconciler that reads revisions from mirrors. Applications in ownNamespace are an
// administrator's.
func NewReconciler(mgr ctrl.Manager, mirrors *access.Mirrors, ownNamespace string, counts *metrics.Metrics) (*Reconciler, error) {
	r := &Reconciler{
		client: mgr.GetClient(), live: mgr.GetAPIReader(),
		metrics: counts, mirrors: mirrors, ownNamespace: ownNamespace,
		renders: newRenders(), memories: newMemories(), claims: newClaims(), pokes: make(chan event.GenericEvent, pokesAhead),
		recorder: status.NewRecorder(mgr.GetEventRecorder("application")), now: time.Now,
	}
	clusters, err := newClusters(mgr, r.poke)
	if err != nil {
		return nil, err
	}
	r.clusters = clusters
	return r, nil
}

// +kubebuilder:rbac:groups=fairlead.dev,resources=applications,verbs=get;list;watch
// +kubebuilder:rbac:groups=fairlead.dev,resources=applications/status,verbs=patch

// Setup adds the controller to the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager) error {
	built, err := ctrl.NewControllerManagedBy(mgr).
		Named("application").
		For(&v1alpha1.Application{}, builder.WithPredicates(predicate.Or(
			predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
		Watches(&v1alpha1.ConfigRepository{}, handler.EnqueueRequestsFromMapFunc(r.applicationsBeside), builder.WithPredicates(headChanged())).
		WatchesRawSource(source.Channel(r.pokes, &handler.EnqueueRequestForObject{})).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: concurrency,
			RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](retryFirst, retryLast),
		}).
		WithLogConstructor(status.Loggers(mgr.GetLogger(), "application", "application")).
		Build(r)
	if err != nil {
		return fmt.Errorf("set up the controller of Applications: %w", err)
	}
	r.controller = built
	return nil
}

// headChanged passes on what concerns Applications: another head, or another spec.
func headChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(*v1alpha1.ConfigRepository)
		after, okNew := e.ObjectNew.(*v1alpha1.ConfigRepository)
		return ok && okNew && (before.Generation != after.Generation || revisionOf(before) != revisionOf(after))
	}}
}

func revisionOf(repository *v1alpha1.ConfigRepository) string {
	if repository.Status.Head == nil {
		return ""
	}
	return repository.Status.Head.Revision
}

// applicationsBeside are the Applications in the namespace of a ConfigRepository. Those that another one serves find
// nothing to do.
func (r *Reconciler) applicationsBeside(ctx context.Context, obj client.Object) []reconcile.Request {
	var apps v1alpha1.ApplicationList
	if err := r.client.List(ctx, &apps, client.InNamespace(obj.GetNamespace())); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list Applications", "namespace", obj.GetNamespace())
		return nil
	}
	requests := make([]reconcile.Request, 0, len(apps.Items))
	for i := range apps.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&apps.Items[i])})
	}
	return requests
}

// Reconcile takes the Application one step after the other, as far as they go, and records what they came to.
func (r *Reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	s := &scope{key: req.NamespacedName, app: &v1alpha1.Application{}}
	if err := r.client.Get(ctx, req.NamespacedName, s.app); err != nil {
		r.renders.forget(req.NamespacedName)
		r.memories.forget(req.NamespacedName)
		r.clusters.leave(req.NamespacedName)
		r.poke(r.claims.forget(req.NamespacedName)...)
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	s.memory = r.memories.of(req.NamespacedName)
	s.app = s.memory.current(s.app)
	if s.app.DeletionTimestamp != nil {
		return r.finalize(ctx, s)
	}
	s.memory.obey(s.app.Annotations[v1alpha1.ReconcileAtAnnotation])
	for _, step := range []step{r.permit, r.healthChecks, r.find, r.render, r.prepare, r.watch, r.plan, r.compare, r.sync} {
		if s.err = step(ctx, s); s.err != nil {
			break
		}
	}
	if s.err != nil {
		if err := r.giveUp(ctx, s); err != nil {
			return reconcile.Result{}, err
		}
	}
	r.looked(s)
	s.lookAgain(r.judge(ctx, s))
	if later, ok := s.putOff(r.now()); ok {
		return later, nil
	}
	if err := r.record(ctx, s); err != nil {
		return reconcile.Result{}, err
	}
	if waits := (*waitError)(nil); errors.As(s.err, &waits) {
		return reconcile.Result{}, nil
	}
	return status.Result(s.err, s.again)
}
