package choice

import (
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

// Clocks say since when a digest is known under a tag, by the status: they outlive the process.
func Clocks(policy *v1alpha1.ImagePolicy) map[string]selection.Fact {
	clocks := map[string]selection.Fact{}
	if policy.Status.Image != policy.Spec.Image {
		return clocks
	}
	for _, w := range policy.Status.Waiting {
		clocks[w.Tag] = selection.Fact{Digest: w.Digest, FirstSeen: w.FirstSeen.Time}
	}
	if latest := policy.Status.Latest; latest != nil {
		clocks[latest.Tag] = selection.Fact{Digest: latest.Digest, FirstSeen: latest.FirstSeen.Time}
	}
	return clocks
}
