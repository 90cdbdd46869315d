package syncer

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
)

const (
	// establishTimeout bounds the wait for a new kind to be served.
	establishTimeout = 10 * time.Second
	// establishPoll is how often the API server is asked for it.
	establishPoll = 50 * time.Millisecond
)

// Applier changes objects with the rights of its client.
type Applier struct {
	client dynamic.Interface
	mapper meta.RESTMapper
}

// NewApplier returns an Applier. The mapper must notice kinds that are installed later, as the one of
// controller-runtime does.
func NewApplier(client dynamic.Interface, mapper meta.RESTMapper) *Applier {
	return &Applier{client: client, mapper: mapper}
}

// Apply applies an object by server-side apply and returns it as the API server answered. What the object sets belongs
// to Git: other managers' values of these fields are overwritten, and their other fields stay. It returns for a
// CustomResourceDefinition when the new kind is served.
func (a *Applier) Apply(ctx context.Context, desired *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	applied, err := a.apply(ctx, desired)
	if err != nil {
		return nil, err
	}
	if isCRD(desired) {
		return a.established(ctx, applied)
	}
	return applied, nil
}

func (a *Applier) apply(ctx context.Context, desired *unstructured.Unstructured, dryRun ...string) (*unstructured.Unstructured, error) {
	id := IDOf(desired)
	resource, err := a.resource(id)
	if err != nil {
		return nil, err
	}
	applied, err := resource.Apply(ctx, id.Name, desired, metav1.ApplyOptions{FieldManager: FieldManager, Force: true, DryRun: dryRun})
	if err != nil {
		return nil, &ObjectError{Object: id.String(), Problem: "the API server refused it: " + message(err), Err: err}
	}
	return applied, nil
}

// established waits until the kind of a CustomResourceDefinition is served.
func (a *Applier) established(ctx context.Context, crd *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	id := IDOf(crd)
	err := wait.PollUntilContextTimeout(ctx, establishPoll, establishTimeout, true, func(ctx context.Context) (bool, error) {
		live, err := a.Get(ctx, id)
		if err != nil || live == nil {
			return false, err
		}
		crd = live
		return HealthOf(id, live).Status == Healthy, nil
	})
	if err != nil {
		return nil, &ObjectError{Object: id.String(), Problem: fmt.Sprintf("its kind isn't served %s after it was applied", establishTimeout), Err: err}
	}
	return crd, nil
}

// CreateNamespace creates a namespace where it is missing, and leaves it alone where it is not. It isn't part of any
// inventory: it is never pruned.
func (a *Applier) CreateNamespace(ctx context.Context, name string) error {
	namespace := &unstructured.Unstructured{}
	namespace.SetAPIVersion("v1")
	namespace.SetKind("Namespace")
	namespace.SetName(name)
	live, err := a.Get(ctx, IDOf(namespace))
	if err != nil || live != nil {
		return err
	}
	_, err = a.apply(ctx, namespace)
	return err
}

// Prune deletes an object that an earlier revision applied, with its dependents in the background, and says whether it
// did. It leaves alone what is gone, and what doesn't carry the labels of the owner (any more).
func (a *Applier) Prune(ctx context.Context, owner Owner, id ID) (bool, error) {
	live, err := a.Get(ctx, id)
	if err != nil {
		if IsUnknownKind(err) {
			return false, nil
		}
		return false, err
	}
	if live == nil || ownerOf(live) != owner {
		return false, nil
	}
	resource, err := a.resource(id)
	if err != nil {
		return false, err
	}
	uid, background := live.GetUID(), metav1.DeletePropagationBackground
	err = resource.Delete(ctx, id.Name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &uid}, PropagationPolicy: &background,
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return false, &ObjectError{Object: id.String(), Problem: "prune it: " + message(err), Err: err}
	}
	return err == nil, nil
}

// dryRun asks the API server what an apply would make of the object.
func (a *Applier) dryRun(ctx context.Context, desired *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	return a.apply(ctx, desired, metav1.DryRunAll)
}

// Get reads an object from the API server; nil if there is none.
func (a *Applier) Get(ctx context.Context, id ID) (*unstructured.Unstructured, error) {
	resource, err := a.resource(id)
	if err != nil {
		return nil, err
	}
	live, err := resource.Get(ctx, id.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil //nolint:nilnil // absence is an answer, not a failure
	}
	if err != nil {
		return nil, &ObjectError{Object: id.String(), Problem: "read it: " + err.Error(), Err: err}
	}
	return live, nil
}

// resource is where the API server serves the objects of the ID's kind.
func (a *Applier) resource(id ID) (dynamic.ResourceInterface, error) {
	kind := id.GroupVersionKind()
	mapping, err := a.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, &ObjectError{Object: id.String(), Problem: fmt.Sprintf("the API server serves no %s: %v", kind.GroupKind(), err), Err: err}
	}
	resource := a.client.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		return resource.Namespace(id.Namespace), nil
	}
	return resource, nil
}

// IsUnknownKind says whether an error means that the API server doesn't serve a kind.
func IsUnknownKind(err error) bool {
	var noKind *meta.NoKindMatchError
	var noResource *meta.NoResourceMatchError
	return errors.As(err, &noKind) || errors.As(err, &noResource)
}

// message is the API server's own words.
func message(err error) string {
	if answered := apierrors.APIStatus(nil); errors.As(err, &answered) && answered.Status().Message != "" {
		return answered.Status().Message
	}
	return err.Error()
}
