package imagepolicy

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/registry"
	"github.com/fairlead/fairlead/registry/webhook"
)

// hintEvery is how often hints can cause a scan of a policy: of a flood of them the first does at once, and one more after
// each hintEvery.
const hintEvery = time.Second

// Hint says that somebody may have pushed to a repository. The policies in the namespace (all of them if it is empty) that
// are about it are scanned at once; the registry decides whether there is anything new. It returns their number.
func (r *Reconciler) Hint(namespace string, push webhook.Push) int {
	var policies v1alpha1.ImagePolicyList
	if err := r.client.List(context.Background(), &policies, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return 0 // The cache has stopped, and with it everything that could follow.
	}
	matched := 0
	for i := range policies.Items {
		policy := &policies.Items[i]
		if policy.Spec.Suspend {
			continue
		}
		repository, err := registry.ParseImage(policy.Spec.Image, policy.Spec.Registry.Insecure)
		if err != nil || !push.Matches(repository.RegistryStr(), repository.RepositoryStr()) {
			continue
		}
		matched++
		r.hint(client.ObjectKeyFromObject(policy))
	}
	return matched
}

// hint notes a hint, and makes the policy due.
func (r *Reconciler) hint(key types.NamespacedName) {
	now := r.now()
	var wait time.Duration
	r.memory.with(key, func(m *remembered) {
		m.hinted = now
		wait = max(0, m.began.Add(hintEvery).Sub(now))
	})
	r.wake(key, wait)
}
