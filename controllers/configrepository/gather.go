package configrepository

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/controllers/choice"
	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/gitwriter/edit"
)

// neighbours are the objects in the namespace of a ConfigRepository that say what is written to it.
type neighbours struct {
	policies     []v1alpha1.ImagePolicy
	apps         []v1alpha1.Application
	repositories []v1alpha1.ConfigRepository
}

// wish is what one policy wants of this repository: a change for the writer, unless one of the targets can't be written.
type wish struct {
	policy *v1alpha1.ImagePolicy
	// targets are those that lie in this repository, in the order of the spec. If none is refused, they are those of
	// change.Targets.
	targets []target
	change  gitwriter.Change
}

// target is a target of a policy that lies in this repository.
type target struct {
	// index in spec.targets.
	index int
	// values are its parts with what belongs there.
	values []choice.Value
	// refused says why it can't be written, whatever Git holds.
	refused error
}

// unknownDigestError refuses a target that wants a digest which nobody has asked for yet.
type unknownDigestError struct{ tag string }

// Error implements error.
func (e *unknownDigestError) Error() string {
	return e.tag + " is selected, and waits for the registry to tell its digest"
}

// gather makes the wishes of all policies that have targets in the repository and a tag selected for the spec as it
// stands, in the order of their names, so that the same policies always make the same commits.
func gather(repository *v1alpha1.ConfigRepository, beside neighbours) []wish {
	var wishes []wish
	for i := range beside.policies {
		policy := &beside.policies[i]
		if !selects(policy) || policy.Spec.Suspend || policy.Namespace != repository.Namespace {
			continue
		}
		if w := wishOf(repository, policy, beside); len(w.targets) > 0 {
			wishes = append(wishes, w)
		}
	}
	slices.SortFunc(wishes, func(a, b wish) int { return cmp.Compare(a.policy.Name, b.policy.Name) })
	return wishes
}

// selects says whether the policy has a tag for the spec as it stands. A registry that fails takes nothing back; a spec that
// selects nothing does.
func selects(policy *v1alpha1.ImagePolicy) bool {
	if policy.Status.Latest == nil || policy.Status.Latest.Generation != policy.Generation {
		return false
	}
	selected := meta.FindStatusCondition(policy.Status.Conditions, v1alpha1.ConditionSelected)
	if selected == nil || selected.Status != metav1.ConditionFalse {
		return true
	}
	switch v1alpha1.Reason(selected.Reason) {
	case v1alpha1.ReasonInvalidImage, v1alpha1.ReasonInvalidPolicy, v1alpha1.ReasonNoTagSelected, v1alpha1.ReasonWaiting:
		return false
	default:
		return true
	}
}

func wishOf(repository *v1alpha1.ConfigRepository, policy *v1alpha1.ImagePolicy, beside neighbours) wish {
	latest := policy.Status.Latest
	w := wish{policy: policy, change: gitwriter.Change{
		Policy: policy.Namespace + "/" + policy.Name, Image: policy.Spec.Image,
		Tag: latest.Tag, Digest: latest.Digest, Selection: latest.Selection, Seen: latest.FirstSeen.Time,
	}}
	for i, spec := range policy.Spec.Targets {
		at, err := access.Resolve(policy.Namespace, spec, beside.apps, beside.repositories)
		if err != nil || at.Repository != repository.Name {
			continue
		}
		t := target{index: i, values: choice.Values(policy, spec, latest)}
		var values []gitwriter.Value
		if values, t.refused = writable(t, latest); t.refused == nil {
			w.change.Targets = append(w.change.Targets, gitwriter.Target{Application: applicationOf(spec), File: at.File, Values: values})
		}
		w.targets = append(w.targets, t)
	}
	w.change.Forward = forward(repository, policy, w.targets)
	return w
}

// applicationOf is the Application whose target it is; "" if it names a ConfigRepository.
func applicationOf(target v1alpha1.Target) string {
	if target.ApplicationRef == nil {
		return ""
	}
	return target.ApplicationRef.Name
}

// refused says whether a target of the wish can't be written, and with it none.
func (w *wish) refused() bool {
	return slices.ContainsFunc(w.targets, func(t target) bool { return t.refused != nil })
}

// writable are the values of a target as the writer takes them.
func writable(t target, latest *v1alpha1.SelectedTag) ([]gitwriter.Value, error) {
	written := make([]gitwriter.Value, len(t.values))
	for i, value := range t.values {
		path, err := edit.ParsePath(value.Path)
		if err != nil {
			return nil, fmt.Errorf("spec.targets[%d].%s: %w", t.index, value.Part, err)
		}
		if latest.Digest == "" && (value.Part == choice.PartDigest || strings.HasSuffix(value.Value, "@")) {
			return nil, &unknownDigestError{tag: latest.Tag}
		}
		written[i] = gitwriter.Value{Part: gitwriter.Part(value.Part), Path: path, Value: value.Value}
	}
	return written, nil
}
