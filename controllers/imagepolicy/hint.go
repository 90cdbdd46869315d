package imagepolicy

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/registry"
	"github.com/fairlead/fairlead/registry/webhook"
)

const (
	// hintEvery is how often hints can cause a scan of a policy: of a flood of them the first does at once, and one more
	// after each hintEvery.
	hintEvery = time.Second
	// Some registries tell of a push before the tag is there (Distribution sends its notification when the manifest is
	// stored, and sets the tag after that). A scan that doesn't find what it was told of is repeated quietly after
	// echoFirst, then four times as late each time, up to maxEchoes times.
	echoFirst = 25 * time.Millisecond
	maxEchoes = 4
	// expectedFor is how long after a hint a selection is expected: a registry that hangs holds back no one else for longer.
	expectedFor = 5 * time.Second
)

// Expects says whether a policy in the namespace is likely to select another tag in a moment: because somebody said that there is
// one and the scan isn't over, or because what a scan came to is being recorded. Who gathers selections waits for it, for a
// bounded time.
func (r *Reconciler) Expects(namespace string) bool {
	now := r.now()
	return r.memory.expects(namespace, now.Add(-expectedFor), now)
}

// Hint says that somebody may have pushed to a repository. The policies in the namespace (all of them if it is empty) that
// are about it are scanned at once; the registry decides whether there is anything new. It returns their number.
func (r *Reconciler) Hint(namespace string, push webhook.Push) int {
	var policies v1alpha1.ImagePolicyList
	if err := r.client.List(context.Background(), &policies, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return 0 // The cache has stopped, and with it everything that could follow.
	}
	matched := 0
	for i := range policies.Items {
		if policy := &policies.Items[i]; !policy.Spec.Suspend && concerns(policy, push) {
			matched++
			r.hint(client.ObjectKeyFromObject(policy), push)
		}
	}
	return matched
}

// concerns says whether a push may change what a policy selects.
func concerns(policy *v1alpha1.ImagePolicy, push webhook.Push) bool {
	// Most policies are about other images: that is seen without parsing their names.
	if !push.Below && !strings.Contains(policy.Spec.Image, strings.ToLower(path.Base(push.Repository))) {
		return false
	}
	if follows := policy.Spec.Select.Digest; follows != nil && push.Tag != "" && push.Tag != follows.Tag {
		return false
	}
	repository, err := registry.ParseImage(policy.Spec.Image, policy.Spec.Registry.Insecure)
	return err == nil && push.Matches(repository.RegistryStr(), repository.RepositoryStr())
}

// hint notes a hint, and makes the policy due.
func (r *Reconciler) hint(key types.NamespacedName, push webhook.Push) {
	now := r.now()
	var wait time.Duration
	r.memory.with(key, func(m *remembered) {
		m.hinted, m.pushed, m.echoes = now, push, 0
		wait = max(0, m.began.Add(hintEvery).Sub(now))
		m.due = now.Add(wait)
	})
	r.wake(key, wait)
}

// missing says whether a scan that was hinted at didn't find what it was told of.
func (s *scanning) missing() bool {
	switch push := s.known.pushed; {
	case !s.hinted || s.listing == nil || s.listing.err != nil:
		return false
	case s.gone:
		return true
	case s.source.follow != "":
		return push.Digest != "" && s.latest.Digest != "" && push.Digest != s.latest.Digest && push.Tag == s.source.follow && s.candidate == nil
	default:
		return push.Tag != "" && !slices.Contains(s.listing.published, push.Tag)
	}
}
