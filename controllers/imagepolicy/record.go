package imagepolicy

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/controllers/status"
)

// place is where a target of the spec lies, or why it doesn't lie anywhere.
type place struct {
	access.Place

	path string
	err  error
}

// resolve finds the places of the policy's targets, in the order of the spec. Its error is the API server's.
func (r *Reconciler) resolve(ctx context.Context, policy *v1alpha1.ImagePolicy) ([]place, error) {
	var apps v1alpha1.ApplicationList
	if err := r.client.List(ctx, &apps, client.InNamespace(policy.Namespace)); err != nil {
		return nil, fmt.Errorf("list Applications: %w", err)
	}
	var repositories v1alpha1.ConfigRepositoryList
	if err := r.client.List(ctx, &repositories, client.InNamespace(policy.Namespace)); err != nil {
		return nil, fmt.Errorf("list ConfigRepositories: %w", err)
	}
	places := make([]place, len(policy.Spec.Targets))
	for i, target := range policy.Spec.Targets {
		found, err := access.Resolve(policy.Namespace, target, apps.Items, repositories.Items)
		places[i] = place{Place: found, path: target.Tag, err: err}
	}
	return places, nil
}

// record writes what is known into the status of the policy. found is nil where no scan took place. A scan that found
// nothing new leaves the status as it is.
func record(policy *v1alpha1.ImagePolicy, places []place, found *scan) {
	before := policy.Status.Latest
	if found != nil {
		recordScan(policy, found)
	}
	newTag := before == nil || policy.Status.Latest != nil && before.Tag != policy.Status.Latest.Tag
	policy.Status.Targets = recordTargets(policy.Status, places, newTag)
	status.SummarizePolicy(policy)
}

func recordScan(policy *v1alpha1.ImagePolicy, found *scan) {
	conditions, generation := &policy.Status.Conditions, policy.Generation
	defer func() { policy.Status.ObservedGeneration = generation }()
	if found.err != nil {
		status.Set(conditions, generation, v1alpha1.ConditionSelected, metav1.ConditionFalse, found.reason, found.err.Error())
		return
	}
	status.Set(conditions, generation, v1alpha1.ConditionSelected, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, found.latest.Selection)
	if known := policy.Status.Latest; known != nil && *known == found.latest && policy.Status.Scan != nil &&
		policy.Status.ObservedGeneration == generation {
		return
	}
	latest := found.latest
	policy.Status.Latest = &latest
	policy.Status.Scan = &v1alpha1.Scan{
		Time: metav1.NewTime(found.time.Time), Tags: int32(found.tags), //nolint:gosec // bounded by the registry package
		Eligible: int32(found.eligible), Requests: int32(found.requests), //nolint:gosec // bounded by the registry package
	}
}

// recordTargets are the statuses of the targets in the order of the spec: what the writer found stays, and a target that
// is new, leads elsewhere now or has a newer tag to take is pending until the writer says otherwise.
func recordTargets(known v1alpha1.ImagePolicyStatus, places []place, newTag bool) []v1alpha1.TargetStatus {
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
			await(&targets[i], known.Latest.Tag, newTag)
		}
	}
	return targets
}

// await marks a target that doesn't hold the tag as pending. What the writer said of it stands until there is a new tag.
func await(target *v1alpha1.TargetStatus, tag string, newTag bool) {
	waits := target.Reason == "" || target.Reason == v1alpha1.ReasonPending || target.Reason == v1alpha1.ReasonNewerInGit && newTag
	switch {
	case target.Current == tag:
		target.Reason, target.Message = "", ""
	case waits:
		target.Reason = v1alpha1.ReasonPending
		target.Message = fmt.Sprintf("%s is selected, and not yet committed to %s in ConfigRepository %s", tag, target.File, target.Repository)
	}
}
