package configrepository

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/choice"
	"github.com/fairlead/fairlead/controllers/status"
	"github.com/fairlead/fairlead/failpoint"
	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/registry/selection"
)

// recordConcurrency bounds the status writes that are under way at once after a push of many policies.
const recordConcurrency = 16

// record writes what happened: first the head, which the Applications wait for, then each policy's targets.
func (r *Reconciler) record(ctx context.Context, s *scope) error {
	pushed := metav1.NewMicroTime(r.now())
	ready := meta.FindStatusCondition(s.repository.Status.Conditions, v1alpha1.ConditionReady)
	s.news = s.err != nil && (ready == nil || ready.Message != status.Bounded(s.err.Error()))
	r.tell(ctx, s)
	r.tellState(ctx, s, ready)
	s.reach(failpoint.BeforeStatus)
	if err := status.Patch(ctx, r.client, r.live, s.repository, func(repository *v1alpha1.ConfigRepository) {
		recordRepository(repository, s, metav1.NewTime(pushed.Time))
	}); err != nil {
		return err
	}
	s.reach(failpoint.BetweenStatus)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(recordConcurrency)
	for _, wanted := range s.wishes {
		group.Go(func() error {
			return status.Patch(ctx, r.client, r.live, wanted.policy, func(policy *v1alpha1.ImagePolicy) {
				recordPolicy(policy, s, wanted, pushed)
			})
		})
	}
	err := group.Wait()
	s.reach(failpoint.AfterStatus)
	return err
}

// reach names a step of a run that pushed something: all others have nothing to lose.
func (s *scope) reach(step failpoint.Step) {
	if s.result.Commits > 0 {
		failpoint.Reach(step)
	}
}

func (s *scope) reasonOrGit() v1alpha1.Reason {
	if s.reason == "" {
		return v1alpha1.ReasonGitFailed
	}
	return s.reason
}

// tellState tells that the repository began to fail, or works again.
func (r *Reconciler) tellState(ctx context.Context, s *scope, was *metav1.Condition) {
	switch {
	case s.news:
		status.Failing(ctrl.LoggerFrom(ctx), s.err, "reason", s.reasonOrGit())
		r.recorder.Fail(s.repository, s.reasonOrGit(), "Reconcile", s.err.Error())
	case s.err == nil && was != nil && was.Status == metav1.ConditionFalse && was.Reason != string(v1alpha1.ReasonSuspended):
		ctrl.LoggerFrom(ctx).Info("recovered", "head", s.result.Head.Revision)
		r.recorder.Tell(s.repository, nil, v1alpha1.ReasonRecovered, "branch %s is at %s", s.repository.Spec.Branch, s.result.Head.Revision)
	}
}

// tell logs a push and records an event for it, for each policy in it, and for each hold that begins.
func (r *Reconciler) tell(ctx context.Context, s *scope) {
	r.countHead(s)
	r.tellRewritten(ctx, s)
	for _, wanted := range s.wishes {
		r.tellTargets(ctx, s, wanted)
	}
	if s.result.Commits == 0 {
		return
	}
	ctrl.LoggerFrom(ctx).Info("pushed", "branch", s.repository.Spec.Branch, "head", s.result.Head.Revision,
		"commits", s.result.Commits, "attempts", s.result.Attempts, "requests", s.result.Requests)
	r.recorder.Tell(s.repository, nil, v1alpha1.ReasonPushed, "%s to %s, head is %s",
		numberOf(s.result.Commits, "commit"), s.repository.Spec.Branch, s.result.Head.Revision)
	for _, wanted := range s.wishes {
		r.tellPolicy(ctx, s, wanted)
	}
}

