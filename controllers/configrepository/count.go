package configrepository

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/controllers/metrics"
	"github.com/fairlead/fairlead/controllers/status"
	"github.com/fairlead/fairlead/gitwriter"
)

// countCheck counts a look at the remote head.
func (r *Reconciler) countCheck(ctx context.Context, key types.NamespacedName, before string, head gitwriter.Head, err error) {
	result := metrics.CheckUnchanged
	switch {
	case err != nil:
		result = metrics.CheckFailed
		r.metrics.GitFailed(failureOf(err))
	case head.Revision != before:
		result = metrics.CheckMoved
	}
	ctrl.LoggerFrom(ctx).V(1).Info("asked for the head", "result", result, "head", head.Revision)
	r.metrics.HeadChecked(key, result, r.now())
}

// countPush counts the pushes of a run, if there were any, and why it failed, if it did.
func (r *Reconciler) countPush(result gitwriter.WriteResult, err error) {
	if err != nil {
		r.metrics.GitFailed(failureOf(err))
	}
	conflicts := result.Conflicts
	if result.Commits > 0 {
		r.metrics.Pushed(metrics.PushPushed, result.Commits, conflicts)
		conflicts = 0
	}
	if err != nil && result.Attempts > 0 {
		r.metrics.Pushed(pushOf(failureOf(err)), 0, conflicts)
	}
}

// failureOf classifies what went wrong with a Git server.
func failureOf(err error) metrics.GitFailure {
	failure := (*gitwriter.Error)(nil)
	switch {
	case !errors.As(err, &failure):
		return metrics.GitOther
	case status.RetryAfter(err) > 0:
		return metrics.GitRateLimited
	}
	switch failure.Reason {
	case gitwriter.ReasonUnavailable:
		return metrics.GitUnavailable
	case gitwriter.ReasonAuthentication, gitwriter.ReasonForbidden, gitwriter.ReasonServerNotTrusted:
		return metrics.GitAuthentication
	case gitwriter.ReasonRefused, gitwriter.ReasonBranchProtected, gitwriter.ReasonHookDeclined, gitwriter.ReasonQuota:
		return metrics.GitRefused
	case gitwriter.ReasonConflict:
		return metrics.GitConflict
	default:
		return metrics.GitOther
	}
}

// pushOf is what a push came to that failed so.
func pushOf(failure metrics.GitFailure) metrics.PushResult {
	switch failure {
	case metrics.GitRefused:
		return metrics.PushRefused
	case metrics.GitConflict:
		return metrics.PushConflict
	default:
		return metrics.PushFailed
	}
}

// countHead notes a head that is news, with the releases that this run has brought.
func (r *Reconciler) countHead(s *scope) {
	head, told := s.result.Head.Revision, s.repository.Status.Head
	if head == "" || told != nil && told.Revision == head {
		return
	}
	var brought []metrics.Release
	for _, wanted := range s.wishes {
		brought = append(brought, s.releasesOf(wanted)...)
	}
	r.metrics.HeadFound(client.ObjectKeyFromObject(s.repository), head, r.now(), brought...)
}

// releasesOf are the targets of a policy that were written in this run, one for each Application.
func (s *scope) releasesOf(wanted wish) []metrics.Release {
	due := wanted.policy.Status.Latest.FirstSeen.Add(wanted.policy.Spec.MinimumAge.Duration)
	var releases []metrics.Release
	known := map[string]bool{}
	for at := range wanted.targets {
		outcome, ok := s.outcome(wanted, at)
		if name := outcome.Target.Application; ok && outcome.State == gitwriter.Committed && !known[name] {
			known[name] = true
			releases = append(releases, metrics.Release{Application: name, Due: due})
		}
	}
	return releases
}
