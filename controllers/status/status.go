// Package status writes what the controllers found into the objects: conditions that don't flap, and one patch that is
// sent only when something changed.
//
// It knows the conditions of api/v1alpha1 and how a status reaches the API server. It must never know what a status
// means for Git, a registry or a cluster.
package status

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// maxConflicts bounds how often a patch is tried anew when another controller wrote in between.
const maxConflicts = 10

// Patch brings the status of obj to what mutate makes of it, in one request, or in none if mutate changes nothing.
//
// An ImagePolicy is written by two controllers, so the patch names the resource version that it was made on. Where
// that has moved, the object is read anew from the API server and mutate runs again: mutate must depend on nothing but
// its argument and what it closes over. On return obj is the object as it was written. A deleted object is no error.
func Patch[T client.Object](ctx context.Context, c client.Client, live client.Reader, obj T, mutate func(T)) error {
	for range maxConflicts {
		base, ok := obj.DeepCopyObject().(T)
		if !ok {
			return fmt.Errorf("copy %T: the copy is of another type", obj)
		}
		mutate(obj)
		if equality.Semantic.DeepEqual(base, obj) {
			return nil
		}
		err := c.Status().Patch(ctx, obj, client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{}))
		if err == nil || apierrors.IsNotFound(err) {
			return nil
		}
		if !apierrors.IsConflict(err) {
			return fmt.Errorf("write the status of %s: %w", client.ObjectKeyFromObject(obj), err)
		}
		if err := live.Get(ctx, client.ObjectKeyFromObject(obj), obj); err != nil {
			return client.IgnoreNotFound(err)
		}
	}
	return fmt.Errorf("write the status of %s: others wrote it %d times in between", client.ObjectKeyFromObject(obj), maxConflicts)
}
