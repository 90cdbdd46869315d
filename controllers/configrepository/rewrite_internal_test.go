package configrepository

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/gitwriter"
)

func TestFoundRewrite(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		told   *v1alpha1.Head
		head   gitwriter.Head
		want   []gitwriter.Rewrite
	}{
		"Ordinary": {reason: "a commit on top", told: &v1alpha1.Head{Revision: "a"}, head: gitwriter.Head{Revision: "b"}},
		"Rewritten": {
			reason: "the head before isn't in the history any more", told: &v1alpha1.Head{Revision: "a"},
			head: gitwriter.Head{Revision: "b", Replaces: "a"}, want: []gitwriter.Rewrite{{From: "a", To: "b"}},
		},
		"Told": {reason: "the status has the new head already", told: &v1alpha1.Head{Revision: "b"}, head: gitwriter.Head{Revision: "b", Replaces: "a"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &scope{repository: &v1alpha1.ConfigRepository{Status: v1alpha1.ConfigRepositoryStatus{Head: tc.told}}}
			s.found(tc.head)
			if diff := cmp.Diff(tc.want, s.rewrites); diff != "" || s.result.Head != tc.head {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestRecordedHead: a head that belongs to another branch would be taken for one that was replaced by force.
func TestRecordedHead(t *testing.T) {
	t.Parallel()
	known := &v1alpha1.Head{Revision: "a", Author: "Ada"}
	cases := map[string]struct {
		reason   string
		observed int64
		found    gitwriter.Head
		want     *v1alpha1.Head
	}{
		"Found":       {reason: "what was seen counts", observed: 2, found: gitwriter.Head{Revision: "b"}, want: &v1alpha1.Head{Revision: "b"}},
		"Unreachable": {reason: "nobody answered, and the branch is the same", observed: 2, want: known},
		"Moved":       {reason: "nobody answered, and the spec may name another branch now", observed: 1},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repository := &v1alpha1.ConfigRepository{Status: v1alpha1.ConfigRepositoryStatus{Head: known, ObservedGeneration: tc.observed}}
			repository.Generation = 2
			recordRepository(repository, &scope{repository: repository.DeepCopy(), result: gitwriter.WriteResult{Head: tc.found}}, metav1.Time{})
			if diff := cmp.Diff(tc.want, repository.Status.Head, cmpopts.IgnoreFields(v1alpha1.Head{}, "Time")); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestReasonsOfGit(t *testing.T) {
	t.Parallel()
	for reason, want := range map[gitwriter.Reason]v1alpha1.Reason{
		gitwriter.ReasonBranchProtected: v1alpha1.ReasonBranchProtected, gitwriter.ReasonHookDeclined: v1alpha1.ReasonHookDeclined,
		gitwriter.ReasonQuota: v1alpha1.ReasonQuotaExceeded, gitwriter.ReasonForbidden: v1alpha1.ReasonNotAuthorized,
		gitwriter.ReasonRedirected: v1alpha1.ReasonRepositoryMoved, gitwriter.ReasonUnavailable: v1alpha1.ReasonGitFailed,
	} {
		if got := reasonOf(&gitwriter.Error{Reason: reason}); got != want {
			t.Errorf("%s: want %s, got %s", reason, want, got)
		}
	}
}
