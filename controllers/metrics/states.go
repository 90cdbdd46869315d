package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// State is what an object's conditions come to, in one word.
type State string

// The states. Failing: it is tried again by itself; stalled: only a change helps.
const (
	StateReady     State = "ready"
	StateUnknown   State = "unknown"
	StateWaiting   State = "waiting"
	StatePending   State = "pending"
	StateHeld      State = "held"
	StateSuspended State = "suspended"
	StateFailing   State = "failing"
	StateStalled   State = "stalled"
	StateDeleting  State = "deleting"
	// StateOutOfSync is that of an Application that differs, and may: nobody has asked for a sync.
	StateOutOfSync State = "out_of_sync"
	StateDegraded  State = "degraded"
)

// collectTimeout bounds how long the caches may keep somebody waiting who asks for metrics.
const collectTimeout = 5 * time.Second

// states reads the objects when somebody asks for metrics, so that an object which is gone has no series, and none is kept up to
// date while nobody asks.
type states struct {
	Options

	looks *looks

	policies, repositories, applications *prometheus.Desc
	policy, repository, application      *prometheus.Desc
	pending, lastScan, lastCheck         *prometheus.Desc
}

func newStates(b *builder, options Options, looks *looks) *states {
	policy, repository := object("ImagePolicies"), object("ConfigRepositories")
	ofPolicies := among("state", policyStates()...)
	ofRepositories := among("state", repositoryStates()...)
	ofApplications := []Label{
		among("state", applicationStates()...),
		among("sync", v1alpha1.SyncStatusSynced, v1alpha1.SyncStatusOutOfSync, v1alpha1.SyncStatusUnknown),
		among("health", v1alpha1.HealthHealthy, v1alpha1.HealthProgressing, v1alpha1.HealthDegraded, v1alpha1.HealthSuspended,
			v1alpha1.HealthMissing, v1alpha1.HealthUnknown),
	}
	return &states{
		Options: options, looks: looks,
		policies:     b.gauge("fairlead_policies", "ImagePolicies by state.", ofPolicies),
		repositories: b.gauge("fairlead_repositories", "ConfigRepositories by state.", ofRepositories),
		applications: b.gauge("fairlead_applications", "Applications by state, sync status and health; only what there is.", ofApplications...),
		policy:       b.gauge("fairlead_policy_state", "1, with the state of an ImagePolicy.", append(policy, ofPolicies)...),
		repository:   b.gauge("fairlead_repository_state", "1, with the state of a ConfigRepository.", append(repository, ofRepositories)...),
		application: b.gauge("fairlead_application_state", "1, with the state, sync status and health of an Application.",
			append(object("Applications"), ofApplications...)...),
		pending: b.gauge("fairlead_pending_selections", "ImagePolicies with a selected tag that a ConfigRepository doesn't hold yet.", repository...),
		lastScan: b.gauge("fairlead_last_scan_timestamp_seconds",
			"When the registry last answered a scan of an ImagePolicy; not there before the first since the start.", policy...),
		lastCheck: b.gauge("fairlead_last_head_check_timestamp_seconds",
			"When the server last told the head of a ConfigRepository's branch; not there before the first since the start.", repository...),
	}
}

func policyStates() []State {
	return []State{StateReady, StateUnknown, StateWaiting, StatePending, StateHeld, StateSuspended, StateFailing, StateStalled}
}

func repositoryStates() []State {
	return []State{StateReady, StateUnknown, StateSuspended, StateFailing, StateStalled}
}

func applicationStates() []State {
	return []State{StateReady, StateUnknown, StateSuspended, StateOutOfSync, StateDegraded, StateFailing, StateStalled, StateDeleting}
}

// Describe implements prometheus.Collector.
func (s *states) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		s.policies, s.repositories, s.applications, s.policy, s.repository, s.application, s.pending, s.lastScan, s.lastCheck,
	} {
		to <- desc
	}
}

// Collect implements prometheus.Collector.
func (s *states) Collect(to chan<- prometheus.Metric) {
	select {
	case <-s.Working:
	default:
		return // The leader shows them.
	}
	ctx, cancel := context.WithTimeout(context.Background(), collectTimeout)
	defer cancel()
	if s.Update {
		s.collectPolicies(ctx, to)
		s.collectRepositories(ctx, to)
	}
	if s.Sync {
		s.collectApplications(ctx, to)
	}
}

