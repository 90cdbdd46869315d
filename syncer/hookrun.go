package syncer

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// StartHook makes the object of a hook, and returns it as it is then. It returns nil where one of an earlier run is in the way,
// whose deletion was asked for: try again when it is gone. A hook that was started already isn't started twice.
//
// An object in the way that isn't a hook, belongs to another Application, or is kept by its delete policy and does its work only
// once, is left alone: the error is a *RefusedError. Any other is an *Error.
func (a *Applier) StartHook(ctx context.Context, owner Owner, hook Hook) (*unstructured.Unstructured, error) {
	found, err := kindsWith(a.mapper, nil).resolve(hook.Object.GroupVersionKind())
	if err != nil {
		return nil, &Error{Op: "run hook", ID: hook.ID(), Err: err}
	}
	resource := a.resource(found, hook.Object.GetNamespace())
	made, err := resource.Create(ctx, hook.Object, metav1.CreateOptions{FieldManager: FieldManager})
	if apierrors.IsAlreadyExists(err) {
		made, err = a.takeOver(ctx, resource, owner, hook)
	}
	if refused := (*RefusedError)(nil); err != nil && !errors.As(err, &refused) {
		err = &Error{Op: "run hook", ID: hook.ID(), Err: err, Hint: hintFor(err, &State{ID: hook.ID(), Desired: hook.Object})}
	}
	return made, err
}

// takeOver deals with an object that is there already.
func (a *Applier) takeOver(ctx context.Context, resource dynamic.ResourceInterface, owner Owner, hook Hook) (*unstructured.Unstructured, error) {
	id := hook.ID()
	live, err := resource.Get(ctx, id.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil //nolint:nilnil // it is gone by now
	}
	if err != nil {
		return nil, err
	}
	other, owned := OwnerOf(live)
	switch {
	case owned && other != owner:
		return nil, &RefusedError{Problems: []string{fmt.Sprintf("hook %s belongs to Application %s: rename one of the two", id, other)}}
	case live.GetAnnotations()[AnnotationRun] == hook.Run:
		return live, nil
	case live.GetDeletionTimestamp() != nil:
		return nil, nil //nolint:nilnil // it is on its way out
	case !MetaOf(live).IsHook():
		return nil, &RefusedError{Problems: []string{fmt.Sprintf("hook %s: there is an object of this name that is no hook: rename the hook, or delete the object", id)}}
	case hook.Deletes(BeforeHookCreation):
		return nil, a.deleteHook(ctx, resource, id.Name, live.GetUID())
	case endsByItself(id):
		return nil, &RefusedError{Problems: []string{fmt.Sprintf(
			"hook %s is still there from an earlier run, and its delete policy keeps it: add BeforeHookCreation, use metadata.generateName, or delete it", id)}}
	}
	return resource.Apply(ctx, id.Name, hook.Object, metav1.ApplyOptions{FieldManager: FieldManager, Force: true})
}

// DeleteHook deletes the object that a hook has run as. One that is gone, or another one by now, is left alone.
func (a *Applier) DeleteHook(ctx context.Context, id ID, uid types.UID) error {
	found, err := kindsWith(a.mapper, nil).resolve(id.GroupVersionKind())
	if err == nil {
		err = a.deleteHook(ctx, a.resource(found, id.Namespace), id.Name, uid)
	}
	if err != nil {
		return &Error{Op: "delete hook", ID: id, Err: err}
	}
	return nil
}

func (a *Applier) deleteHook(ctx context.Context, resource dynamic.ResourceInterface, name string, uid types.UID) error {
	propagation := metav1.DeletePropagationBackground
	err := resource.Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}, PropagationPolicy: &propagation})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}
