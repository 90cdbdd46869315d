package status

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// gravity orders the reasons of targets that are about the target itself; any other reason is graver, since it is about
// the whole repository. The gravest of a policy's targets becomes the reason of its condition.
var gravity = []v1alpha1.Reason{ //nolint:gochecknoglobals // a constant in all but syntax
	v1alpha1.ReasonTargetNotResolved, v1alpha1.ReasonEditRefused,
	v1alpha1.ReasonHeld, v1alpha1.ReasonSuspended, v1alpha1.ReasonPending, v1alpha1.ReasonNewerInGit,
}

// SummarizePolicy derives Committed, Ready and what is rejected of a policy from its condition Selected and its targets. Both controllers
// that write a policy end with it, so that whoever writes last says the same.
func SummarizePolicy(policy *v1alpha1.ImagePolicy) {
	policy.Status.Rejected = rejected(policy.Status.Targets)
	conditions, generation := &policy.Status.Conditions, policy.Generation
	committed := summarizeTargets(policy)
	if committed.Reason != "" {
		Set(conditions, generation, v1alpha1.ConditionCommitted, committed.Ready, committed.Reason, committed.Message)
	}
	if policy.Spec.Suspend {
		Suspended("scanning and committing are suspended: unset spec.suspend to go on").Apply(conditions, generation)
		return
	}
	selected := meta.FindStatusCondition(*conditions, v1alpha1.ConditionSelected)
	switch {
	case selected == nil:
		Progressing("the registry wasn't scanned yet").Apply(conditions, generation)
	case selected.Status != metav1.ConditionTrue:
		reason := v1alpha1.Reason(selected.Reason)
		stalled := reason == v1alpha1.ReasonInvalidImage || reason == v1alpha1.ReasonInvalidPolicy
		if reason == v1alpha1.ReasonWaiting {
			Outcome{Ready: metav1.ConditionUnknown, Reason: reason, Message: selected.Message, Retrying: true}.Apply(conditions, generation)
			return
		}
		Outcome{Ready: selected.Status, Reason: reason, Message: selected.Message, Stalled: stalled, Retrying: !stalled}.Apply(conditions, generation)
	default:
		committed.Apply(conditions, generation)
	}
}

// summarizeTargets is the outcome of the targets together: the gravest.
func summarizeTargets(policy *v1alpha1.ImagePolicy) Outcome {
	latest := policy.Status.Latest
	if latest == nil {
		return Outcome{}
	}
	worst := v1alpha1.TargetStatus{}
	for _, target := range policy.Status.Targets {
		if target.Reason != "" && (worst.Reason == "" || graver(target.Reason, worst.Reason)) {
			worst = target
		}
	}
	switch worst.Reason {
	case "":
		return Succeeded(fmt.Sprintf("%s is selected, and committed to every target", latest.Tag))
	case v1alpha1.ReasonNewerInGit:
		return Outcome{Ready: metav1.ConditionTrue, Reason: worst.Reason, Message: worst.Message}
	case v1alpha1.ReasonPending:
		return Outcome{Ready: metav1.ConditionUnknown, Reason: worst.Reason, Message: worst.Message, Retrying: true}
	default:
		return Outcome{Ready: metav1.ConditionFalse, Reason: worst.Reason, Message: worst.Message}
	}
}

// rejected are the versions that targets are held from, each once, in the order of the targets.
func rejected(targets []v1alpha1.TargetStatus) []string {
	var versions []string
	for i := range targets {
		if held := targets[i].Held; held != nil && held.Version != "" && !slices.Contains(versions, held.Version) {
			versions = append(versions, held.Version)
		}
	}
	return versions
}

func graver(a, b v1alpha1.Reason) bool {
	return slices.Index(gravity, a) < slices.Index(gravity, b)
}
