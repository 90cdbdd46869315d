package choice

import (
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
