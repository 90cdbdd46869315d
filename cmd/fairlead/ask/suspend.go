package ask

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
)

// Suspend has the controllers leave an object alone; people are told the reason, if there is one. Without one, that of whoever
// suspended it before stays.
func (c *Cluster) Suspend(ctx context.Context, namespace string, named noun.Reference, reason string) (Outcome, error) {
	return c.set(ctx, namespace, named, true, reason)
}

// Resume has the controllers go on with an object.
func (c *Cluster) Resume(ctx context.Context, namespace string, named noun.Reference) (Outcome, error) {
	return c.set(ctx, namespace, named, false, "")
}

func (c *Cluster) set(ctx context.Context, namespace string, named noun.Reference, suspend bool, reason string) (Outcome, error) {
	found, err := c.read(ctx, namespace, named)
	if err != nil {
		return Outcome{}, err
	}
	annotations := found.GetAnnotations()
	known := annotations[v1alpha1.SuspendReasonAnnotation]
	if suspend && *found.suspend && reason == "" {
		reason = known
	}
	if *found.suspend == suspend && known == reason {
		return found.outcome(Unchanged), nil
	}
	before, _ := found.DeepCopyObject().(client.Object)
	*found.suspend = suspend
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[v1alpha1.SuspendReasonAnnotation] = reason
	if reason == "" {
		delete(annotations, v1alpha1.SuspendReasonAnnotation)
	}
	found.SetAnnotations(annotations)
	result := Resumed
	if suspend {
		result = Suspended
	}
	if err := c.client.Patch(ctx, found.Object, client.MergeFrom(before)); err != nil {
		return Outcome{}, found.refusal("change", err)
	}
	return found.outcome(result), nil
}
