// Package configrepository is the one writer of each ConfigRepository: it follows the head of the branch, gathers what the
// ImagePolicies want, has it committed and pushed, and hands the new head over to the Applications.
//
// It knows which policies write to a repository and what to record. It must never know how a file is edited or a
// commit is made (gitwriter does), nor how a tag was selected.
package configrepository

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/controllers/metrics"
	"github.com/fairlead/fairlead/controllers/schedule"
	"github.com/fairlead/fairlead/controllers/status"
	"github.com/fairlead/fairlead/gitwriter"
)

const (
	// concurrency is the number of repositories that are worked on at once; each has one writer. The work is waiting for Git
	// servers, up to spec.timeout for each request: a server that doesn't answer holds up as many of these as it has repositories, and
	// with fewer the repositories of other servers would wait for it. One that waits costs a goroutine and a connection; what a
	// repository takes in memory it takes whether it is worked on or not.
	concurrency = 32
	// A failed run is tried again after retryFirst, then twice as late each time up to retryLast.
	retryFirst = 500 * time.Millisecond
	retryLast  = time.Minute
)

// Reconciler writes ConfigRepositories and follows their heads.
type Reconciler struct {
	client   client.Client
	live     client.Reader
	mirrors  *access.Mirrors
	signers  *access.Signers
	recorder status.Recorder
	metrics  *metrics.Metrics
	looks    *schedule.Schedule
	hints    *hints
	windows  *windows
	now      func() time.Time
	// writer says whether another process writes to the repositories; nil: this one does.
	writer func(context.Context) (bool, error)
	// queue is the controller's: hints put their repositories into it.
	queue atomic.Pointer[workqueue.TypedRateLimitingInterface[reconcile.Request]]
}

// NewReconciler returns a Reconciler that keeps its mirrors in mirrors.
func NewReconciler(mgr ctrl.Manager, mirrors *access.Mirrors, gathering Gathering, counts *metrics.Metrics) *Reconciler {
	return &Reconciler{
		client: mgr.GetClient(), live: mgr.GetAPIReader(), mirrors: mirrors, signers: access.NewSigners(),
		recorder: status.NewRecorder(mgr.GetEventRecorder("configrepository")), looks: schedule.New(time.Now),
		metrics: counts, hints: newHints(), windows: newWindows(gathering), now: time.Now,
	}
}

// NewFollower returns a Reconciler that never writes to Git. It follows the heads of the branches for as long as writer says that
// no other process is there which writes to them, and so follows them, too.
func NewFollower(mgr ctrl.Manager, mirrors *access.Mirrors, writer func(context.Context) (bool, error), counts *metrics.Metrics) *Reconciler {
	r := NewReconciler(mgr, mirrors, Gathering{}, counts)
	r.writer = writer
	return r
}

// +kubebuilder:rbac:groups=fairlead.dev,resources=configrepositories,verbs=get;list;watch
// +kubebuilder:rbac:groups=fairlead.dev,resources=configrepositories/status,verbs=patch

// Setup adds the controller to the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager) error {
	building := ctrl.NewControllerManagedBy(mgr).
		Named("configrepository").
		For(&v1alpha1.ConfigRepository{}, builder.WithPredicates(predicate.Or(
			predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{})))
	if r.writer == nil {
		building = building.
			Watches(&v1alpha1.ImagePolicy{}, r.gathering(repositoriesOfPolicy), builder.WithPredicates(selectionChanged())).
			Watches(&v1alpha1.Application{}, r.gathering(r.repositoriesBeside), builder.WithPredicates(predicate.GenerationChangedPredicate{}))
	}
	err := building.
		WatchesRawSource(source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
			r.queue.Store(&queue)
			return nil
		})).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: concurrency,
			RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](retryFirst, retryLast),
		}).
		WithLogConstructor(status.Loggers(mgr.GetLogger(), "configrepository", "configRepository")).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the controller of ConfigRepositories: %w", err)
	}
	return nil
}

// scope is what the steps of one reconciliation share.
type scope struct {
	repository *v1alpha1.ConfigRepository
	// obeyed is the word of the reconcile-at annotation that this run began with.
	obeyed string
	mirror *gitwriter.Mirror
	beside neighbours
	wishes []wish
	result gitwriter.WriteResult
	// rewrites are the histories that were replaced by force since the last run.
	rewrites []gitwriter.Rewrite
	reason   v1alpha1.Reason
	err      error
	// follows: nothing is written to Git.
	follows bool
	// news: err isn't what the status said already.
	news bool
}

// Reconcile looks at the remote head if that is due, writes what the policies want, and records both. While changes gather, it
// waits for them, whatever else it was called for.
func (r *Reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	if wait := r.windows.begin(req.NamespacedName, r.now()); wait > 0 {
		return reconcile.Result{RequeueAfter: wait}, nil
	}
	defer r.windows.end(req.NamespacedName)
	s := &scope{repository: &v1alpha1.ConfigRepository{}}
	if err := r.client.Get(ctx, req.NamespacedName, s.repository); err != nil {
		if err := client.IgnoreNotFound(err); err != nil {
			return reconcile.Result{}, err
		}
		return reconcile.Result{}, r.forget(ctx, req)
	}
	s.obeyed = s.repository.Annotations[v1alpha1.ReconcileAtAnnotation]
	if r.writer != nil {
		return r.follow(ctx, s)
	}
	for _, step := range []func(context.Context, *scope) error{r.gather, r.open, r.look, r.write} {
		if s.err = step(ctx, s); s.err != nil {
			break
		}
	}
	if err := r.record(ctx, s); err != nil {
		return reconcile.Result{}, err
	}
	return r.next(s)
}

// next says when the repository is looked at again.
func (r *Reconciler) next(s *scope) (reconcile.Result, error) {
	if s.err == nil {
		// The next look may have become due while this run wrote. It must not be 0, which means never.
		return reconcile.Result{RequeueAfter: max(r.looks.Wait(s.repository, 0), time.Millisecond)}, nil
	}
	if status.Terminal(s.err) {
		// What is wrong may be mended on the server without a word to us: it is asked again, no more often than for its head.
		return reconcile.Result{RequeueAfter: s.repository.Spec.Interval.Duration}, nil
	}
	return status.Result(s.err, 0)
}

// forget drops what is kept of repositories that are gone.
func (r *Reconciler) forget(ctx context.Context, req reconcile.Request) error {
	r.looks.Forget(req.NamespacedName)
	r.hints.forget(req.NamespacedName)
	r.metrics.ForgetRepository(req.NamespacedName)
	var repositories v1alpha1.ConfigRepositoryList
	if err := r.client.List(ctx, &repositories); err != nil {
		return fmt.Errorf("list ConfigRepositories: %w", err)
	}
	r.mirrors.Keep(repositories.Items)
	r.signers.Keep(repositories.Items)
	return nil
}
