package configrepository

import (
	"errors"
	"fmt"

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
		return reasonOfTarget(outcome.Err), outcome.Err.Error()
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
