// Package imagepolicy keeps the status of ImagePolicies at what the registry and the policy say: it scans, selects, and
// records the choice.
//
// It knows when a policy is due, who shares a scan, and what to record. It must never know how tags are listed or chosen
// (registry and registry/selection do), nor write to Git (controllers/configrepository does, when it sees the choice).
package imagepolicy

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/metrics"
	"github.com/fairlead/fairlead/controllers/schedule"
	"github.com/fairlead/fairlead/controllers/status"
	"github.com/fairlead/fairlead/registry"
)

const (
	// concurrency is the number of policies that are worked on at once. None of them waits for a registry: scans run beside.
	concurrency = 8
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
	metrics  *metrics.Metrics
	schedule *schedule.Schedule
	memory   *memory
	listings *listings
	now      func() time.Time
	// queue is the controller's: scans that end put their policies into it.
	queue atomic.Pointer[workqueue.TypedRateLimitingInterface[reconcile.Request]]
}

// NewReconciler returns a Reconciler that asks registries through client.
func NewReconciler(mgr ctrl.Manager, client *registry.Client, counts *metrics.Metrics) *Reconciler {
	r := &Reconciler{
		client: mgr.GetClient(), live: mgr.GetAPIReader(), registry: client, metrics: counts,
		recorder: status.NewRecorder(mgr.GetEventRecorder("imagepolicy")), schedule: schedule.New(time.Now), memory: newMemory(), now: time.Now,
	}
	r.listings = newListings(client, time.Now, func(policies []types.NamespacedName, listed time.Time) {
		for _, policy := range policies {
			r.renew(policy, listed)
		}
	})
	return r
}

// +kubebuilder:rbac:groups=fairlead.dev,resources=imagepolicies,verbs=get;list;watch
// +kubebuilder:rbac:groups=fairlead.dev,resources=imagepolicies/status,verbs=patch

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
		WatchesRawSource(source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
			r.queue.Store(&queue)
			return nil
		})).
		WithOptions(controller.Options{MaxConcurrentReconciles: concurrency}).
		WithLogConstructor(status.Loggers(mgr.GetLogger(), "imagepolicy", "imagePolicy")).
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
	if err := r.client.List(ctx, &policies, client.InNamespace(obj.GetNamespace()), client.UnsafeDisableDeepCopy); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list ImagePolicies", "namespace", obj.GetNamespace())
		return nil
	}
	requests := make([]reconcile.Request, 0, len(policies.Items))
	for i := range policies.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&policies.Items[i])})
	}
	return requests
}

// Reconcile resolves the targets, records what a scan came to, and begins the next one if the policy is due.
func (r *Reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	policy := &v1alpha1.ImagePolicy{}
	if err := r.client.Get(ctx, req.NamespacedName, policy); err != nil {
		r.schedule.Forget(req.NamespacedName)
		r.memory.forget(req.NamespacedName)
		r.listings.forget(req.NamespacedName)
		r.metrics.ForgetPolicy(req.NamespacedName)
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	places, err := r.resolve(ctx, policy)
	if err != nil {
		return reconcile.Result{}, err
	}
	err = r.settle(ctx, policy, places, r.memory.take(req.NamespacedName))
	r.memory.settled(req.NamespacedName)
	if err != nil {
		return reconcile.Result{}, err
	}
	if policy.Spec.Suspend {
		return reconcile.Result{}, nil
	}
	if wait := r.schedule.Wait(policy, firstScan(policy, r.now())); wait > 0 {
		return reconcile.Result{RequeueAfter: wait}, nil
	}
	r.begin(ctx, policy)
	return reconcile.Result{}, nil
}

// settle writes the status, with what a scan came to if one has, and tells of it.
func (r *Reconciler) settle(ctx context.Context, policy *v1alpha1.ImagePolicy, places []place, found *scan) error {
	before := policy.Status.DeepCopy()
	if err := status.Patch(ctx, r.client, r.live, policy, func(p *v1alpha1.ImagePolicy) { record(p, places, found) }); err != nil {
		return err
	}
	if found != nil {
		r.tell(ctx, policy, before, found)
	}
	return nil
}

// firstScan is how far off the first scan of this process is. A policy that was never scanned is due at once. A restart
// scans none at once that an earlier process has scanned: they are spread over their interval, but for a tag that is old
// enough before.
func firstScan(policy *v1alpha1.ImagePolicy, now time.Time) time.Duration {
	st := policy.Status
	selected := meta.FindStatusCondition(st.Conditions, v1alpha1.ConditionSelected)
	answered := selected != nil && (selected.Status == metav1.ConditionTrue ||
		selected.Reason == string(v1alpha1.ReasonNoTagSelected) || selected.Reason == string(v1alpha1.ReasonWaiting))
	if st.ObservedGeneration != policy.Generation || !answered {
		return 0
	}
	first := schedule.Spread(policy.Spec.Interval.Duration)
	for _, w := range st.Waiting {
		first = min(first, w.FirstSeen.Add(policy.Spec.MinimumAge.Duration).Sub(now))
	}
	return max(first, 0)
}

// tell logs and records an event for what changed, and nothing for a scan that found nothing new.
func (r *Reconciler) tell(ctx context.Context, policy *v1alpha1.ImagePolicy, before *v1alpha1.ImagePolicyStatus, found *scan) {
	was := meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionSelected)
	latest := before.Latest
	switch {
	case found.err != nil && found.reason == v1alpha1.ReasonWaiting: // As the policy asks for: status.candidate says until when.
	case found.err != nil && (was == nil || was.Message != status.Bounded(found.err.Error())):
		status.Failing(ctrl.LoggerFrom(ctx), found.err, "reason", found.reason)
		r.recorder.Fail(policy, found.reason, "Scan", found.err.Error())
	case found.err == nil && (latest == nil || latest.Tag != found.latest.Tag || latest.Digest != found.latest.Digest):
		r.metrics.Selected()
		ctrl.LoggerFrom(ctx).Info("selected", "tag", found.latest.Tag, "digest", found.latest.Digest, "selection", found.latest.Selection)
		r.recorder.Tell(policy, nil, v1alpha1.ReasonTagSelected, "%s:%s, %s",
			policy.Spec.Image, found.latest.Tag, found.latest.Selection)
	case found.err == nil && failed(was):
		ctrl.LoggerFrom(ctx).Info("recovered", "tag", found.latest.Tag)
		r.recorder.Tell(policy, nil, v1alpha1.ReasonRecovered, "%s is selected, as before: %s", found.latest.Tag, found.latest.Selection)
	}
	r.tellMutated(ctx, policy, before, found)
}

// failed says whether a scan came to nothing, but for tags that wait as the policy asks for.
func failed(selected *metav1.Condition) bool {
	return selected != nil && selected.Status == metav1.ConditionFalse && selected.Reason != string(v1alpha1.ReasonWaiting)
}

// tellMutated tells that another image was pushed under the selected tag.
func (r *Reconciler) tellMutated(ctx context.Context, policy *v1alpha1.ImagePolicy, before *v1alpha1.ImagePolicyStatus, found *scan) {
	latest := before.Latest
	if found.mutated == "" || latest == nil || latest.Tag != found.latest.Tag {
		return
	}
	told := meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionTagMutated)
	if message := mutation(policy, found); told == nil || told.Message != message {
		ctrl.LoggerFrom(ctx).Info("another image was pushed under the selected tag", "tag", found.latest.Tag, "digest", found.latest.Digest, "pushed", found.mutated)
		r.recorder.Tell(policy, nil, v1alpha1.ReasonTagMutated, "%s", message)
	}
}
