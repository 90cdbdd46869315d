package configrepository

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/gitwriter/edit"
	"github.com/fairlead/fairlead/registry/selection"
)

// neighbours are the objects in the namespace of a ConfigRepository that say what is written to it.
type neighbours struct {
	policies     []v1alpha1.ImagePolicy
	apps         []v1alpha1.Application
	repositories []v1alpha1.ConfigRepository
}

// wish is what one policy wants of this repository: a change for the writer, or the targets that can't be written.
type wish struct {
	policy *v1alpha1.ImagePolicy
	// targets are the indices in spec.targets that lie in this repository, in the order of change.Targets.
	targets []int
	change  gitwriter.Change
	// refused maps an index in spec.targets to why it can't be written, whatever Git holds.
	refused map[int]error
}

// errSuspended keeps a target as it is while the ConfigRepository is suspended.
var errSuspended = errors.New("the ConfigRepository is suspended: unset its spec.suspend to go on")

// noVersionError keeps a target that somebody gave a value without an order.
type noVersionError struct{ current string }

// Error implements error.
func (e *noVersionError) Error() string {
	return fmt.Sprintf("Git holds %q, which is no version: the target is held until a version, or nothing, stands there again", e.current)
}

// newerInGitError keeps a target that holds a later version than the selected one.
type newerInGitError struct{ current, selected string }

// Error implements error.
func (e *newerInGitError) Error() string {
	return fmt.Sprintf("Git holds %s, which is later than the selected %s: a target moves forward only", e.current, e.selected)
}

// gather makes the wishes of all policies that have targets in the repository and a tag selected for the spec as it
// stands, in the order of their names, so that the same policies always make the same commits.
func gather(repository *v1alpha1.ConfigRepository, beside neighbours) []wish {
	var wishes []wish
	for i := range beside.policies {
		policy := &beside.policies[i]
		current := policy.Status.ObservedGeneration == policy.Generation && policy.Status.Latest != nil
		if !current || policy.Spec.Suspend || policy.Namespace != repository.Namespace {
			continue
		}
		if w := wishOf(repository, policy, beside); len(w.targets)+len(w.refused) > 0 {
			wishes = append(wishes, w)
		}
	}
	slices.SortFunc(wishes, func(a, b wish) int { return cmp.Compare(a.policy.Name, b.policy.Name) })
	return wishes
}

func wishOf(repository *v1alpha1.ConfigRepository, policy *v1alpha1.ImagePolicy, beside neighbours) wish {
	latest := policy.Status.Latest
	w := wish{policy: policy, refused: map[int]error{}, change: gitwriter.Change{
		Policy: policy.Namespace + "/" + policy.Name, Image: policy.Spec.Image,
		Tag: latest.Tag, Digest: latest.Digest, Selection: latest.Selection,
		Forward: forward(repository, policy),
	}}
	for i, target := range policy.Spec.Targets {
		at, err := access.Resolve(policy.Namespace, target, beside.apps, beside.repositories)
		if err != nil || at.Repository != repository.Name {
			continue
		}
		path, err := edit.ParsePath(target.Tag)
		if err != nil {
			w.refused[i] = err
			continue
		}
		w.targets = append(w.targets, i)
		w.change.Targets = append(w.change.Targets, gitwriter.Target{File: at.File, Path: path})
	}
	return w
}

// forward decides whether a target that holds current moves to the selected tag: only to a later version.
func forward(repository *v1alpha1.ConfigRepository, policy *v1alpha1.ImagePolicy) func(current string) error {
	semver, selected := policy.Spec.Select.SemVer, policy.Status.Latest.Tag
	return func(current string) error {
		selector, err := selection.Compile(selection.Policy{SemVer: &selection.SemVer{Range: semver.Range, Prereleases: semver.Prereleases}})
		if err != nil {
			return err
		}
		later, err := selector.Later(current, selected)
		switch {
		case current != "" && err != nil:
			return &noVersionError{current: current}
		case err == nil && later:
			return &newerInGitError{current: current, selected: selected}
		case repository.Spec.Suspend:
			return errSuspended
		default:
			return nil
		}
	}
}
