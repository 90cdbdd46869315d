package choice

import (
	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/registry/selection"
)

// Selector compiles the policy. Its error is a *selection.PolicyError, and terminal.
func Selector(policy *v1alpha1.ImagePolicy) (*selection.Selector, error) {
	return selection.Compile(Policy(policy))
}

// Policy is the spec in the words of registry/selection. The defaults of the schema are taken as applied.
func Policy(policy *v1alpha1.ImagePolicy) selection.Policy {
	spec := &policy.Spec
	p := selection.Policy{
		Include: spec.Tags.Include, Extract: spec.Tags.Extract, Exclude: spec.Tags.Exclude,
		Numerical: order(spec.Select.Numerical), Alphabetical: order(spec.Select.Alphabetical),
		Platforms: spec.Platforms, MinimumAge: spec.MinimumAge.Duration, Pin: spec.Pin,
		Downgrades: spec.Downgrades == v1alpha1.DowngradesAllow, Mutations: spec.OnMutation == v1alpha1.MutationCommit,
	}
	if s := spec.Select.SemVer; s != nil {
		p.SemVer = &selection.SemVer{Range: s.Range, Prereleases: s.Prereleases, Strict: s.Strict}
	}
	if d := spec.Select.Digest; d != nil {
		p.Digest = &selection.Digest{Tag: d.Tag}
	}
	return p
}

func order(spec *v1alpha1.OrderSpec) *selection.Order {
	if spec == nil {
		return nil
	}
	return &selection.Order{Descending: spec.Order == v1alpha1.OrderDescending}
}
