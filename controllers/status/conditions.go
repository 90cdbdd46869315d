package status

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// maxMessage is the length at which messages are cut: the API server takes 32,768 bytes.
const maxMessage = 4096

// Outcome is what a reconciliation came to: the source of the conditions Ready, Reconciling and Stalled.
type Outcome struct {
	// Ready is the status of the condition Ready.
	Ready metav1.ConditionStatus
	// Reason of the condition Ready, and of Stalled.
	Reason v1alpha1.Reason
	// Message of the conditions: what is so, or what is in the way and what to do.
	Message string
	// Stalled: nothing happens until somebody changes something.
	Stalled bool
	// Retrying: the work goes on by itself.
	Retrying bool
}

// Succeeded is the outcome of work that is done.
func Succeeded(message string) Outcome {
	return Outcome{Ready: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded, Message: message}
}

// Suspended is the outcome of an object whose spec says suspend.
func Suspended(message string) Outcome {
	return Outcome{Ready: metav1.ConditionTrue, Reason: v1alpha1.ReasonSuspended, Message: message}
}

// Progressing is the outcome of work that is under way.
func Progressing(message string) Outcome {
	return Outcome{Ready: metav1.ConditionUnknown, Reason: v1alpha1.ReasonProgressing, Message: message, Retrying: true}
}

// Failed is the outcome of work that failed: with a terminal error it stalls, otherwise it is retried.
func Failed(reason v1alpha1.Reason, err error) Outcome {
	terminal := Terminal(err)
	return Outcome{Ready: metav1.ConditionFalse, Reason: reason, Message: err.Error(), Stalled: terminal, Retrying: !terminal}
}

// Apply writes the outcome into conditions.
func (o Outcome) Apply(conditions *[]metav1.Condition, generation int64) {
	Set(conditions, generation, v1alpha1.ConditionReady, o.Ready, o.Reason, o.Message)
	abnormal(conditions, generation, v1alpha1.ConditionStalled, o.Stalled, o.Reason, o.Message)
	reason := v1alpha1.ReasonProgressing
	if o.Ready == metav1.ConditionFalse {
		reason = v1alpha1.ReasonProgressingWithRetry
	}
	abnormal(conditions, generation, v1alpha1.ConditionReconciling, o.Retrying, reason, o.Message)
}

// Set writes one condition.
func Set(conditions *[]metav1.Condition, generation int64, kind string, state metav1.ConditionStatus, reason v1alpha1.Reason, message string) {
	meta.SetStatusCondition(conditions, metav1.Condition{
		Type: kind, Status: state, ObservedGeneration: generation, Reason: string(reason), Message: cut(message, maxMessage),
	})
}

// abnormal writes a condition that is absent when all is fine.
func abnormal(conditions *[]metav1.Condition, generation int64, kind string, present bool, reason v1alpha1.Reason, message string) {
	if !present {
		meta.RemoveStatusCondition(conditions, kind)
		return
	}
	Set(conditions, generation, kind, metav1.ConditionTrue, reason, message)
}
