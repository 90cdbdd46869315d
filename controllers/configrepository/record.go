package configrepository

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/status"
	"github.com/fairlead/fairlead/gitwriter"
)

// recordConcurrency bounds the status writes that are under way at once after a push of many policies.
const recordConcurrency = 16

// record writes what happened: first the head, which the Applications wait for, then each policy's targets.
func (r *Reconciler) record(ctx context.Context, s *scope) error {
	pushed := metav1.NewMicroTime(r.now())
	ready := meta.FindStatusCondition(s.repository.Status.Conditions, v1alpha1.ConditionReady)
	s.news = s.err != nil && (ready == nil || ready.Message != s.err.Error())
	r.tell(ctx, s)
	if err := status.Patch(ctx, r.client, r.live, s.repository, func(repository *v1alpha1.ConfigRepository) {
		recordRepository(repository, s, metav1.NewTime(pushed.Time))
	}); err != nil {
		return err
	}
	if s.news {
		r.recorder.Eventf(s.repository, nil, "Warning", string(s.reasonOrGit()), "Reconcile", "%s", s.err.Error())
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(recordConcurrency)
	for _, wanted := range s.wishes {
		group.Go(func() error {
			return status.Patch(ctx, r.client, r.live, wanted.policy, func(policy *v1alpha1.ImagePolicy) {
				recordPolicy(policy, s, wanted, pushed)
			})
		})
	}
	return group.Wait()
}

func (s *scope) reasonOrGit() v1alpha1.Reason {
	if s.reason == "" {
		return v1alpha1.ReasonGitFailed
	}
	return s.reason
}

// tell logs a push and records an event for it and for each policy in it.
func (r *Reconciler) tell(ctx context.Context, s *scope) {
	if s.result.Commits == 0 {
		return
	}
	ctrl.LoggerFrom(ctx).Info("pushed", "commits", s.result.Commits, "head", s.result.Head.Revision,
		"attempts", s.result.Attempts, "requests", s.result.Requests)
	r.recorder.Eventf(s.repository, nil, "Normal", string(v1alpha1.ReasonPushed), "Push", "%s to %s, head is %s",
		numberOf(s.result.Commits, "commit"), s.repository.Spec.Branch, s.result.Head.Revision)
	for _, wanted := range s.wishes {
		for _, outcome := range s.result.Outcomes[wanted.change.Policy] {
			if outcome.State == gitwriter.Committed {
				r.recorder.Eventf(wanted.policy, s.repository, "Normal", string(v1alpha1.ReasonTagCommitted), "Commit", "%s -> %s in %s#%s, commit %s",
					outcome.Previous, outcome.Current, outcome.Target.File, outcome.Target.Path, outcome.Revision)
				break
			}
		}
	}
}

// recordRepository writes the head, the push and the conditions.
func recordRepository(repository *v1alpha1.ConfigRepository, s *scope, pushed metav1.Time) {
	st := &repository.Status
	st.ObservedGeneration = s.repository.Generation
	if head := s.result.Head; head.Revision != "" && (st.Head == nil || st.Head.Revision != head.Revision) {
		st.Head = &v1alpha1.Head{Revision: head.Revision, Author: head.Author, Subject: head.Subject, Time: metav1.NewTime(head.Time)}
	}
	if s.result.Commits > 0 && s.err == nil {
		st.LastPush = &v1alpha1.Push{
			Revision: s.result.Head.Revision, Time: pushed,
			Commits: int32(s.result.Commits), Attempts: int32(s.result.Attempts), //nolint:gosec // bounded by the writer
		}
	}
	st.Pending = int32(s.pending()) //nolint:gosec // a number of objects
	outcomeOf(repository, s).Apply(&st.Conditions, st.ObservedGeneration)
}

func outcomeOf(repository *v1alpha1.ConfigRepository, s *scope) status.Outcome {
	switch {
	case s.err != nil:
		return status.Failed(s.reasonOrGit(), s.err)
	case repository.Spec.Suspend:
		return status.Suspended("writing is suspended: unset spec.suspend to go on; the branch is still read")
	default:
		message := "branch " + repository.Spec.Branch + " is read, and holds what the policies selected"
		if s.keepsOther() {
			message = "branch " + repository.Spec.Branch + " is read, and keeps other values than some policies selected: see their condition Committed"
		}
		return status.Succeeded(message)
	}
}

// keepsOther says whether a target in this repository doesn't hold what its policy selected.
func (s *scope) keepsOther() bool {
	return slices.ContainsFunc(s.wishes, func(wanted wish) bool {
		if len(wanted.refused) > 0 {
			return true
		}
		return slices.ContainsFunc(wanted.targets, func(target int) bool {
			reason, _ := s.verdict(wanted, target)
			return reason != ""
		})
	})
}

// pending counts the policies of which a target waits to be written.
func (s *scope) pending() int {
	pending := 0
	for _, wanted := range s.wishes {
		waits := false
		for _, target := range wanted.targets {
			reason, _ := s.verdict(wanted, target)
			waits = waits || reason == v1alpha1.ReasonPending || reason == v1alpha1.ReasonSuspended || reason != "" && s.err != nil
		}
		if waits {
			pending++
		}
	}
	return pending
}

// recordPolicy writes what became of the targets that lie in this repository.
func recordPolicy(policy *v1alpha1.ImagePolicy, s *scope, wanted wish, now metav1.MicroTime) {
	if policy.Generation != wanted.policy.Generation || len(policy.Status.Targets) != len(policy.Spec.Targets) {
		return
	}
	for i := range sets.New(wanted.targets...).Union(sets.KeySet(wanted.refused)) {
		target := &policy.Status.Targets[i]
		reason, message := s.verdict(wanted, i)
		target.Reason, target.Message = reason, message
		if outcome, ok := s.outcome(wanted, i); ok && s.err == nil && outcome.State != gitwriter.Failed {
			recordCurrent(target, outcome, s.result.Head.Revision, now)
		}
	}
	status.SummarizePolicy(policy)
}

// recordCurrent writes what a target holds, and the commit and time since when. A value that was seen before keeps them.
func recordCurrent(target *v1alpha1.TargetStatus, outcome gitwriter.Outcome, head string, now metav1.MicroTime) {
	if outcome.State == gitwriter.Committed {
		target.Current, target.Revision, target.Time = outcome.Current, outcome.Revision, &now
		return
	}
	if target.Revision == "" || target.Current != outcome.Current {
		target.Current, target.Revision, target.Time = outcome.Current, head, &now
	}
}

// outcome is what the writer said of a target, by its index in spec.targets.
func (s *scope) outcome(wanted wish, target int) (gitwriter.Outcome, bool) {
	outcomes := s.result.Outcomes[wanted.change.Policy]
	for i, at := range wanted.targets {
		if at == target && i < len(outcomes) {
			return outcomes[i], true
		}
	}
	return gitwriter.Outcome{}, false
}

// verdict says why a target doesn't hold the selected tag; an empty reason: it does.
func (s *scope) verdict(wanted wish, target int) (v1alpha1.Reason, string) {
	if err, ok := wanted.refused[target]; ok {
		return v1alpha1.ReasonEditRefused, fmt.Sprintf("key path %q: %s", wanted.policy.Spec.Targets[target].Tag, err)
	}
	outcome, ok := s.outcome(wanted, target)
	remote := (*gitwriter.Error)(nil)
	switch {
	case errors.As(outcome.Err, &remote): // it is the repository that is in the way, not the target
		return reasonOf(remote), fmt.Sprintf("ConfigRepository %s: %s", s.repository.Name, remote)
	case ok && outcome.Err != nil:
		return reasonOfTarget(outcome), outcome.Err.Error()
	case s.err != nil:
		return s.reasonOrGit(), fmt.Sprintf("ConfigRepository %s: %s", s.repository.Name, s.err)
	case !ok:
		return v1alpha1.ReasonPending, wanted.change.Tag + " is selected, and waits for the other targets of this policy"
	default:
		return "", ""
	}
}

func reasonOfTarget(outcome gitwriter.Outcome) v1alpha1.Reason {
	newer, held := (*newerInGitError)(nil), (*noVersionError)(nil)
	switch {
	case errors.As(outcome.Err, &newer):
		return v1alpha1.ReasonNewerInGit
	case errors.As(outcome.Err, &held):
		return v1alpha1.ReasonHeld
	case errors.Is(outcome.Err, errSuspended):
		return v1alpha1.ReasonSuspended
	default:
		return v1alpha1.ReasonEditRefused
	}
}

// numberOf counts things for a person.
func numberOf(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