// tellRewritten logs each history that was replaced by force, and records a warning for it: commits may be lost.
func (r *Reconciler) tellRewritten(ctx context.Context, s *scope) {
	for _, rewrite := range s.rewrites {
		r.metrics.HistoryRewritten()
		ctrl.LoggerFrom(ctx).Info("the branch was moved by force", "branch", s.repository.Spec.Branch, "from", rewrite.From, "to", rewrite.To)
		r.recorder.Tell(s.repository, nil, v1alpha1.ReasonHistoryRewritten,
			"somebody moved %s by force from %s to %s, which doesn't descend from it: it is followed, and decided anew from", s.repository.Spec.Branch, rewrite.From, rewrite.To)
	}
}

// tellTargets tells of each target of a policy that is held, released or refused since now.
func (r *Reconciler) tellTargets(ctx context.Context, s *scope, wanted wish) {
	for at, t := range wanted.targets {
		var was v1alpha1.TargetStatus
		if known := wanted.policy.Status.Targets; t.index < len(known) {
			was = known[t.index]
		}
		held := s.held(wanted, at)
		reason, message := s.verdict(wanted, at)
		log := ctrl.LoggerFrom(ctx).WithValues("imagePolicy", wanted.change.Policy, "target", t.index)
		switch {
		case held != nil && was.Held == nil:
			r.metrics.Held()
			log.Info("held", "version", held.Version, "by", held.Revision)
			r.recorder.Tell(wanted.policy, s.repository, v1alpha1.ReasonHeld, "%s", message)
		case held == nil && was.Held != nil && s.err == nil:
			log.Info("released", "version", was.Held.Version)
			r.recorder.Tell(wanted.policy, s.repository, v1alpha1.ReasonReleased, "spec.targets[%d] isn't held from %s any more", t.index, was.Held.Version)
		case reason == v1alpha1.ReasonEditRefused && (was.Reason != reason || was.Message != message):
			r.metrics.EditRefused()
			log.Info("edit refused", "reason", message)
			r.recorder.Tell(wanted.policy, s.repository, v1alpha1.ReasonEditRefused, "%s", message)
		}
	}
}

// tellPolicy records an event for the policy, about the first of its targets that was written.
func (r *Reconciler) tellPolicy(ctx context.Context, s *scope, wanted wish) {
	for at, t := range wanted.targets {
		outcome, ok := s.outcome(wanted, at)
		if !ok || outcome.State != gitwriter.Committed {
			continue
		}
		ctrl.LoggerFrom(ctx).Info("committed", "imagePolicy", wanted.change.Policy, "tag", wanted.change.Tag, "file", outcome.Target.File, "path", t.values[0].Path,
			"from", shown(t.values, outcome.Previous), "to", shown(t.values, outcome.Current), "revision", outcome.Revision)
		r.recorder.Tell(wanted.policy, s.repository, v1alpha1.ReasonTagCommitted, "%s -> %s in %s#%s, commit %s",
			shown(t.values, outcome.Previous), shown(t.values, outcome.Current), outcome.Target.File, t.values[0].Path, outcome.Revision)
		return
	}
}

// recordRepository writes the head, the push and the conditions.
func recordRepository(repository *v1alpha1.ConfigRepository, s *scope, pushed metav1.Time) {
	st := &repository.Status
	if st.ObservedGeneration != s.repository.Generation && !s.knowsHead() {
		st.Head = nil // It may be that of another branch than the one that the spec names now.
	}
	st.ObservedGeneration, st.LastHandledReconcileAt = s.repository.Generation, s.obeyed
	if head := s.result.Head; head.Revision != "" && (st.Head == nil || st.Head.Revision != head.Revision) {
		st.Head = &v1alpha1.Head{Revision: head.Revision, Author: head.Author, Subject: head.Subject, Time: metav1.NewTime(head.Time)}
	}
	if s.result.Commits > 0 && s.err == nil {
		st.LastPush = &v1alpha1.Push{
			Revision: s.result.Head.Revision, Time: pushed,
			Commits: int32(s.result.Commits), Attempts: int32(s.result.Attempts), //nolint:gosec // bounded by the writer
		}
	}
	if !s.follows {
		st.Pending = int32(s.pending()) //nolint:gosec // a number of objects
	}
	outcomeOf(repository, s).Apply(&st.Conditions, st.ObservedGeneration)
}

