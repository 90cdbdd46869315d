package imagepolicy

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/metrics"
	"github.com/fairlead/fairlead/controllers/schedule"
	"github.com/fairlead/fairlead/controllers/status"
)

// begin scans a policy beside the work queue, whose workers are few and must not wait for a registry that is slow. There is
// one scan of a policy at a time.
func (r *Reconciler) begin(ctx context.Context, policy *v1alpha1.ImagePolicy) {
	key := client.ObjectKeyFromObject(policy)
	known, ok := r.memory.begin(key, r.now())
	if !ok {
		return
	}
	// Whatever asks for a scan from here on asks for another one.
	r.schedule.Delay(policy, policy.Spec.Interval.Duration)
	go func() {
		found := r.scan(ctx, policy, known)
		if ctx.Err() == nil {
			r.count(ctx, policy, found.scan)
			r.end(policy, found)
		}
	}()
}

// count counts a scan that has ended.
func (r *Reconciler) count(ctx context.Context, policy *v1alpha1.ImagePolicy, found *scan) {
	result := metrics.ScanFailed
	latest := policy.Status.Latest
	switch {
	case found.err == nil && latest != nil && latest.Tag == found.latest.Tag && latest.Digest == found.latest.Digest:
		result = metrics.ScanUnchanged
	case found.err == nil:
		result = metrics.ScanSelected
	case found.reason == v1alpha1.ReasonWaiting:
		result = metrics.ScanWaiting
	case found.reason == v1alpha1.ReasonNoTagSelected:
		result = metrics.ScanNothing
	}
	took := r.now().Sub(found.time.Time)
	ctrl.LoggerFrom(ctx).V(1).Info("scanned", "result", result, "tags", found.tags, "requests", found.requests, "duration", took.String())
	r.metrics.Scanned(result, took)
	if result != metrics.ScanFailed {
		r.metrics.ScanAnswered(client.ObjectKeyFromObject(policy), found.listed)
	}
}

// end keeps what a scan came to. Where that is news, the policy is reconciled at once to record it; where it isn't, when it
// is due again.
func (r *Reconciler) end(policy *v1alpha1.ImagePolicy, found *scanning) {
	key := client.ObjectKeyFromObject(policy)
	var again bool
	var failures int
	var began time.Time
	var echo time.Duration
	news, missing := isNews(policy, found.scan), found.missing()
	r.memory.with(key, func(m *remembered) {
		if !found.listed.IsZero() {
			m.consumed = found.listed
		}
		again, began = m.again || m.renewed.After(m.consumed), m.began
		m.running, m.again, m.renewed = false, false, time.Time{}
		m.asked, m.source, m.facts = policy.Annotations[v1alpha1.ReconcileAtAnnotation], found.source, found.facts
		if missing && m.echoes < maxEchoes {
			echo = echoFirst << (2 * m.echoes)
			m.echoes++
			news = news && found.err == nil
		} else {
			m.echoes = 0
		}
		m.scans++
		m.failures++
		if found.err == nil || found.reason == v1alpha1.ReasonNoTagSelected || found.reason == v1alpha1.ReasonWaiting {
			m.failures = 0
		}
		if news {
			m.found = found.scan
		}
		failures = m.failures
	})
	wait := r.next(policy, found.scan, failures)
	switch {
	case again:
		wait = max(0, began.Add(hintEvery).Sub(r.now()))
	case echo > 0:
		wait = echo
	}
	r.schedule.Postpone(policy, wait)
	if news || again { // What asked again may be another spec, which doesn't wait.
		r.enqueue(key, 0)
		return
	}
	r.enqueue(key, wait)
}

// next is how far off the next scan is: an interval after the registry was asked, or when the first of the tags that wait
// is old enough. After a failure it is what the registry asks for, or a delay that grows.
func (r *Reconciler) next(policy *v1alpha1.ImagePolicy, found *scan, failures int) time.Duration {
	if failures > 0 {
		if status.Terminal(found.err) {
			return policy.Spec.Interval.Duration
		}
		if wait := status.RetryAfter(found.err); wait > 0 {
			return wait + schedule.Spread(wait/10) // All who waited for a host would ask it at the same moment.
		}
		return min(retryLast, retryFirst<<min(failures-1, 10))
	}
	next := found.listed.Add(time.Duration(float64(policy.Spec.Interval.Duration) * found.late))
	for _, w := range found.waiting {
		if until := w.FirstSeen.Add(policy.Spec.MinimumAge.Duration); until.Before(next) {
			next = until
		}
	}
	return max(next.Sub(r.now()), time.Millisecond)
}

// isNews says whether a scan came to anything that the status doesn't say.
func isNews(policy *v1alpha1.ImagePolicy, found *scan) bool {
	after := policy.DeepCopy()
	recordScan(after, found)
	return !equality.Semantic.DeepEqual(policy.Status, after.Status)
}

// wake makes a policy due, at once or a little later. One that is being scanned is scanned again after that.
func (r *Reconciler) wake(key types.NamespacedName, wait time.Duration) {
	running := false
	r.memory.with(key, func(m *remembered) {
		running = m.running
		m.again = m.again || running
	})
	if !running {
		r.schedule.Advance(key, wait)
		r.enqueue(key, wait)
	}
}

// renew makes a policy due because the listing that began then has other tags. One that is being scanned is scanned again only
// if its scan doesn't use that listing: policies that are due together wait for it together.
func (r *Reconciler) renew(key types.NamespacedName, listed time.Time) {
	running := false
	r.memory.with(key, func(m *remembered) {
		if running = m.running; running {
			m.renewed = listed
		}
	})
	if !running {
		r.schedule.Advance(key, 0)
		r.enqueue(key, 0)
	}
}

// enqueue puts a policy into the controller's work queue. Before the controller starts there is none, and no need: it
// begins with every policy.
func (r *Reconciler) enqueue(key types.NamespacedName, wait time.Duration) {
	if queue := r.queue.Load(); queue != nil {
		(*queue).AddAfter(reconcile.Request{NamespacedName: key}, wait)
	}
}
