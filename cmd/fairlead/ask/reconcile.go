package ask

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// lookAgain is the time between two looks where watching isn't allowed, and after a watch that has ended.
const lookAgain = time.Second

// Reconcile has the controller look at an object at once. With wait it returns once the controller has, with what it found.
func (c *Cluster) Reconcile(ctx context.Context, namespace string, named noun.Reference, wait bool) (Outcome, error) {
	found, err := c.read(ctx, namespace, named)
	if err != nil {
		return Outcome{}, err
	}
	if *found.suspend && found.named.Kind != noun.ConfigRepository { // a suspended repository is still read
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
	done := func(now object) bool {
		return *now.handled == word || now.GetAnnotations()[v1alpha1.ReconcileAtAnnotation] != word
	}
	for {
		now, err := c.read(ctx, found.GetNamespace(), found.named)
		if ctx.Err() != nil {
			return now, context.Cause(ctx)
		}
		if err != nil || done(now) {
			return now, err
		}
		if now, ended := c.watch(ctx, now, done); ended {
			return now, nil
		}
		select {
		case <-time.After(lookAgain):
		case <-ctx.Done():
			return now, context.Cause(ctx)
		}
	}
}

// watch follows an object until it is as wanted, or the API server doesn't go on.
func (c *Cluster) watch(ctx context.Context, from object, done func(object) bool) (object, bool) {
	changes, err := c.client.Watch(ctx, from.list, &client.ListOptions{
		Namespace: from.GetNamespace(), FieldSelector: fields.OneTermEqualSelector("metadata.name", from.GetName()),
		Raw: &metav1.ListOptions{ResourceVersion: from.GetResourceVersion()},
	})
	if err != nil { // Looking again says what is wrong, if it is something that matters.
		return from, false
	}
	defer changes.Stop()
	for {
		select {
		case <-ctx.Done():
			return from, false
		case change, open := <-changes.ResultChan():
			if !open || change.Type != watch.Modified && change.Type != watch.Added {
				return from, false
			}
			now, err := c.read(ctx, from.GetNamespace(), from.named)
			if err == nil && done(now) {
				return now, true
			}
			if apierrors.IsNotFound(err) {
				return from, false
			}
		}
	}
}
