package imagepolicy

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/registry"
	"github.com/fairlead/fairlead/registry/selection"
)

// scan is what one scan came to: either a choice, or an error with the reason for the condition.
type scan struct {
	latest   v1alpha1.SelectedTag
	tags     int
	eligible int
	requests int
	time     metav1.MicroTime

	reason v1alpha1.Reason
	err    error
}

// failed completes a scan that came to nothing.
func (s scan) failed(reason v1alpha1.Reason, err error) scan {
	s.reason, s.err = reason, err
	return s
}

// scan lists the tags, selects one, and resolves its digest if it is another one than the status holds.
func (r *Reconciler) scan(ctx context.Context, policy *v1alpha1.ImagePolicy) scan {
	ctx, cancel := context.WithTimeout(ctx, policy.Spec.Timeout.Duration)
	defer cancel()
	var found scan
	repository, err := registry.ParseImage(policy.Spec.Image, policy.Spec.Registry.Insecure)
	if err != nil {
		return found.failed(v1alpha1.ReasonInvalidImage, err)
	}
	semver := policy.Spec.Select.SemVer
	selector, err := selection.Compile(selection.Policy{SemVer: &selection.SemVer{Range: semver.Range, Prereleases: semver.Prereleases}})
	if err != nil {
		return found.failed(v1alpha1.ReasonInvalidRange, err)
	}
	credential, err := access.Credential(ctx, r.live, policy, repository)
	if err != nil {
		return found.failed(v1alpha1.ReasonSecretNotUsable, err)
	}
	listing, err := r.registry.ListTags(ctx, repository, credential)
	found.requests = listing.Requests
	if err != nil {
		return found.failed(v1alpha1.ReasonRegistryFailed, err)
	}
	return r.choose(ctx, policy, repository, credential, selector, listing.Tags, found)
}

// choose selects among the tags.
func (r *Reconciler) choose(ctx context.Context, policy *v1alpha1.ImagePolicy, repository name.Repository, credential registry.Credential,
	selector *selection.Selector, tags []string, found scan,
) scan {
	chosen := selector.Select(tags)
	found.tags, found.eligible, found.time = len(chosen.Verdicts), chosen.Eligible, metav1.NewMicroTime(r.now())
	if chosen.Tag == "" {
		return found.failed(v1alpha1.ReasonNoTagSelected, fmt.Errorf("no tag of %s is admitted by %s: push one, or widen spec.select",
			policy.Spec.Image, selector.Describe()))
	}
	if known := policy.Status.Latest; known != nil && known.Tag == chosen.Tag && policy.Status.ObservedGeneration == policy.Generation {
		found.latest = *known
		return found
	}
	digest, requests, err := r.registry.Digest(ctx, repository.Tag(chosen.Tag), credential)
	found.requests += requests
	if err != nil {
		return found.failed(v1alpha1.ReasonRegistryFailed, err)
	}
	found.latest = v1alpha1.SelectedTag{
		Tag: chosen.Tag, Digest: digest, FirstSeen: found.time,
		Selection: selector.Describe() + ", " + among(found.tags),
	}
	return found
}

// among says how many tags there were to choose from.
func among(tags int) string {
	if tags == 1 {
		return "the only tag"
	}
	return fmt.Sprintf("newest of %d tags", tags)
}
