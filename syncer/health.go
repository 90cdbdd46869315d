package syncer

import (
	"fmt"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// HealthStatus is Argo CD's word for how an object fares.
type HealthStatus string

// The words, from good to bad.
const (
	// Healthy: it does its work.
	Healthy HealthStatus = "Healthy"
	// Suspended: it is paused on purpose.
	Suspended HealthStatus = "Suspended"
	// Progressing: it isn't healthy yet, and may become so by itself.
	Progressing HealthStatus = "Progressing"
	// Missing: it isn't there.
	Missing HealthStatus = "Missing"
	// Degraded: it failed, or didn't become healthy in time.
	Degraded HealthStatus = "Degraded"
	// Unknown: it couldn't be told.
	Unknown HealthStatus = "Unknown"
)

// severity orders the words.
//
//nolint:gochecknoglobals // a table; nothing changes it
var severity = map[HealthStatus]int{Healthy: 0, Suspended: 1, Progressing: 2, Missing: 3, Degraded: 4, Unknown: 5}

// Health is how an object, or several, fare.
type Health struct {
	// Status is one of Argo CD's words.
	Status HealthStatus
	// Message names the object and says why it isn't healthy. Empty if it is.
	Message string
}

// HealthOf computes the health of an object, nil if it isn't there, by kstatus. Beyond it, as in Argo CD: what is paused
// on purpose is Suspended, and a Job that runs is Progressing.
func HealthOf(id ID, live *unstructured.Unstructured) Health {
	found, message := healthOf(live)
	if found == Healthy {
		return Health{Status: Healthy}
	}
	return Health{Status: found, Message: fmt.Sprintf("%s: %s", id, message)}
}

// Worst is the health of the whole: that of the worst object, the first of several; Healthy if there is none.
func Worst(healths []Health) Health {
	worst := Health{Status: Healthy}
	for _, health := range healths {
		if severity[health.Status] > severity[worst.Status] {
			worst = health
		}
	}
	return worst
}

func healthOf(live *unstructured.Unstructured) (HealthStatus, string) {
	if live == nil {
		return Missing, "isn't there"
	}
	if live.GetDeletionTimestamp() != nil {
		return Progressing, "is being deleted"
	}
	if word, message := paused(live); message != "" {
		return word, message
	}
	result, err := status.Compute(live)
	if err != nil {
		return Unknown, err.Error()
	}
	switch result.Status {
	case status.CurrentStatus:
		return current(live)
	case status.InProgressStatus:
		return Progressing, result.Message
	case status.FailedStatus:
		return Degraded, failure(result)
	case status.TerminatingStatus:
		return Progressing, "is being deleted"
	case status.NotFoundStatus:
		return Missing, "isn't there"
	case status.UnknownStatus:
		return Unknown, result.Message
	}
	return Unknown, result.Message
}

// failure is kstatus's message, with the words of the condition that it was read from.
func failure(result *status.Result) string {
	for _, condition := range result.Conditions {
		if condition.Type == status.ConditionStalled && condition.Message != "" && condition.Message != result.Message {
			return fmt.Sprintf("%s: %s", result.Message, condition.Message)
		}
	}
	return result.Message
}

// paused recognises what doesn't progress on purpose.
func paused(live *unstructured.Unstructured) (HealthStatus, string) {
	switch gk := live.GroupVersionKind().GroupKind(); {
	case gk.Group == "apps" && gk.Kind == kindDeployment:
		if paused, _, _ := unstructured.NestedBool(live.Object, "spec", "paused"); paused {
			return Suspended, "spec.paused is set"
		}
	case gk.Group == "batch" && (gk.Kind == kindCronJob || gk.Kind == kindJob):
		if suspended, _, _ := unstructured.NestedBool(live.Object, "spec", "suspend"); suspended {
			return Suspended, "spec.suspend is set"
		}
	}
	return "", ""
}

// current looks closer at what kstatus calls current: a Job that runs, and a Pod that has failed.
func current(live *unstructured.Unstructured) (HealthStatus, string) {
	switch gk := live.GroupVersionKind().GroupKind(); {
	case gk.Group == "batch" && gk.Kind == kindJob:
		if _, completed, _ := unstructured.NestedString(live.Object, "status", "completionTime"); !completed {
			return Progressing, "is running"
		}
	case gk.Group == "" && gk.Kind == kindPod:
		if phase, _, _ := unstructured.NestedString(live.Object, "status", "phase"); phase == "Failed" {
			return Degraded, "has failed"
		}
	}
	return Healthy, ""
}
