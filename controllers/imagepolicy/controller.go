// Package imagepolicy keeps the status of ImagePolicies at what the registry and the policy say: it scans, selects, and
// records the choice.
//
// It knows when a policy is due and what to record. It must never know how tags are listed or chosen (registry and
// registry/selection do), nor write to Git (controllers/configrepository does, when it sees the choice).
package imagepolicy

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/schedule"
	"github.com/fairlead/fairlead/controllers/status"
	"github.com/fairlead/fairlead/registry"
)

const (
	// concurrency is high because a scan waits for a registry most of its time.
	concurrency = 16
	// A failed scan is tried again after retryFirst, then twice as late each time up to retryLast.
	retryFirst = time.Second
	retryLast  = time.Minute
)

// Reconciler keeps the status of ImagePolicies.
type Reconciler struct {
	client   client.Client
	live     client.Reader
	registry *registry.Client
	recorder status.Recorder
	schedule *schedule.Schedule
	now      func() time.Time
}

// NewReconciler returns a Reconciler that asks registries through client.
func NewReconciler(mgr ctrl.Manager, client *registry.Client) *Reconciler {
	return &Reconciler{
		client: mgr.GetClient(), live: mgr.GetAPIReader(), registry: client,
		recorder: status.NewRecorder(mgr.GetEventRecorder("imagepolicy")), schedule: schedule.New(time.Now), now: time.Now,
	}
}

// Setup adds the controller to the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager) error {
	err := ctrl.NewControllerManagedBy(mgr).
		Named("imagepolicy").
		For(&v1alpha1.ImagePolicy{}, builder.WithPredicates(predicate.Or(
			predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
		Watches(&v1alpha1.Application{}, handler.EnqueueRequestsFromMapFunc(r.policiesBeside),
			builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.ConfigRepository{}, handler.EnqueueRequestsFromMapFunc(r.policiesBeside),
			builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: concurrency,
			RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](retryFirst, retryLast),
		}).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the controller of ImagePolicies: %w", err)
	}
	return nil
}

// policiesBeside are the policies in the namespace of an Application or ConfigRepository: their targets may resolve
// otherwise now. It costs no scan.
func (r *Reconciler) policiesBeside(ctx context.Context, obj client.Object) []reconcile.Request {
	var policies v1alpha1.ImagePolicyList
	if err := r.client.List(ctx, &policies, client.InNamespace(obj.GetNamespace())); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list ImagePolicies", "namespace", obj.GetNamespace())
		return nil
	}
	requests := make([]reconcile.Request, 0, len(policies.Items))
	for i := range policies.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&policies.Items[i])})
	}
	return requests
}

// Reconcile resolves the targets, scans if the policy is due, and records what changed.
func (r *Reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	policy := &v1alpha1.ImagePolicy{}
	if err := r.client.Get(ctx, req.NamespacedName, policy); err != nil {
		r.schedule.Forget(req.NamespacedName)
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	places, err := r.resolve(ctx, policy)
	if err != nil {
		return reconcile.Result{}, err
	}
	wait := r.schedule.Wait(policy, firstScan(policy))
	if policy.Spec.Suspend || wait > 0 {
		err := status.Patch(ctx, r.client, r.live, policy, func(p *v1alpha1.ImagePolicy) { record(p, places, nil) })
		if policy.Spec.Suspend {
			wait = 0
		}
		return reconcile.Result{RequeueAfter: wait}, err
	}
	return r.scanAndRecord(ctx, policy, places)
}

// firstScan is how far off the first scan of this process is. A policy that was never scanned is due at once. A restart
// scans none at once that an earlier process has scanned: they are spread over their interval.
func firstScan(policy *v1alpha1.ImagePolicy) time.Duration {
	scanned := policy.Status.ObservedGeneration == policy.Generation && policy.Status.Latest != nil &&
		meta.IsStatusConditionTrue(policy.Status.Conditions, v1alpha1.ConditionSelected)
	if !scanned {
		return 0
	}
	return schedule.Spread(policy.Spec.Interval.Duration)
}

// scanAndRecord scans, selects and writes the status; what the scan came to decides when the next one is.
func (r *Reconciler) scanAndRecord(ctx context.Context, policy *v1alpha1.ImagePolicy, places []place) (reconcile.Result, error) {
	r.schedule.Delay(policy, 0)
	found := r.scan(ctx, policy)
	before := policy.Status.DeepCopy()
	if err := status.Patch(ctx, r.client, r.live, policy, func(p *v1alpha1.ImagePolicy) { record(p, places, &found) }); err != nil {
		return reconcile.Result{}, err
	}
	r.tell(ctx, policy, before, found)
	if found.err == nil || found.reason == v1alpha1.ReasonNoTagSelected {
		return reconcile.Result{RequeueAfter: r.schedule.Done(policy, policy.Spec.Interval.Duration)}, nil
	}
	result, err := status.Result(found.err, 0)
	if result.RequeueAfter > 0 {
		r.schedule.Delay(policy, result.RequeueAfter)
	}
	return result, err
}

// tell logs and records an event for what changed, and nothing for a scan that found nothing new.
func (r *Reconciler) tell(ctx context.Context, policy *v1alpha1.ImagePolicy, before *v1alpha1.ImagePolicyStatus, found scan) {
	was := meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionSelected)
	switch {
	case found.err != nil && (was == nil || was.Message != found.err.Error()):
		r.recorder.Eventf(policy, nil, "Warning", string(found.reason), "Scan", "%s", found.err.Error())
	case found.err == nil && (before.Latest == nil || before.Latest.Tag != found.latest.Tag):
		ctrl.LoggerFrom(ctx).Info("selected", "tag", found.latest.Tag, "digest", found.latest.Digest, "selection", found.latest.Selection)
		r.recorder.Eventf(policy, nil, "Normal", string(v1alpha1.ReasonTagSelected), "Select", "%s:%s, %s",
			policy.Spec.Image, found.latest.Tag, found.latest.Selection)
	}
}
