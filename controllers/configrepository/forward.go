package configrepository

import (
	"errors"
	"sync"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/choice"
	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/registry/selection"
)

// errSuspended keeps a target as it is while the ConfigRepository is suspended.
var errSuspended = errors.New("the ConfigRepository is suspended: unset its spec.suspend to go on")

// forward decides whether a target moves from what it holds in Git to what is selected. The policy is compiled only once
// there is something to decide, since mostly Git holds what is selected.
func forward(repository *v1alpha1.ConfigRepository, policy *v1alpha1.ImagePolicy, targets []target) func(int, gitwriter.Standing) error {
	selector := sync.OnceValues(func() (*selection.Selector, error) { return choice.Selector(policy) })
	selected := selection.Reference{Tag: policy.Status.Latest.Tag, Digest: policy.Status.Latest.Digest}
	return func(index int, at gitwriter.Standing) error {
		compiled, err := selector()
		if err != nil {
			return err
		}
		values := targets[index].values
		if err := compiled.Move(choice.Held(values, at.Current), selected, written(values, at.Written)...); err != nil {
			return err
		}
		if repository.Spec.Suspend {
			return errSuspended
		}
		return nil
	}
}

// written are the references that were written to a target before: what its values said, and where they don't say the tag,
// that of the commit.
func written(values []choice.Value, before []gitwriter.Written) []selection.Reference {
	references := make([]selection.Reference, len(before))
	for i, w := range before {
		references[i] = choice.Held(values, w.Values)
		if references[i].Tag == "" {
			references[i].Tag = w.Tag
		}
	}
	return references
}