// list reads the objects of a kind as the cache holds them; they must not be changed. A cache that has no answer in time shows none: the
// other metrics are worth more than an error.
func (s *states) list(ctx context.Context, list client.ObjectList) bool {
	return s.Objects.List(ctx, list, client.UnsafeDisableDeepCopy) == nil
}

func (s *states) collectPolicies(ctx context.Context, to chan<- prometheus.Metric) {
	var policies v1alpha1.ImagePolicyList
	if !s.list(ctx, &policies) {
		return
	}
	counts := map[State]int{}
	for i := range policies.Items {
		policy := &policies.Items[i]
		state := StateOf(policy.Status.Conditions, policy.Spec.Suspend)
		counts[state]++
		emit(to, s.policy, 1, policy.Namespace, policy.Name, string(state))
		if at, ok := s.looks.last(scanned, client.ObjectKeyFromObject(policy)); ok {
			emit(to, s.lastScan, seconds(at), policy.Namespace, policy.Name)
		}
	}
	for _, state := range policyStates() {
		emit(to, s.policies, float64(counts[state]), string(state))
	}
}

func (s *states) collectRepositories(ctx context.Context, to chan<- prometheus.Metric) {
	var repositories v1alpha1.ConfigRepositoryList
	if !s.list(ctx, &repositories) {
		return
	}
	counts := map[State]int{}
	for i := range repositories.Items {
		repository := &repositories.Items[i]
		state := StateOf(repository.Status.Conditions, repository.Spec.Suspend)
		counts[state]++
		emit(to, s.repository, 1, repository.Namespace, repository.Name, string(state))
		emit(to, s.pending, float64(repository.Status.Pending), repository.Namespace, repository.Name)
		if at, ok := s.looks.last(checked, client.ObjectKeyFromObject(repository)); ok {
			emit(to, s.lastCheck, seconds(at), repository.Namespace, repository.Name)
		}
	}
	for _, state := range repositoryStates() {
		emit(to, s.repositories, float64(counts[state]), string(state))
	}
}

func (s *states) collectApplications(ctx context.Context, to chan<- prometheus.Metric) {
	var apps v1alpha1.ApplicationList
	if !s.list(ctx, &apps) {
		return
	}
	counts := map[[3]string]int{}
	for i := range apps.Items {
		app := &apps.Items[i]
		state := StateOf(app.Status.Conditions, app.Spec.Suspend)
		if app.DeletionTimestamp != nil {
			state = StateDeleting
		}
		key := [3]string{string(state), orUnknown(app.Status.Sync.Status), orUnknown(app.Status.Health.Status)}
		counts[key]++
		emit(to, s.application, 1, app.Namespace, app.Name, key[0], key[1], key[2])
	}
	for key, n := range counts {
		emit(to, s.applications, float64(n), key[:]...)
	}
}

// StateOf sums up conditions.
func StateOf(conditions []metav1.Condition, suspended bool) State {
	ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
	switch {
	case suspended:
		return StateSuspended
	case ready == nil:
		return StateUnknown
	case ready.Status == metav1.ConditionTrue:
		return StateReady
	case meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionStalled):
		return StateStalled
	}
	switch v1alpha1.Reason(ready.Reason) { //nolint:exhaustive // every other reason is that of a failure, or of work under way
	case v1alpha1.ReasonWaiting:
		return StateWaiting
	case v1alpha1.ReasonPending:
		return StatePending
	case v1alpha1.ReasonHeld:
		return StateHeld
	case v1alpha1.ReasonSuspended:
		return StateSuspended
	case v1alpha1.ReasonOutOfSync:
		return StateOutOfSync
	case v1alpha1.ReasonDegraded:
		return StateDegraded
	}
	if ready.Status == metav1.ConditionUnknown {
		return StateUnknown
	}
	return StateFailing
}

// orUnknown is a status that isn't written yet.
func orUnknown[T ~string](status T) string {
	if status == "" {
		return "Unknown"
	}
	return string(status)
}

func emit(to chan<- prometheus.Metric, desc *prometheus.Desc, value float64, labels ...string) {
	to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}

// seconds is a time as Prometheus writes it.
func seconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 } //nolint:mnd // milliseconds to seconds
