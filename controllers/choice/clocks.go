package choice

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/registry/selection"
)

// Standing is what was selected last from the image that the policy names now, or nil.
func Standing(policy *v1alpha1.ImagePolicy) *v1alpha1.SelectedTag {
	if policy.Status.Image != policy.Spec.Image {
		return nil
	}
	return policy.Status.Latest
}

// Clocks say since when a digest is known under a tag: one that is pushed again begins anew.
type Clocks map[selection.Reference]time.Time

// ClocksOf are the clocks in the status of a policy: they outlive the process.
func ClocksOf(policy *v1alpha1.ImagePolicy) Clocks {
	clocks := Clocks{}
	if policy.Status.Image != policy.Spec.Image {
		return clocks
	}
	for _, w := range policy.Status.Waiting {
		clocks[selection.Reference{Tag: w.Tag, Digest: w.Digest}] = w.FirstSeen.Time
	}
	if latest := policy.Status.Latest; latest != nil {
		clocks[selection.Reference{Tag: latest.Tag, Digest: latest.Digest}] = latest.FirstSeen.Time
	}
	return clocks
}

// Known is what the status of a policy knows of tags, so that the tags whose clocks run aren't forgotten over newer ones. A
// tag that was selected is known by the digest that it was selected with.
func Known(policy *v1alpha1.ImagePolicy) map[string]selection.Fact {
	known := map[string]selection.Fact{}
	if policy.Status.Image != policy.Spec.Image || policy.Spec.Select.Digest != nil {
		return known
	}
	for _, w := range policy.Status.Waiting {
		known[w.Tag] = selection.Fact{Digest: w.Digest, FirstSeen: w.FirstSeen.Time}
	}
	if latest := policy.Status.Latest; latest != nil {
		known[latest.Tag] = selection.Fact{Digest: latest.Digest, FirstSeen: latest.FirstSeen.Time}
	}
	return known
}

// LookAgain is how many tags are looked at again where somebody asks.
const LookAgain = 16

// Without are the facts without those of the n newest tags, which are to be looked at again. The tag that was selected last
// isn't among them: it is judged by the digest that it was selected with.
func Without(facts map[string]selection.Fact, policy *v1alpha1.ImagePolicy, selector *selection.Selector, n int) map[string]selection.Fact {
	standing := Standing(policy)
	tags := slices.Collect(maps.Keys(facts))
	tags = slices.DeleteFunc(tags, func(tag string) bool { return standing != nil && tag == standing.Tag })
	slices.SortFunc(tags, func(a, b string) int {
		order, err := selector.Compare(b, a)
		if err != nil { // The policy was changed since, and doesn't speak of these.
			return cmp.Compare(a, b)
		}
		return order
	})
	kept := maps.Clone(facts)
	for _, tag := range tags[:min(n, len(tags))] {
		delete(kept, tag)
	}
	return kept
}

// AsSelected is what was found of a tag, as a decision takes it: the tag that was selected last is judged by the digest that it
// was selected with. That another one was pushed since is reported, and changes no choice.
func AsSelected(policy *v1alpha1.ImagePolicy, tag string, fact selection.Fact) selection.Fact {
	standing := Standing(policy)
	if standing != nil && standing.Tag == tag && policy.Spec.Select.Digest == nil && fact.Problem == "" {
		fact.Digest = standing.Digest
	}
	return fact
}
