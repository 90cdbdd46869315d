package configrepository

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/status"
	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/registry/selection"
)

func TestRecordPolicy(t *testing.T) {
	t.Parallel()
	now, before := metav1.NowMicro(), metav1.NowMicro()
	head := gitwriter.Head{Revision: "head"}
	failed := &gitwriter.Error{Op: "push", Host: "git.example.com", Reason: gitwriter.ReasonRefused, Message: "no"}
	taken := &selection.StayError{
		Kind: selection.TakenBack, Rejected: selection.Reference{Tag: "v1.0.36"}, Release: "push a newer version than v1.0.36",
		Problem: "v1.0.36 was taken back to v1.0.35: push a newer version than v1.0.36",
	}
	other := &selection.StayError{Kind: selection.NoPlace, Release: "write a version", Problem: `Git holds "x", which is no version: write a version`}
	commit := &gitwriter.Commit{Revision: "0123456789abcdef", Author: "Ada", Email: "ada@example.com", Subject: "Revert it", Time: before.Time}
	since := metav1.NewTime(before.Time)
	newer := &selection.StayError{Kind: selection.Newer, Problem: "Git holds v1.1.0, which is later than the selected v1.0.36: a target moves forward only"}
	known := v1alpha1.TargetStatus{Path: "tag", Current: "v1.0.35", Revision: "old", Time: &before}
	cases := map[string]struct {
		reason  string
		outcome gitwriter.Outcome
		err     error
		want    v1alpha1.TargetStatus
		ready   string
	}{
		"Committed": {
			reason:  "the commit and the time at which it was written",
			outcome: gitwriter.Outcome{State: gitwriter.Committed, Previous: []string{"v1.0.35"}, Current: []string{"v1.0.36"}, Revision: "new"},
			want:    v1alpha1.TargetStatus{Path: "tag", Current: "v1.0.36", Revision: "new", Time: &now},
			ready:   "True/Succeeded: v1.0.36 is selected, and committed to every target",
		},
		"Unchanged": {
			reason:  "a value that stands there already is noted with the head that it was seen at",
			outcome: gitwriter.Outcome{State: gitwriter.Unchanged, Current: []string{"v1.0.36"}},
			want:    v1alpha1.TargetStatus{Path: "tag", Current: "v1.0.36", Revision: "head", Time: &now},
			ready:   "True/Succeeded: v1.0.36 is selected, and committed to every target",
		},
		"Kept": {
			reason:  "a later version in Git is as it should be",
			outcome: gitwriter.Outcome{State: gitwriter.Kept, Current: []string{"v1.1.0"}, Err: newer},
			want: v1alpha1.TargetStatus{
				Path: "tag", Current: "v1.1.0", Revision: "head", Time: &now, Reason: v1alpha1.ReasonNewerInGit,
				Message: "Git holds v1.1.0, which is later than the selected v1.0.36: a target moves forward only",
			},
			ready: "True/NewerInGit: Git holds v1.1.0, which is later than the selected v1.0.36: a target moves forward only",
		},
		"TakenBack": {
			reason:  "who did it, and what ends it",
			outcome: gitwriter.Outcome{State: gitwriter.Kept, Current: []string{"v1.0.35"}, Err: taken, TakenBack: commit},
			want: v1alpha1.TargetStatus{
				Path: "tag", Current: "v1.0.35", Revision: "old", Time: &before, Reason: v1alpha1.ReasonHeld,
				Message: "v1.0.36 was taken back to v1.0.35 by commit 0123456789ab of Ada (Revert it): push a newer version than v1.0.36",
				Held: &v1alpha1.Held{
					Version: "v1.0.36", Revision: "0123456789abcdef", Author: "Ada", Subject: "Revert it", Time: &since,
					Release: "push a newer version than v1.0.36",
				},
			},
			ready: "False/Held: v1.0.36 was taken back to v1.0.35 by commit 0123456789ab of Ada (Revert it): push a newer version than v1.0.36",
		},
		"TakenBackBySomebody": {
			reason:  "a hold doesn't need to know who",
			outcome: gitwriter.Outcome{State: gitwriter.Kept, Current: []string{"v1.0.35"}, Err: taken},
			want: v1alpha1.TargetStatus{
				Path: "tag", Current: "v1.0.35", Revision: "old", Time: &before, Reason: v1alpha1.ReasonHeld, Message: taken.Problem,
				Held: &v1alpha1.Held{Version: "v1.0.36", Release: "push a newer version than v1.0.36"},
			},
			ready: "False/Held: v1.0.36 was taken back to v1.0.35: push a newer version than v1.0.36",
		},
		"NoPlace": {
			reason:  "nothing is rejected, and somebody meant it",
			outcome: gitwriter.Outcome{State: gitwriter.Kept, Current: []string{"x"}, Err: other, TakenBack: commit},
			want: v1alpha1.TargetStatus{
				Path: "tag", Current: "x", Revision: "head", Time: &now, Reason: v1alpha1.ReasonHeld,
				Message: `Git holds "x", which is no version, since commit 0123456789ab of Ada (Revert it): write a version`,
				Held:    &v1alpha1.Held{Revision: "0123456789abcdef", Author: "Ada", Subject: "Revert it", Time: &since, Release: "write a version"},
			},
			ready: `False/Held: Git holds "x", which is no version, since commit 0123456789ab of Ada (Revert it): write a version`,
		},
		"Failed": {
			reason:  "the value that was known stays, with why it isn't another",
			outcome: gitwriter.Outcome{State: gitwriter.Failed, Err: &gitwriter.TargetError{File: "a.yaml", Message: "no such file"}},
			want: v1alpha1.TargetStatus{
				Path: "tag", Current: "v1.0.35", Revision: "old", Time: &before, Reason: v1alpha1.ReasonEditRefused, Message: "a.yaml: no such file",
			},
			ready: "False/EditRefused: a.yaml: no such file",
		},
		"PushRefused": {
			reason:  "what the server said of the push is said of the policy",
			outcome: gitwriter.Outcome{State: gitwriter.Unchanged, Current: []string{"v1.0.35"}},
			err:     failed,
			want: v1alpha1.TargetStatus{
				Path: "tag", Current: "v1.0.35", Revision: "old", Time: &before, Reason: v1alpha1.ReasonPushRefused,
				Message: "ConfigRepository config: push at git.example.com: no",
			},
			ready: "False/PushRefused: ConfigRepository config: push at git.example.com: no",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repository, policy := repositoryNamed("config"), policyNamed("www", "v1.0.36", inRepository("config", "a.yaml", "tag"))
			status.Set(&policy.Status.Conditions, 1, v1alpha1.ConditionSelected, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "")
			policy.Status.Targets = []v1alpha1.TargetStatus{known}
			wanted := wishOf(&repository, &policy, neighbours{repositories: []v1alpha1.ConfigRepository{repository}})
			s := &scope{repository: &repository, wishes: []wish{wanted}, err: tc.err, result: gitwriter.WriteResult{
				Head: head, Outcomes: map[string][]gitwriter.Outcome{"fairlead/www": {tc.outcome}},
			}}
			if tc.err != nil {
				s.reason = reasonOf(tc.err)
			}
			recordPolicy(&policy, s, wanted, now)
			if diff := cmp.Diff(tc.want, policy.Status.Targets[0]); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			var rejected []string
			if tc.want.Held != nil && tc.want.Held.Version != "" {
				rejected = []string{tc.want.Held.Version}
			}
			if diff := cmp.Diff(rejected, policy.Status.Rejected); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			ready := policy.Status.Conditions[2]
			if diff := cmp.Diff(tc.ready, string(ready.Status)+"/"+ready.Reason+": "+ready.Message); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestRecordParts: a status shows what stands in Git in few words.
func TestRecordParts(t *testing.T) {
	t.Parallel()
	const repository = "registry.example.com/www"
	config := repositoryNamed("config")
	cases := map[string]struct {
		reason       string
		target       v1alpha1.Target
		state        gitwriter.OutcomeState
		current      []string
		err          error
		wanted, then string
	}{
		"Committed": {
			reason: "both parts are shown", target: partsInRepository("config", "a.yaml", "t", "d", "", ""),
			state: gitwriter.Committed, current: []string{"v1.0.36", "sha256:bb"}, wanted: "v1.0.36@sha256:bb",
		},
		"Image": {
			reason: "the policy's own repository isn't repeated", target: partsInRepository("config", "a.yaml", "", "", "", "i"),
			state: gitwriter.Committed, current: []string{repository + ":v1.0.36"}, wanted: "v1.0.36",
		},
		"DigestCommitted": {
			reason: "the tag is the one that was selected", target: partsInRepository("config", "a.yaml", "", "d", "", ""),
			state: gitwriter.Committed, current: []string{"sha256:bb"}, wanted: "sha256:bb", then: "v1.0.36",
		},
		"DigestStandsThere": {
			reason: "somebody else wrote what is selected", target: partsInRepository("config", "a.yaml", "", "d", "", ""),
			state: gitwriter.Unchanged, current: []string{"sha256:bb"}, wanted: "sha256:bb", then: "v1.0.36",
		},
		"DigestKept": {
			reason: "the commit that wrote it says the tag", target: partsInRepository("config", "a.yaml", "", "d", "", ""),
			state: gitwriter.Kept, current: []string{"sha256:aa"}, wanted: "sha256:aa", then: "v1.0.37",
			err: &selection.StayError{Kind: selection.Newer, Held: selection.Reference{Tag: "v1.0.37", Digest: "sha256:aa"}},
		},
		"OtherDigest": {
			reason: "nobody knows which tag this is", target: partsInRepository("config", "a.yaml", "", "d", "", ""),
			state: gitwriter.Kept, current: []string{"sha256:cc"}, wanted: "sha256:cc", err: errSuspended,
		},
		"TagIsWrittenToo": {
			reason: "the value says itself which tag it is", target: partsInRepository("config", "a.yaml", "t", "d", "", ""),
			state: gitwriter.Unchanged, current: []string{"v1.0.36", "sha256:bb"}, wanted: "v1.0.36@sha256:bb",
		},
		"Hostile": {
			reason: "a file may hold anything, a status only so much", target: partsInRepository("config", "a.yaml", "t", "", "", ""),
			state: gitwriter.Kept, current: []string{strings.Repeat("é", 1<<20) + "x"}, wanted: strings.Repeat("é", 512),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			policy := policyNamed("www", "v1.0.36", tc.target)
			policy.Status.Latest.Digest = "sha256:bb"
			wanted := wishOf(&config, &policy, neighbours{repositories: []v1alpha1.ConfigRepository{config}})
			s := &scope{repository: &config, wishes: []wish{wanted}, result: gitwriter.WriteResult{
				Outcomes: map[string][]gitwriter.Outcome{"fairlead/www": {{State: tc.state, Current: tc.current, Err: tc.err}}},
			}}
			recordPolicy(&policy, s, wanted, metav1.NowMicro())
			got := policy.Status.Targets[0]
			if diff := cmp.Diff([]string{tc.wanted, tc.then}, []string{got.Current, got.Tag}); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
