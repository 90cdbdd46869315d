package configrepository

import (
	"testing"

	"github.com/google/go-cmp/cmp"

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
