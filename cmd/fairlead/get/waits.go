package get

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
)

// waits are what a microservice waits for, and what is in its way, the gravest first, then in the order of a tag's way.
func (t *teller) waits(line Line) []Wait {
	var waits []Wait
	for _, found := range []*Wait{
		t.suspended(), t.selecting(), t.maturing(), t.repositoryWaits(), t.committing(line), t.syncing(line), t.rolling(line),
	} {
		if found != nil {
			waits = append(waits, *found)
		}
	}
	order := []Gravity{Broken, Working, Meant}
	slices.SortStableFunc(waits, func(a, b Wait) int { return slices.Index(order, a.Gravity) - slices.Index(order, b.Gravity) })
	return waits
}

// suspended: somebody stopped the policy.
func (t *teller) suspended() *Wait {
	if !t.policy.Spec.Suspend {
		return nil
	}
	return &Wait{Gravity: Meant, Reason: string(v1alpha1.ReasonSuspended), Message: "suspended" + because(t.policy.Annotations)}
}

func because(annotations map[string]string) string {
	if reason := annotations[v1alpha1.SuspendReasonAnnotation]; reason != "" {
		return ": " + reason
	}
	return ""
}

// selecting: no tag is selected, or the registry can't be asked.
func (t *teller) selecting() *Wait {
	selected := meta.FindStatusCondition(t.policy.Status.Conditions, v1alpha1.ConditionSelected)
	switch {
	case t.policy.Spec.Suspend:
		return nil // nobody scans
	case selected == nil:
		return &Wait{Gravity: Working, Reason: string(v1alpha1.ReasonProgressing), Message: "first scan of the registry"}
	case selected.Status == metav1.ConditionTrue || selected.Reason == string(v1alpha1.ReasonWaiting):
		return nil // maturing says more
	case t.policy.Status.RetryAt != nil:
		until := t.policy.Status.RetryAt.Time
		return &Wait{Gravity: Broken, Reason: selected.Reason, Message: "rate limited until " + t.clock(until), Until: &until}
	default:
		return &Wait{Gravity: Broken, Reason: selected.Reason, Message: selected.Message}
	}
}

// maturing: a newer tag isn't old enough.
func (t *teller) maturing() *Wait {
	candidate := t.policy.Status.Candidate
	if candidate == nil || t.policy.Spec.Suspend {
		return nil
	}
	until := candidate.Until.Time
	return &Wait{Gravity: Meant, Reason: candidate.Reason, Message: candidate.Tag + " too young until " + t.clock(until), Until: &until}
}

// repositoryWaits: the repository is in the way of whatever is to be committed, or would be.
func (t *teller) repositoryWaits() *Wait {
	if t.target == nil {
		return nil
	}
	i := slices.IndexFunc(t.objects.Repositories, func(r v1alpha1.ConfigRepository) bool {
		return r.Namespace == t.policy.Namespace && r.Name == t.target.Repository
	})
	if i < 0 {
		return nil
	}
	repository := &t.objects.Repositories[i]
	ready := meta.FindStatusCondition(repository.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case ready != nil && ready.Status == metav1.ConditionFalse:
		return &Wait{Gravity: Broken, Reason: ready.Reason, Message: "repository " + repository.Name + ": " + ready.Message}
	case repository.Spec.Suspend:
		return &Wait{Gravity: Meant, Reason: string(v1alpha1.ReasonSuspended), Message: "repository " + repository.Name + " suspended" + because(repository.Annotations)}
	default:
		return nil
	}
}

// committing: Git doesn't hold what is selected.
func (t *teller) committing(line Line) *Wait {
	if t.target == nil {
		return nil
	}
	wait := &Wait{Gravity: Broken, Reason: string(t.target.Reason), Message: t.target.Message}
	if in := t.repositoryWaits(); in != nil && in.Reason == wait.Reason {
		return nil // it was said
	}
	passing := t.target.Reason == v1alpha1.ReasonSuspended || t.target.Reason == v1alpha1.ReasonPending
	if t.policy.Spec.Suspend && passing {
		return nil // it was so when the policy was suspended, and nobody looks since
	}
	switch t.target.Reason { //nolint:exhaustive // the others are told in their own words
	case "":
		return nil
	case v1alpha1.ReasonSuspended:
		wait.Gravity, wait.Message = Meant, "repository "+t.target.Repository+" suspended"
	case v1alpha1.ReasonHeld:
		wait.Gravity, wait.Message = Meant, heldBy(t.target)
	case v1alpha1.ReasonPending:
		wait.Gravity, wait.Message = Working, "commit of "+line.Selected+" to "+t.target.Repository
	case v1alpha1.ReasonNewerInGit:
		wait.Gravity, wait.Message = Meant, "Git is ahead of "+line.Selected
	}
	return wait
}

// heldBy says whose word keeps a target as it is.
func heldBy(target *v1alpha1.TargetStatus) string {
	held := target.Held
	if held == nil {
		return "held: " + target.Message
	}
	words := "held"
	if held.Version != "" {
		words += ": " + versionOf(held.Version) + " taken back"
	}
	switch {
	case held.Author != "" && held.Version != "":
		words += " by " + held.Author + " in " + held.Revision[:min(len(held.Revision), shortRevision)]
	case held.Author != "":
		words += ": " + held.Author + " wrote it in " + held.Revision[:min(len(held.Revision), shortRevision)]
	}
	return words
}

