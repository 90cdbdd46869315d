package metrics_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/metrics"
)

func TestStateOf(t *testing.T) {
	t.Parallel()
	ready := func(status metav1.ConditionStatus, reason v1alpha1.Reason) metav1.Condition {
		return metav1.Condition{Type: v1alpha1.ConditionReady, Status: status, Reason: string(reason)}
	}
	stalled := metav1.Condition{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue}
	cases := map[string]struct {
		reason     string
		conditions []metav1.Condition
		suspended  bool
		want       metrics.State
	}{
		"New":       {reason: "nobody has looked yet", want: metrics.StateUnknown},
		"Ready":     {reason: "as the spec asks", conditions: []metav1.Condition{ready("True", v1alpha1.ReasonSucceeded)}, want: metrics.StateReady},
		"Suspended": {reason: "whatever it was before", conditions: []metav1.Condition{ready("True", v1alpha1.ReasonSucceeded)}, suspended: true, want: metrics.StateSuspended},
		"Elsewhere": {reason: "a policy whose repository is suspended", conditions: []metav1.Condition{ready("False", v1alpha1.ReasonSuspended)}, want: metrics.StateSuspended},
		"Waiting":   {reason: "for its minimum age", conditions: []metav1.Condition{ready("Unknown", v1alpha1.ReasonWaiting)}, want: metrics.StateWaiting},
		"Pending":   {reason: "selected, not committed", conditions: []metav1.Condition{ready("Unknown", v1alpha1.ReasonPending)}, want: metrics.StatePending},
		"Held":      {reason: "somebody took it back", conditions: []metav1.Condition{ready("False", v1alpha1.ReasonHeld)}, want: metrics.StateHeld},
		"Working":   {reason: "not over yet", conditions: []metav1.Condition{ready("Unknown", v1alpha1.ReasonProgressing)}, want: metrics.StateUnknown},
		"Differs":   {reason: "and may", conditions: []metav1.Condition{ready("False", v1alpha1.ReasonOutOfSync)}, want: metrics.StateOutOfSync},
		"Degraded":  {reason: "applied, and not healthy", conditions: []metav1.Condition{ready("False", v1alpha1.ReasonDegraded)}, want: metrics.StateDegraded},
		"Failing":   {reason: "tried again", conditions: []metav1.Condition{ready("False", v1alpha1.ReasonGitFailed)}, want: metrics.StateFailing},
		"Stalled":   {reason: "only a change helps", conditions: []metav1.Condition{ready("False", v1alpha1.ReasonGitFailed), stalled}, want: metrics.StateStalled},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := metrics.StateOf(tc.conditions, tc.suspended); got != tc.want {
				t.Errorf("%s: got %s, want %s", tc.reason, got, tc.want)
			}
		})
	}
}