// knowsHead reports whether the head of the branch that the spec names has been seen by this process.
func (s *scope) knowsHead() bool {
	if s.mirror == nil {
		return false
	}
	_, known := s.mirror.Head()
	return known
}

func outcomeOf(repository *v1alpha1.ConfigRepository, s *scope) status.Outcome {
	switch {
	case s.err != nil:
		return status.Failed(s.reasonOrGit(), s.err)
	case s.follows:
		return status.Succeeded("branch " + repository.Spec.Branch + " is read, and nothing is written to it: no process of the update side runs")
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
		for at := range wanted.targets {
			if reason, _ := s.verdict(wanted, at); reason != "" {
				return true
			}
		}
		return false
	})
}

// pending counts the policies of which a target waits to be written.
func (s *scope) pending() int {
	pending := 0
	for _, wanted := range s.wishes {
		for at := range wanted.targets {
			reason, _ := s.verdict(wanted, at)
			if reason == v1alpha1.ReasonPending || reason == v1alpha1.ReasonSuspended || reason != "" && s.err != nil {
				pending++
				break
			}
		}
	}
	return pending
}

// recordPolicy writes what became of the targets that lie in this repository.
func recordPolicy(policy *v1alpha1.ImagePolicy, s *scope, wanted wish, now metav1.MicroTime) {
	if policy.Generation != wanted.policy.Generation || len(policy.Status.Targets) != len(policy.Spec.Targets) {
		return
	}
	for at, t := range wanted.targets {
		known := &policy.Status.Targets[t.index]
		known.Reason, known.Message = s.verdict(wanted, at)
		if held := s.held(wanted, at); held != nil || s.err == nil { // A server that is down releases nothing.
			known.Held = held
		}
		if outcome, ok := s.outcome(wanted, at); ok && s.err == nil && outcome.State != gitwriter.Failed {
			known.Tag = tagOf(t, outcome, wanted.change.Tag)
			recordCurrent(known, t, outcome, s.result.Head.Revision, now)
		}
	}
	status.SummarizePolicy(policy)
}

// recordCurrent writes what a target holds, and the commit and time since when. A value that was seen before keeps them.
func recordCurrent(known *v1alpha1.TargetStatus, t target, outcome gitwriter.Outcome, head string, now metav1.MicroTime) {
	current := shown(t.values, outcome.Current)
	if outcome.State == gitwriter.Committed {
		known.Current, known.Revision, known.Time = current, outcome.Revision, &now
		return
	}
	if known.Revision == "" || known.Current != current {
		known.Current, known.Revision, known.Time = current, head, &now
	}
}

// tagOf is the tag that a digest stands for, where nothing else says it: the selected one, or that with which the commit in
// Git wrote it.
func tagOf(t target, outcome gitwriter.Outcome, selected string) string {
	wanted := choice.Wanted(t.values)
	silent := choice.Held(t.values, wanted)
	stays := (*selection.StayError)(nil)
	switch {
	case silent.Tag != "" || silent.Digest == "":
		return ""
	case slices.Equal(outcome.Current, wanted):
		return selected
	case errors.As(outcome.Err, &stays):
		return stays.Held.Tag
	default:
		return ""
	}
}

// maxShown bounds in bytes what a status repeats of a file. The longest image reference is far below it.
const maxShown = 1024

// shown is what stands in a target, in the words of its status.
func shown(values []choice.Value, current []string) string {
	text := choice.Show(values, current)
	if len(text) > maxShown {
		return strings.ToValidUTF8(text[:maxShown], "")
	}
	return text
}

// outcome is what the writer said of a target, by its place in wanted.targets.
func (s *scope) outcome(wanted wish, at int) (gitwriter.Outcome, bool) {
	outcomes := s.result.Outcomes[wanted.change.Policy]
	if at >= len(outcomes) || wanted.refused() {
		return gitwriter.Outcome{}, false
	}
	return outcomes[at], true
}

// numberOf counts things for a person.
func numberOf(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
