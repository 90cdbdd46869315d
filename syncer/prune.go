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
	// Kept says why the object was left alone: it isn't the Application's, or its options forbid it. Empty otherwise.
	Kept string
	// Waits is true if it is kept only until its deletion is confirmed.
	Waits bool
	// Err is why it couldn't be deleted; it stays in the inventory then. It is an *Error.
	Err error
}

// maxAttempts bounds how often a deletion is tried that meets a newer object than it has looked at.
const maxAttempts = 5

// Prune deletes objects that an earlier revision applied (see PlanSync), one after the other in the order given. An object
// is deleted only if it still carries the labels of the owner, in exactly the state that was looked at: its UID and its
// resourceVersion are preconditions. One that is also among the current states under another API version is left alone, and
// so is one whose option Prune forbids it. What becomes of its dependents is a matter of its option PrunePropagationPolicy. One
// that is gone already is done.
//
// The error is a *FailuresError that names each object that couldn't be deleted.
func (a *Applier) Prune(ctx context.Context, owner Owner, leftover []ID, current []State) ([]Pruned, error) {
	kept := make(map[types.UID]bool, len(current))
	for _, state := range current {
		if state.Live != nil {
			kept[state.Live.GetUID()] = true
		}
	}
	return a.remove(ctx, removal{op: "prune", owner: owner, kept: kept, permission: func(o Options) Permission { return o.Prune }}, leftover)
}

// Delete deletes objects of an Application that is deleted itself. It is Prune, under the option Delete instead of Prune.
// Dependents are deleted as propagation says.
func (a *Applier) Delete(ctx context.Context, owner Owner, objects []ID, propagation metav1.DeletionPropagation) ([]Pruned, error) {
	return a.remove(ctx, removal{
		op: "delete", owner: owner, propagation: propagation, permission: func(o Options) Permission { return o.Delete },
	}, objects)
}

// removal says what is deleted, and how.
type removal struct {
	op          string
	owner       Owner
	kept        map[types.UID]bool
	permission  func(Options) Permission
	propagation metav1.DeletionPropagation
}

func (a *Applier) remove(ctx context.Context, r removal, objects []ID) ([]Pruned, error) {
	results := make([]Pruned, 0, len(objects))
	var failures []*Error
	for _, id := range objects {
		result := a.removeOne(ctx, r, id)
		if result.Err != nil {
			failure := &Error{Op: r.op, ID: id, Err: result.Err}
			result.Err = failure
			failures = append(failures, failure)
		}
		results = append(results, result)
	}
	return results, errorsOf(failures)
}

func (a *Applier) removeOne(ctx context.Context, r removal, id ID) Pruned {
	resource, err := a.leftoverResource(id)
	if meta.IsNoMatchError(err) {
		return Pruned{ID: id} // the kind is gone, and its objects with it
	}
	for attempt := 0; err == nil && attempt < maxAttempts; attempt++ {
		var live *unstructured.Unstructured
		if live, err = resource.Get(ctx, id.Name, metav1.GetOptions{}); err != nil {
			break
		}
		if kept := a.keeps(r, id, live); kept != nil {
			return *kept
		}
		if live.GetDeletionTimestamp() != nil {
			return Pruned{ID: id, Deleted: true}
		}
		if err = a.erase(ctx, r, resource, live); err == nil {
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

// keeps says why an object is not to be deleted; nil if it is.
func (a *Applier) keeps(r removal, id ID, live *unstructured.Unstructured) *Pruned {
	if reason := foreign(live, r.owner, r.kept); reason != "" {
		return &Pruned{ID: id, Kept: reason}
	}
	if kept := a.rules.removing(id, live, r.permission); kept.Kept != "" {
		return &kept
	}
	return nil
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

func (a *Applier) erase(ctx context.Context, r removal, resource dynamic.ResourceInterface, live *unstructured.Unstructured) error {
	propagation := r.propagation
	if options, err := a.rules.Options.Of(live); err == nil && propagation == "" {
		propagation = options.Propagation
	}
	if propagation == "" {
		propagation = metav1.DeletePropagationBackground
	}
	uid, version := live.GetUID(), live.GetResourceVersion()
	return resource.Delete(ctx, live.GetName(), metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version}, PropagationPolicy: &propagation,
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
