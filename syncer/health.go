package syncer

import (
	"fmt"
	"slices"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// HealthStatus says how an object fares, in Argo CD's words.
type HealthStatus string

// Health statuses, from good to bad.
const (
	// Healthy: it does its work.
	Healthy HealthStatus = "Healthy"
	// Suspended: it is paused on purpose.
	Suspended HealthStatus = "Suspended"
	// Progressing: it isn't healthy yet, and may become so.
	Progressing HealthStatus = "Progressing"
	// Missing: it isn't there.
	Missing HealthStatus = "Missing"
	// Degraded: it failed.
	Degraded HealthStatus = "Degraded"
	// Unknown: it couldn't be told.
	Unknown HealthStatus = "Unknown"
)

// badness orders the statuses.
var badness = []HealthStatus{Healthy, Suspended, Progressing, Missing, Degraded, Unknown} //nolint:gochecknoglobals // a constant in all but syntax

// Health is how an object, or several, fare.
type Health struct {
	// Status in one word.
	Status HealthStatus
	// Message says why it isn't Healthy, and names the object.
	Message string
}

// HealthOf tells how an object fares, from its status as kstatus reads it; live is nil if there is none. kstatus knows the
// built-in kinds, and the conditions Ready, Reconciling and Stalled of any other
// (https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus).
func HealthOf(id ID, live *unstructured.Unstructured) Health {
	if live == nil {
		return Health{Status: Missing, Message: fmt.Sprintf("%s is missing", id)}
	}
	if suspended(live) {
		return Health{Status: Suspended, Message: fmt.Sprintf("%s is paused", id)}
	}
	result, err := status.Compute(live)
	if err != nil {
		return Health{Status: Unknown, Message: fmt.Sprintf("%s: %v", id, err)}
	}
	found := Health{Status: wordOf(result.Status)}
	if found.Status != Healthy {
		found.Message = fmt.Sprintf("%s: %s", id, result.Message)
	}
	return found
}

func wordOf(computed status.Status) HealthStatus {
	switch computed {
	case status.CurrentStatus:
		return Healthy
	case status.InProgressStatus, status.TerminatingStatus:
		return Progressing
	case status.FailedStatus:
		return Degraded
	case status.NotFoundStatus:
		return Missing
	case status.UnknownStatus:
		return Unknown
	default:
		return Unknown
	}
}

// suspended says whether an object is paused on purpose.
func suspended(live *unstructured.Unstructured) bool {
	field := ""
	switch live.GroupVersionKind().GroupKind() {
	case schema.GroupKind{Group: "apps", Kind: "Deployment"}:
		field = "paused"
	case schema.GroupKind{Group: "batch", Kind: "CronJob"}, schema.GroupKind{Group: "batch", Kind: "Job"}:
		field = "suspend"
	default:
		return false
	}
	paused, _, _ := unstructured.NestedBool(live.Object, "spec", field)
	return paused
}

// Worst is the health of the whole: that of the worst object, the first of those that fare alike. Nothing is Healthy.
func Worst(healths []Health) Health {
	worst := Health{Status: Healthy}
	for _, health := range healths {
		if slices.Index(badness, health.Status) > slices.Index(badness, worst.Status) {
			worst = health
		}
	}
	return worst
}
