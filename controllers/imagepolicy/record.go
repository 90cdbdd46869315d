package imagepolicy

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/controllers/choice"
	"github.com/fairlead/fairlead/controllers/status"
)

// place is where a target of the spec lies, or why it doesn't lie anywhere.
type place struct {
	access.Place

	target v1alpha1.Target
	path   string
	err    error
}

// resolve finds the places of the policy's targets, in the order of the spec. Its error is the API server's.
func (r *Reconciler) resolve(ctx context.Context, policy *v1alpha1.ImagePolicy) ([]place, error) {
	var apps v1alpha1.ApplicationList
	if err := r.client.List(ctx, &apps, client.InNamespace(policy.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("list Applications: %w", err)
	}
	var repositories v1alpha1.ConfigRepositoryList
	if err := r.client.List(ctx, &repositories, client.InNamespace(policy.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("list ConfigRepositories: %w", err)
	}
	places := make([]place, len(policy.Spec.Targets))
	for i, target := range policy.Spec.Targets {
		found, err := access.Resolve(policy.Namespace, target, apps.Items, repositories.Items)
		places[i] = place{Place: found, target: target, path: choice.Values(policy, target, nil)[0].Path, err: err}
	}
	return places, nil
}

// record writes what is known into the status of the policy. found is nil where no scan took place. A scan that found
// nothing new leaves the status as it is.
func record(policy *v1alpha1.ImagePolicy, places []place, found *scan) {
	before := policy.Status.Latest
	if found != nil && found.generation == policy.Generation {
		recordScan(policy, found)
	}
	latest := policy.Status.Latest
	newTag := latest != nil && (before == nil || before.Tag != latest.Tag || before.Digest != latest.Digest)
	policy.Status.Targets = recordTargets(policy, places, newTag)
	status.SummarizePolicy(policy)
}

func recordScan(policy *v1alpha1.ImagePolicy, found *scan) {
	st, generation := &policy.Status, policy.Generation
	if st.Image != found.image {
		st.Latest = nil
		meta.RemoveStatusCondition(&st.Conditions, v1alpha1.ConditionTagMutated)
	}
	st.Image = found.image
	defer func() { st.ObservedGeneration = generation }()
	if found.judged {
		st.Candidate, st.Waiting, st.Warnings, st.Newest = found.candidate, found.waiting, found.warnings, found.newest
	}
	st.LastHandledReconcileAt, st.RetryAt = found.obeyed, retryAt(found)
	if found.err != nil {
		status.Set(&st.Conditions, generation, v1alpha1.ConditionSelected, metav1.ConditionFalse, found.reason, found.err.Error())
		return
	}
	status.Set(&st.Conditions, generation, v1alpha1.ConditionSelected, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, found.latest.Selection)
	recordMutation(policy, found)
	if st.Latest != nil && equality.Semantic.DeepEqual(*st.Latest, found.latest) && st.Scan != nil && st.ObservedGeneration == generation {
		return
	}
	latest := found.latest
	st.Latest = &latest
	st.Scan = &v1alpha1.Scan{
		Time: metav1.NewTime(found.time.Time), Tags: int32(found.tags), //nolint:gosec // bounded by the registry package
		Eligible: int32(found.eligible), Requests: int32(found.requests), //nolint:gosec // bounded by the registry package
	}
}

// retryAt is when a registry is asked again that wants to be left alone for longer than a person who looks would wait. It is
// rounded, so that policies and scans that wait for the same host say the same.
func retryAt(found *scan) *metav1.Time {
	const worthSaying = 30 * time.Second
	wait := status.RetryAfter(found.err)
	if wait < worthSaying {
		return nil
	}
	return &metav1.Time{Time: found.time.Add(wait).Truncate(time.Minute).Add(time.Minute)}
}

// recordMutation says that another digest was pushed under the selected tag, until the tag is what it was or is written.
func recordMutation(policy *v1alpha1.ImagePolicy, found *scan) {
	st := &policy.Status
	other := st.Latest == nil || st.Latest.Tag != found.latest.Tag || st.Latest.Digest != found.latest.Digest
	switch {
	case found.mutated != "" && found.mutated != found.latest.Digest:
		status.Set(&st.Conditions, policy.Generation, v1alpha1.ConditionTagMutated, metav1.ConditionTrue, v1alpha1.ReasonTagMutated, mutation(policy, found))
	case found.looked || other:
		meta.RemoveStatusCondition(&st.Conditions, v1alpha1.ConditionTagMutated)
	}
}

// mutation says what was pushed, and what becomes of it.
func mutation(policy *v1alpha1.ImagePolicy, found *scan) string {
	what := "push a new tag, or set onMutation: Commit to have it written where a target has a digest"
	if policy.Spec.OnMutation == v1alpha1.MutationCommit {
		what = "it is taken once it has its minimum age"
	}
	return fmt.Sprintf("%s was selected as %s, and is %s in the registry now: %s", found.latest.Tag, found.latest.Digest, found.mutated, what)
}

// recordTargets are the statuses of the targets in the order of the spec: what the writer found stays, and a target that
// is new, leads elsewhere now or has a newer tag to take is pending until the writer says otherwise.
func recordTargets(policy *v1alpha1.ImagePolicy, places []place, newTag bool) []v1alpha1.TargetStatus {
	known := policy.Status
	targets := make([]v1alpha1.TargetStatus, len(places))
	for i, at := range places {
		targets[i] = v1alpha1.TargetStatus{Repository: at.Repository, File: at.File, Path: at.path}
		if at.err != nil {
			targets[i].Reason, targets[i].Message = v1alpha1.ReasonTargetNotResolved, at.err.Error()
			continue
		}
		for _, old := range known.Targets {
			if old.Repository == at.Repository && old.File == at.File && old.Path == at.path {
				targets[i] = old
			}
		}
		if known.Latest != nil {
			values := choice.Values(policy, at.target, known.Latest)
			await(&targets[i], known.Latest.Tag, choice.Show(values, choice.Wanted(values)), newTag)
		}
	}
	return targets
}

// await marks a target that doesn't hold what belongs there as pending. What the writer said of it stands until there is
// a new tag.
func await(target *v1alpha1.TargetStatus, tag, wanted string, newTag bool) {
	waits := target.Reason == "" || target.Reason == v1alpha1.ReasonPending || target.Reason == v1alpha1.ReasonNewerInGit && newTag
	switch {
	case target.Current == wanted:
		target.Reason, target.Message, target.Held = "", "", nil
	case waits:
		target.Reason = v1alpha1.ReasonPending
		target.Message = fmt.Sprintf("%s is selected, and not yet committed to %s in ConfigRepository %s", tag, target.File, target.Repository)
	}
}