// syncing: what stands in Git isn't what is deployed.
func (t *teller) syncing(line Line) *Wait {
	if t.service == nil {
		return nil
	}
	app := t.service.app
	name := "application " + app.Name
	ready := meta.FindStatusCondition(app.Status.Conditions, v1alpha1.ConditionReady)
	behind := line.Git != nil && (line.Deployed == nil || line.Deployed.Version != line.Git.Version)
	switch {
	case ready != nil && ready.Status == metav1.ConditionFalse && !isAboutRollout(v1alpha1.Reason(ready.Reason)):
		return &Wait{Gravity: Broken, Reason: ready.Reason, Message: name + ": " + ready.Message}
	case app.Spec.Suspend:
		return &Wait{Gravity: Meant, Reason: string(v1alpha1.ReasonSuspended), Message: name + " suspended" + because(app.Annotations)}
	case behind:
		return t.behind(line, app)
	case t.service.drift != "":
		return t.drifted(app)
	default:
		return nil
	}
}

// drifted says how the cluster differs from a revision that is deployed.
func (t *teller) drifted(app *v1alpha1.Application) *Wait {
	wait := &Wait{Gravity: Broken, Reason: string(v1alpha1.ReasonOutOfSync), Message: "out of sync: " + t.service.drift}
	switch running := app.Status.Operation != nil && app.Status.Operation.Phase == v1alpha1.OperationRunning; {
	case running, automated(app) && app.Spec.SyncPolicy.Automated.SelfHeal:
		wait.Gravity = Working
	case !automated(app):
		wait.Gravity = Meant
	}
	return wait
}

// notDeployed is the reason of what is written to Git, and by which nothing is rolled out.
const notDeployed = "NotDeployed"

// behind says why an Application hasn't deployed what stands in Git.
func (t *teller) behind(line Line, app *v1alpha1.Application) *Wait {
	switch {
	case !t.sawHead(app):
		return &Wait{Gravity: Working, Reason: string(v1alpha1.ReasonProgressing), Message: "application " + app.Name + " to read " + short(line.Git.Revision)}
	case app.Status.Operation != nil && app.Status.Operation.Phase == v1alpha1.OperationRunning:
		return &Wait{Gravity: Working, Reason: string(v1alpha1.ReasonProgressing), Message: "sync: " + cmp.Or(app.Status.Operation.Message, app.Status.Operation.Step, "running")}
	case !automated(app):
		return &Wait{Gravity: Meant, Reason: string(v1alpha1.ReasonOutOfSync), Message: "manual sync: fairlead app sync " + app.Name}
	case line.Deployed == nil && app.Status.Sync.Status == v1alpha1.SyncStatusSynced:
		return &Wait{Gravity: Meant, Reason: notDeployed, Message: "application " + app.Name + " has no container of this image"}
	default:
		return &Wait{Gravity: Working, Reason: string(v1alpha1.ReasonOutOfSync), Message: "sync of application " + app.Name}
	}
}

// isAboutRollout says whether a reason is told of elsewhere, for the microservice that it is about alone.
func isAboutRollout(reason v1alpha1.Reason) bool {
	return reason == v1alpha1.ReasonDegraded || reason == v1alpha1.ReasonOutOfSync || reason == v1alpha1.ReasonProgressing || reason == v1alpha1.ReasonSuspended
}

func automated(app *v1alpha1.Application) bool {
	policy := app.Spec.SyncPolicy.Automated
	return policy != nil && (policy.Enabled == nil || *policy.Enabled)
}

// sawHead says whether an Application has looked at the head of its branch.
func (t *teller) sawHead(app *v1alpha1.Application) bool {
	repository, err := access.RepositoryOf(app, t.objects.Repositories)
	if err != nil || repository.Status.Head == nil {
		return true // nobody may read it
	}
	return repository.Status.Head.Revision == app.Status.Sync.Revision
}

// rolling: the pods don't run what is deployed yet, or can't.
func (t *teller) rolling(line Line) *Wait {
	if t.service == nil || line.Deployed == nil {
		return nil
	}
	progress := "rollout"
	if line.Pods != nil && line.Pods.Ready < line.Pods.Wanted {
		progress += fmt.Sprintf(" %d/%d", line.Pods.Ready, line.Pods.Wanted)
	}
	switch t.service.health { //nolint:exhaustive // the others wait for nothing
	case v1alpha1.HealthDegraded, v1alpha1.HealthMissing:
		return &Wait{Gravity: Broken, Reason: string(t.service.health), Message: with(progress+" failed", cmp.Or(trouble(t.service.message), t.service.message))}
	case v1alpha1.HealthProgressing:
		return &Wait{Gravity: Working, Reason: string(t.service.health), Message: with(progress, trouble(t.service.message))}
	}
	switch {
	case line.Pods == nil || line.Pods.Ready >= line.Pods.Wanted:
		return nil
	case t.service.drift != "":
		return nil // what the pods run instead was said
	case t.service.health == v1alpha1.HealthSuspended:
		return &Wait{Gravity: Meant, Reason: string(t.service.health), Message: progress + " paused"}
	default:
		return &Wait{Gravity: Working, Reason: string(v1alpha1.HealthProgressing), Message: progress}
	}
}

// trouble is what a message of health says of a pod, and nothing of what is usual.
func trouble(message string) string {
	if !strings.HasPrefix(message, "waits for ") {
		return message
	}
	_, of, _ := strings.Cut(message, ": ")
	return of
}

func with(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}

// clock is a time as a person says it: of today by the hour and minute alone.
func (t *teller) clock(at time.Time) string {
	const day = 24 * time.Hour
	at = at.In(t.now.Location())
	switch {
	case at.Sub(t.now) < time.Minute && at.After(t.now):
		return at.Format("15:04:05")
	case at.YearDay() == t.now.YearDay() && at.Year() == t.now.Year():
		return at.Format("15:04")
	case at.Sub(t.now) < 6*day:
		return at.Format("Mon 15:04")
	default:
		return at.Format("2006-01-02 15:04")
	}
}
