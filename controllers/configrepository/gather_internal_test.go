package configrepository

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/status"
	"github.com/fairlead/fairlead/gitwriter"
)

func repositoryNamed(name string) v1alpha1.ConfigRepository {
	return v1alpha1.ConfigRepository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "fairlead", Name: name},
		Spec:       v1alpha1.ConfigRepositorySpec{URL: "https://git.example.com/" + name + ".git", Branch: "main"},
	}
}

func policyNamed(name, tag string, targets ...v1alpha1.Target) v1alpha1.ImagePolicy {
	policy := v1alpha1.ImagePolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: "fairlead", Name: name, Generation: 1},
		Spec: v1alpha1.ImagePolicySpec{
			Image: "registry.example.com/" + name, Targets: targets,
			Select: v1alpha1.SelectSpec{SemVer: v1alpha1.SemVerSpec{Range: ">=1.0.0"}},
		},
		Status: v1alpha1.ImagePolicyStatus{ObservedGeneration: 1, Targets: make([]v1alpha1.TargetStatus, len(targets))},
	}
	if tag != "" {
		policy.Status.Latest = &v1alpha1.SelectedTag{Tag: tag}
	}
	return policy
}

func inRepository(name, file, path string) v1alpha1.Target {
	return v1alpha1.Target{RepositoryRef: &v1alpha1.LocalReference{Name: name}, File: file, Tag: path}
}

func TestGather(t *testing.T) {
	t.Parallel()
	config, other := repositoryNamed("config"), repositoryNamed("other")
	changed := policyNamed("changed", "v1.0.0", inRepository("config", "a.yaml", "tag"))
	changed.Generation = 2
	suspended := policyNamed("suspended", "v1.0.0", inRepository("config", "a.yaml", "tag"))
	suspended.Spec.Suspend = true
	beside := neighbours{
		repositories: []v1alpha1.ConfigRepository{config, other},
		policies: []v1alpha1.ImagePolicy{
			policyNamed("www", "v1.0.36", inRepository("config", "www.yaml", "tag"), inRepository("other", "www.yaml", "tag")),
			policyNamed("api", "v2.0.0", inRepository("config", "api.yaml", "api.tag"), inRepository("config", "api.yaml", "sidecar..tag")),
			policyNamed("new", "", inRepository("config", "a.yaml", "tag")),
			policyNamed("elsewhere", "v1.0.0", inRepository("other", "a.yaml", "tag")),
			changed, suspended,
		},
	}
	type summary struct {
		Policy  string
		Targets []string
		Refused int
	}
	var got []summary
	for _, wanted := range gather(&config, beside) {
		found := summary{Policy: wanted.change.Policy, Refused: len(wanted.refused)}
		for _, target := range wanted.change.Targets {
			found.Targets = append(found.Targets, target.File+"#"+target.Path.String())
		}
		got = append(got, found)
	}
	want := []summary{
		{Policy: "fairlead/api", Targets: []string{"api.yaml#api.tag"}, Refused: 1},
		{Policy: "fairlead/www", Targets: []string{"www.yaml#tag"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("only policies with a choice for their spec as it stands, by name, and only targets in this repository (-want, +got):\n%s", diff)
	}
}

func TestForward(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason    string
		current   string
		suspended bool
		want      string
	}{
		"Older":     {reason: "a later version moves the target", current: "v1.0.35"},
		"Same":      {reason: "the writer finds out by itself that there is nothing to do", current: "v1.0.36"},
		"Newer":     {reason: "production never goes back by itself", current: "v1.1.0", want: "Git holds v1.1.0, which is later than the selected v1.0.36: a target moves forward only"},
		"Empty":     {reason: "an empty value waits for its first version", current: ""},
		"NoVersion": {reason: "somebody wrote something on purpose", current: "latest", want: `Git holds "latest", which is no version: the target is held until a version, or nothing, stands there again`},
		"Suspended": {reason: "nothing is written", current: "v1.0.35", suspended: true, want: "the ConfigRepository is suspended: unset its spec.suspend to go on"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repository, policy := repositoryNamed("config"), policyNamed("www", "v1.0.36")
			repository.Spec.Suspend = tc.suspended
			got := ""
			if err := forward(&repository, &policy)(tc.current); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRecordPolicy(t *testing.T) {
	t.Parallel()
	now, before := metav1.NowMicro(), metav1.NowMicro()
	head := gitwriter.Head{Revision: "head"}
	failed := &gitwriter.Error{Op: "push", Host: "git.example.com", Reason: gitwriter.ReasonRefused, Message: "no"}
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
			outcome: gitwriter.Outcome{State: gitwriter.Committed, Previous: "v1.0.35", Current: "v1.0.36", Revision: "new"},
			want:    v1alpha1.TargetStatus{Path: "tag", Current: "v1.0.36", Revision: "new", Time: &now},
			ready:   "True/Succeeded: v1.0.36 is selected, and committed to every target",
		},
		"Unchanged": {
			reason:  "a value that stands there already is noted with the head that it was seen at",
			outcome: gitwriter.Outcome{State: gitwriter.Unchanged, Current: "v1.0.36"},
			want:    v1alpha1.TargetStatus{Path: "tag", Current: "v1.0.36", Revision: "head", Time: &now},
			ready:   "True/Succeeded: v1.0.36 is selected, and committed to every target",
		},
		"Kept": {
			reason:  "a later version in Git is as it should be",
			outcome: gitwriter.Outcome{State: gitwriter.Kept, Current: "v1.1.0", Err: &newerInGitError{current: "v1.1.0", selected: "v1.0.36"}},
			want: v1alpha1.TargetStatus{
				Path: "tag", Current: "v1.1.0", Revision: "head", Time: &now, Reason: v1alpha1.ReasonNewerInGit,
				Message: "Git holds v1.1.0, which is later than the selected v1.0.36: a target moves forward only",
			},
			ready: "True/NewerInGit: Git holds v1.1.0, which is later than the selected v1.0.36: a target moves forward only",
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
			outcome: gitwriter.Outcome{State: gitwriter.Unchanged, Current: "v1.0.35"},
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
			wanted := wish{policy: &policy, targets: []int{0}, change: gitwriter.Change{Policy: "fairlead/www", Tag: "v1.0.36"}}
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
			ready := policy.Status.Conditions[2]
			if diff := cmp.Diff(tc.ready, string(ready.Status)+"/"+ready.Reason+": "+ready.Message); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
