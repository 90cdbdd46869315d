package status_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/status"
)

type classified struct {
	terminal bool
	wait     time.Duration
}

func (c classified) Error() string             { return "failed" }
func (c classified) Terminal() bool            { return c.terminal }
func (c classified) RetryAfter() time.Duration { return c.wait }

func TestResult(t *testing.T) {
	t.Parallel()
	plain := errors.New("failed")
	cases := map[string]struct {
		reason   string
		err      error
		want     reconcile.Result
		retried  bool
		terminal bool
	}{
		"Done":     {reason: "the next look is an interval off", want: reconcile.Result{RequeueAfter: time.Minute}},
		"Plain":    {reason: "an error that says nothing of itself is retried", err: plain, retried: true},
		"Terminal": {reason: "retrying can't help, also where the error was wrapped", err: fmt.Errorf("wrapped: %w", classified{terminal: true}), terminal: true},
		"Wait":     {reason: "the other side has named a time", err: classified{wait: time.Hour}, want: reconcile.Result{RequeueAfter: time.Hour}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := status.Result(tc.err, time.Minute)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if terminal := errors.Is(err, reconcile.TerminalError(nil)); terminal != tc.terminal || (err != nil) != (tc.retried || tc.terminal) {
				t.Errorf("\n%s\ngot %v", tc.reason, err)
			}
		})
	}
}

func TestOutcomeApply(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason  string
		outcome status.Outcome
		want    string
	}{
		"Succeeded":   {reason: "what is fine has no abnormal condition", outcome: status.Succeeded("done"), want: "Ready=True/Succeeded"},
		"Suspended":   {reason: "the spec asks for it, so it is as it should be", outcome: status.Suspended("off"), want: "Ready=True/Suspended"},
		"Progressing": {reason: "nobody knows yet", outcome: status.Progressing("wait"), want: "Ready=Unknown/Progressing Reconciling=True/Progressing"},
		"Retried":     {reason: "it is tried again", outcome: status.Failed(v1alpha1.ReasonGitFailed, errors.New("down")), want: "Ready=False/GitFailed Reconciling=True/ProgressingWithRetry"},
		"Stalled":     {reason: "it waits for a person", outcome: status.Failed(v1alpha1.ReasonRenderFailed, classified{terminal: true}), want: "Ready=False/RenderFailed Stalled=True/RenderFailed"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conditions := []metav1.Condition{
				{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: "Old"},
				{Type: v1alpha1.ConditionReconciling, Status: metav1.ConditionTrue, Reason: "Old"},
				{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue, Reason: "Old"},
			}
			tc.outcome.Apply(&conditions, 7)
			var got []string
			for _, condition := range conditions {
				got = append(got, fmt.Sprintf("%s=%s/%s", condition.Type, condition.Status, condition.Reason))
			}
			if diff := cmp.Diff(tc.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestMessagesAreBounded(t *testing.T) {
	t.Parallel()
	var conditions []metav1.Condition
	status.Set(&conditions, 1, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, strings.Repeat("ä", 5000))
	if got := conditions[0].Message; len(got) > 4096 || !strings.HasSuffix(got, "ä ...") {
		t.Errorf("a message is cut between characters, got %d bytes ending in %q", len(got), got[len(got)-8:])
	}
}

func TestSummarizePolicy(t *testing.T) {
	t.Parallel()
	target := func(reason v1alpha1.Reason) v1alpha1.TargetStatus {
		return v1alpha1.TargetStatus{Reason: reason, Message: "because of " + string(reason)}
	}
	cases := map[string]struct {
		reason   string
		selected metav1.ConditionStatus
		why      v1alpha1.Reason
		latest   string
		targets  []v1alpha1.TargetStatus
		want     string
	}{
		"New":       {reason: "nothing is known", want: "Unknown/Progressing: the registry wasn't scanned yet"},
		"Committed": {reason: "all targets hold the tag", selected: metav1.ConditionTrue, latest: "v1", targets: []v1alpha1.TargetStatus{{}}, want: "True/Succeeded: v1 is selected, and committed to every target"},
		"Pending":   {reason: "work is under way", selected: metav1.ConditionTrue, latest: "v1", targets: []v1alpha1.TargetStatus{{}, target(v1alpha1.ReasonPending)}, want: "Unknown/Pending: because of Pending"},
		"Newer":     {reason: "a later version in Git is fine", selected: metav1.ConditionTrue, latest: "v1", targets: []v1alpha1.TargetStatus{target(v1alpha1.ReasonNewerInGit)}, want: "True/NewerInGit: because of NewerInGit"},
		"Gravest": {
			reason: "the gravest of the targets counts, whatever their order", selected: metav1.ConditionTrue, latest: "v1",
			targets: []v1alpha1.TargetStatus{target(v1alpha1.ReasonPending), target(v1alpha1.ReasonEditRefused), target(v1alpha1.ReasonNewerInGit)},
			want:    "False/EditRefused: because of EditRefused",
		},
		"NotSelected": {
			reason: "a scan that failed comes first, even with an older choice in Git", selected: metav1.ConditionFalse, why: v1alpha1.ReasonRegistryFailed, latest: "v1",
			targets: []v1alpha1.TargetStatus{{}}, want: "False/RegistryFailed: why",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			policy := &v1alpha1.ImagePolicy{}
			policy.Status.Targets = tc.targets
			if tc.latest != "" {
				policy.Status.Latest = &v1alpha1.SelectedTag{Tag: tc.latest}
			}
			if tc.selected != "" {
				status.Set(&policy.Status.Conditions, 0, v1alpha1.ConditionSelected, tc.selected, tc.why, "why")
			}
			status.SummarizePolicy(policy)
			got := ""
			for _, condition := range policy.Status.Conditions {
				if condition.Type == v1alpha1.ConditionReady {
					got = fmt.Sprintf("%s/%s: %s", condition.Status, condition.Reason, condition.Message)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
