package configrepository

import (
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/registry/selection"
)

// verdict says why a target doesn't hold what is selected, by its place in wanted.targets; an empty reason: it does.
func (s *scope) verdict(wanted wish, at int) (v1alpha1.Reason, string) {
	if err := wanted.targets[at].refused; err != nil {
		return reasonOfTarget(err), err.Error()
	}
	outcome, ok := s.outcome(wanted, at)
	remote := (*gitwriter.Error)(nil)
	switch {
	case errors.As(outcome.Err, &remote): // it is the repository that is in the way, not the target
		return reasonOf(remote), fmt.Sprintf("ConfigRepository %s: %s", s.repository.Name, remote)
	case ok && outcome.Err != nil:
		return reasonOfTarget(outcome.Err), messageOf(outcome)
	case s.err != nil:
		return s.reasonOrGit(), fmt.Sprintf("ConfigRepository %s: %s", s.repository.Name, s.err)
	case !ok:
		return v1alpha1.ReasonPending, wanted.change.Tag + " is selected, and waits for the other targets of this policy"
	default:
		return "", ""
	}
}

// reasonOfTarget classifies what keeps a target as it is.
func reasonOfTarget(err error) v1alpha1.Reason {
	var (
		stays   *selection.StayError
		unknown *unknownDigestError
		invalid *selection.PolicyError
		stale   *selection.TagError
	)
	switch {
	case errors.As(err, &stays):
		return reasonOfStay(stays.Kind)
	case errors.As(err, &unknown), errors.As(err, &stale): // The next scan says more.
		return v1alpha1.ReasonPending
	case errors.As(err, &invalid):
		return v1alpha1.ReasonInvalidPolicy
	case errors.Is(err, errSuspended):
		return v1alpha1.ReasonSuspended
	default:
		return v1alpha1.ReasonEditRefused
	}
}

// reasonOfStay is held for everything that only a person can mean.
func reasonOfStay(kind selection.StayKind) v1alpha1.Reason {
	if kind == selection.Newer {
		return v1alpha1.ReasonNewerInGit
	}
	return v1alpha1.ReasonHeld
}

// maxRevision is how many digits of a commit a message shows.
const maxRevision = 12

// messageOf says why a target stays as it is, and whose commit is behind it, before what to do.
func messageOf(outcome gitwriter.Outcome) string {
	stays, by := (*selection.StayError)(nil), outcome.TakenBack
	if by == nil || !errors.As(outcome.Err, &stays) {
		return outcome.Err.Error()
	}
	link := ", since"
	if stays.Kind == selection.TakenBack {
		link = " by"
	}
	return fmt.Sprintf("%s%s commit %.*s of %s (%s): %s",
		strings.TrimSuffix(stays.Problem, ": "+stays.Release), link, maxRevision, by.Revision, by.Author, by.Subject, stays.Release)
}

// held says whose word keeps a target from what is selected, by its place in wanted.targets; nil if nobody's does.
func (s *scope) held(wanted wish, at int) *v1alpha1.Held {
	outcome, _ := s.outcome(wanted, at)
	stays := (*selection.StayError)(nil)
	if !errors.As(outcome.Err, &stays) || reasonOfStay(stays.Kind) != v1alpha1.ReasonHeld {
		return nil
	}
	held := &v1alpha1.Held{Version: stays.Rejected.Tag, Release: stays.Release}
	if stays.Rejected.Digest != "" {
		held.Version += "@" + stays.Rejected.Digest
	}
	if by := outcome.TakenBack; by != nil {
		held.Revision, held.Author, held.Subject = by.Revision, by.Author, by.Subject
		held.Time = &metav1.Time{Time: by.Time}
	}
	return held
}
