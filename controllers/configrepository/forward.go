package configrepository

import (
	"errors"
	"sync"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/choice"
	"github.com/fairlead/fairlead/registry/selection"
)

// errSuspended keeps a target as it is while the ConfigRepository is suspended.
var errSuspended = errors.New("the ConfigRepository is suspended: unset its spec.suspend to go on")

// forward decides whether a target moves from what it holds in Git to what is selected. The policy is compiled only once
// there is something to decide, since mostly Git holds what is selected.
func forward(repository *v1alpha1.ConfigRepository, policy *v1alpha1.ImagePolicy, targets []target) func(int, []string) error {
	selector := sync.OnceValues(func() (*selection.Selector, error) { return choice.Selector(policy) })
	selected := selection.Reference{Tag: policy.Status.Latest.Tag, Digest: policy.Status.Latest.Digest}
	return func(at int, current []string) error {
		compiled, err := selector()
		if err != nil {
			return err
		}
		if err := compiled.Move(held(policy, targets[at], current), selected); err != nil {
			return err
		}
		if repository.Spec.Suspend {
			return errSuspended
		}
		return nil
	}
}

// held is what a target holds. Where only a digest stands, the status remembers which tag it was.
func held(policy *v1alpha1.ImagePolicy, t target, current []string) selection.Reference {
	held := choice.Held(t.values, current)
	if held.Tag != "" || held.Digest == "" || t.index >= len(policy.Status.Targets) {
		return held
	}
	if known := policy.Status.Targets[t.index]; known.Current == shown(t.values, current) {
		held.Tag = known.Tag
	}
	return held
}
