package syncer

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// Pruned is what became of one object that was to be pruned.
type Pruned struct {
	// ID of the object.
	ID ID
	// Deleted is true if its deletion was asked for.
	Deleted bool
	// Kept says why the object was left alone, for good: it isn't the Application's. Empty otherwise.
	Kept string
	// Err is why it couldn't be deleted; it stays in the inventory then. It is an *Error.
	Err error
}

// maxAttempts bounds how often a deletion is tried that meets a newer object than it has looked at.
const maxAttempts = 5

// Prune deletes objects that an earlier revision applied (see PlanSync), one after the other in the order given. An object
// is deleted only if it still carries the labels of the owner, in exactly the state that was looked at: its UID and its
// resourceVersion are preconditions. One that is also among the current states under another API version is left alone.
// Dependents are deleted in the background. One that is gone already is done.
//
// The error is a *FailuresError that names each object that couldn't be deleted.
func (a *Applier) Prune(ctx context.Context, owner Owner, leftover []ID, current []State) ([]Pruned, error) {
	kept := make(map[types.UID]bool, len(current))
	for _, state := range current {
		if state.Live != nil {
			kept[state.Live.GetUID()] = true
		}
	}
	results := make([]Pruned, 0, len(leftover))
	var failures []*Error
	for _, id := range leftover {
		result := a.pruneOne(ctx, owner, id, kept)
		if result.Err != nil {
			failure := &Error{Op: "prune", ID: id, Err: result.Err}
			result.Err = failure
			failures = append(failures, failure)
		}
		results = append(results, result)
	}
	return results, errorsOf(failures)
}

func (a *Applier) pruneOne(ctx context.Context, owner Owner, id ID, kept map[types.UID]bool) Pruned {
	resource, err := a.leftoverResource(id)
	if meta.IsNoMatchError(err) {
		return Pruned{ID: id} // the kind is gone, and its objects with it
	}
	for attempt := 0; err == nil && attempt < maxAttempts; attempt++ {
		var live *unstructured.Unstructured
		if live, err = resource.Get(ctx, id.Name, metav1.GetOptions{}); err != nil {
			break
		}
		if reason := foreign(live, owner, kept); reason != "" {
			return Pruned{ID: id, Kept: reason}
		}
		if live.GetDeletionTimestamp() != nil {
			return Pruned{ID: id, Deleted: true}
		}
		if err = remove(ctx, resource, live); err == nil {
			return Pruned{ID: id, Deleted: true}
		}
		if apierrors.IsConflict(err) && attempt < maxAttempts-1 {
			err = nil // it has changed since it was looked at: look again
		}
	}
	if apierrors.IsNotFound(err) {
		return Pruned{ID: id}
	}
	return Pruned{ID: id, Err: err}
}

// foreign says why an object isn't the owner's to delete.
func foreign(live *unstructured.Unstructured, owner Owner, kept map[types.UID]bool) string {
	switch current, owned := OwnerOf(live); {
	case kept[live.GetUID()]:
		return "the revision holds it under another API version"
	case !owned:
		return "it doesn't carry the labels of an Application any more"
	case current != owner:
		return fmt.Sprintf("it belongs to Application %s now", current)
	}
	return ""
}

func remove(ctx context.Context, resource dynamic.ResourceInterface, live *unstructured.Unstructured) error {
	uid, version, background := live.GetUID(), live.GetResourceVersion(), metav1.DeletePropagationBackground
	return resource.Delete(ctx, live.GetName(), metav1.DeleteOptions{
		Preconditions:     &metav1.Preconditions{UID: &uid, ResourceVersion: &version},
		PropagationPolicy: &background,
	})
}

// leftoverResource finds the resource of an object that may have been applied long ago: under the version that it was
// applied under, or under the one that is served now.
func (a *Applier) leftoverResource(id ID) (dynamic.ResourceInterface, error) {
	gvk := id.GroupVersionKind()
	mapping, err := a.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if meta.IsNoMatchError(err) {
		mapping, err = a.mapper.RESTMapping(gvk.GroupKind())
	}
	if err != nil {
		return nil, fmt.Errorf("find the resource of kind %s: %w", gvk.GroupKind(), err)
	}
	found := kind{resource: mapping.Resource, namespaced: mapping.Scope.Name() == meta.RESTScopeNameNamespace}
	return a.resource(found, id.Namespace), nil
}
