package ask

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/follow"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// Reconcile has the controller look at an object at once. With wait it returns once the controller has, with what it found.
func (c *Cluster) Reconcile(ctx context.Context, namespace string, named noun.Reference, wait bool) (Outcome, error) {
	found, err := c.read(ctx, namespace, named)
	if err != nil {
		return Outcome{}, err
	}
	if *found.suspend && found.named.Kind == noun.ImagePolicy { // the others are still read and compared
		return Outcome{}, terminal.Failf(nil, "%s is suspended, and nobody looks at it: fairlead resume %s", found, found.named)
	}
	before, _ := found.DeepCopyObject().(client.Object)
	word := c.now().UTC().Format(time.RFC3339Nano)
	annotations := found.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[v1alpha1.ReconcileAtAnnotation] = word
	found.SetAnnotations(annotations)
	if err := c.client.Patch(ctx, found.Object, client.MergeFrom(before)); err != nil {
		return Outcome{}, found.refusal("reconcile", err)
	}
	if !wait {
		return found.outcome(Asked), nil
	}
	last, err := c.obeyed(ctx, found, word)
	if errors.Is(err, context.DeadlineExceeded) {
		return Outcome{}, terminal.Failf(err, "reconcile %s: the controller hasn't looked at it within the time given: is it running?", found)
	}
	if err != nil {
		return Outcome{}, err
	}
	outcome := last.outcome(Reconciled)
	if ready := meta.FindStatusCondition(*last.conditions, v1alpha1.ConditionReady); ready != nil {
		outcome.Ready, outcome.Reason, outcome.Message = ready.Status, ready.Reason, ready.Message
	}
	return outcome, nil
}

// obeyed waits until the controller has obeyed the word, or another one has taken its place.
func (c *Cluster) obeyed(ctx context.Context, found object, word string) (object, error) {
	wanted, last := newObject(found.named), found
	wanted.SetNamespace(found.GetNamespace())
	wanted.SetName(found.GetName())
	err := follow.Object(ctx, c.client, wanted.Object, wanted.list, func(now client.Object) (bool, error) {
		last = about(found.named, now)
		return *last.handled == word || now.GetAnnotations()[v1alpha1.ReconcileAtAnnotation] != word, nil
	})
	if err != nil && ctx.Err() == nil {
		return last, last.refusal("read", err)
	}
	return last, err
}
