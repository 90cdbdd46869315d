package syncer

import (
	"fmt"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
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
// on purpose is Suspended, a Job that runs is Progressing, and a Pod that has failed is Degraded.
//
// Messages hold no counters: they are written into a status, which must not change with every pod.
func HealthOf(id ID, live *unstructured.Unstructured) Health {
	if live == nil {
		return Health{Status: Missing, Message: fmt.Sprintf("%s is missing", id)}
	}
	if live.GetDeletionTimestamp() != nil {
		return Health{Status: Progressing, Message: fmt.Sprintf("%s is being deleted", id)}
	}
	if isPaused(live) {
		return Health{Status: Suspended, Message: fmt.Sprintf("%s is paused", id)}
	}
	result, err := status.Compute(live)
	if err != nil {
		return Health{Status: Unknown, Message: fmt.Sprintf("%s: %v", id, err)}
	}
	switch found, message := wordFor(live, result); found {
	case Healthy:
		return Health{Status: Healthy}
	default:
		return Health{Status: found, Message: fmt.Sprintf("%s %s", id, message)}
	}
}

// Because adds what the pods say to the health of what runs them. A failure that only a change can mend is Degraded at
// once: there is no need to wait for a deadline to know it.
func (h Health) Because(found Trouble) Health {
	if found.Failed && h.Status == Progressing {
		h.Status = Degraded
	}
	h.Message += ": " + found.String()
	return h
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

// wordFor gives Argo CD's word for what kstatus found, and says why, to be read after the object's name.
func wordFor(live *unstructured.Unstructured, result *status.Result) (HealthStatus, string) {
	switch result.Status {
	case status.CurrentStatus:
		return current(live)
	case status.InProgressStatus:
		return Progressing, waiting(result)
	case status.FailedStatus:
		return Degraded, "has failed: " + explained(result, status.ConditionStalled)
	case status.TerminatingStatus:
		return Progressing, "is being deleted"
	case status.NotFoundStatus:
		return Missing, "is missing"
	case status.UnknownStatus:
		return Unknown, "can't be told: " + result.Message
	}
	return Unknown, "can't be told: " + result.Message
}

// waits says without counters what kstatus says with them, by the reason that it gives.
//
//nolint:gochecknoglobals // a table; nothing changes it
var waits = map[string]string{
	"LatestGenerationNotObserved": "waits for its controller",
	"NoObservedGeneration":        "waits for its controller",
	"NoDesiredNumber":             "waits for its controller",
	"LessReplicas":                "waits for its pods to be made",
	"LessCurrent":                 "waits for its pods to be made",
	"LessLabelled":                "waits for its pods to be labelled",
	"LessUpdated":                 "waits for its pods to be replaced",
	"PartitionRollout":            "waits for its pods to be replaced",
	"RevisionMismatch":            "waits for its pods to be replaced",
	"ExtraPods":                   "waits for its new pods to replace the old ones",
	"LessAvailable":               "waits for its pods to be available",
	"LessReady":                   "waits for its pods to be ready",
}

func waiting(result *status.Result) string {
	for _, condition := range result.Conditions {
		if text, known := waits[condition.Reason]; known && condition.Type == status.ConditionReconciling {
			return text
		}
	}
	if message := explained(result, status.ConditionReconciling); message != "" {
		return "is in progress: " + message
	}
	return "is in progress"
}

// explained is kstatus's message, and the object's own words where they say more.
func explained(result *status.Result, of status.ConditionType) string {
	for _, condition := range result.Conditions {
		if condition.Type == of && condition.Message != "" && condition.Message != result.Message {
			return fmt.Sprintf("%s: %s", result.Message, condition.Message)
		}
	}
	return result.Message
}

// isPaused recognises what doesn't progress on purpose.
func isPaused(live *unstructured.Unstructured) bool {
	var field string
	switch live.GroupVersionKind().GroupKind() {
	case schema.GroupKind{Group: "apps", Kind: kindDeployment}:
		field = "paused"
	case schema.GroupKind{Group: "batch", Kind: kindCronJob}, schema.GroupKind{Group: "batch", Kind: kindJob}:
		field = "suspend"
	default:
		return false
	}
	paused, _, _ := unstructured.NestedBool(live.Object, "spec", field)
	return paused
}

// current looks closer at what kstatus calls current: a Job that runs, and a Pod that has failed.
func current(live *unstructured.Unstructured) (HealthStatus, string) {
	switch live.GroupVersionKind().GroupKind() {
	case schema.GroupKind{Group: "batch", Kind: kindJob}:
		if _, completed, _ := unstructured.NestedString(live.Object, "status", "completionTime"); !completed {
			return Progressing, "is running"
		}
	case schema.GroupKind{Kind: kindPod}:
		if phase, _, _ := unstructured.NestedString(live.Object, "status", "phase"); phase == "Failed" {
			return Degraded, "has failed"
		}
	}
	return Healthy, ""
}
