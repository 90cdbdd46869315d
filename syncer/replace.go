package syncer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// replace puts the object in the place of the live one, as `kubectl replace` does, or creates it. What others have written
// into its metadata stays: finalizers, owner references, labels and annotations belong to those who set them.
func (w *write) replace(ctx context.Context, dryRun []string) (*unstructured.Unstructured, error) {
	body := w.body(dryRun)
	for range maxAttempts {
		live, err := w.resource.Get(ctx, body.GetName(), metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			made, err := w.resource.Create(ctx, body, metav1.CreateOptions{FieldManager: FieldManager, DryRun: dryRun, FieldValidation: w.validation()})
			if apierrors.IsAlreadyExists(err) {
				continue
			}
			return made, err
		}
		if err != nil {
			return nil, err
		}
		successor, err := succeeding(body, live)
		if err != nil {
			return nil, err
		}
		replaced, err := w.resource.Update(ctx, successor, metav1.UpdateOptions{FieldManager: FieldManager, DryRun: dryRun, FieldValidation: w.validation()})
		if !apierrors.IsConflict(err) {
			return replaced, err
		}
	}
	return nil, errors.New("others change it faster than it can be replaced: it is tried again")
}

// validation is what becomes of fields that the kind's schema lacks.
func (w *write) validation() string {
	if w.options.SkipValidation {
		return metav1.FieldValidationIgnore
	}
	return metav1.FieldValidationStrict
}

// succeeding is body as it takes the place of live. Labels and annotations that were ours and that body doesn't name go.
func succeeding(body, live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	var owned []fieldSet
	for _, entry := range live.GetManagedFields() {
		if entry.Manager != FieldManager {
			continue
		}
		fields, err := fieldSetOf(entry.FieldsV1)
		if err != nil {
			return nil, err
		}
		owned = append(owned, fields)
	}
	successor := body.DeepCopy()
	successor.SetResourceVersion(live.GetResourceVersion())
	if len(successor.GetFinalizers()) == 0 {
		successor.SetFinalizers(live.GetFinalizers())
	}
	if len(successor.GetOwnerReferences()) == 0 {
		successor.SetOwnerReferences(live.GetOwnerReferences())
	}
	successor.SetLabels(inherited(successor.GetLabels(), live.GetLabels(), owned, "labels"))
	successor.SetAnnotations(inherited(successor.GetAnnotations(), live.GetAnnotations(), owned, "annotations"))
	return successor, nil
}

// inherited is wanted with those entries of live that nobody of us has set.
func inherited(wanted, live map[string]string, owned []fieldSet, field string) map[string]string {
	all := make(map[string]string, len(wanted)+len(live))
	for key, value := range live {
		if !slices.ContainsFunc(owned, func(set fieldSet) bool { return set.hasField("metadata", field, key) }) {
			all[key] = value
		}
	}
	maps.Copy(all, wanted)
	if len(all) == 0 {
		return nil
	}
	return all
}

// precious are kinds whose deletion takes more with it than the object: all that is in a namespace, all objects of a kind, the
// data on a volume. They are deleted and created again only if they themselves say Force=true.
//
//nolint:gochecknoglobals // a table; nothing changes it
var precious = map[string]bool{kindNamespace: true, kindCRD: true, "PersistentVolumeClaim": true, "PersistentVolume": true}

// mayRecreate says whether an object that can't be changed may be deleted and created again.
func (w *write) mayRecreate(err error) bool {
	if !w.options.Force || !unchangeable(err) {
		return false
	}
	if id := IDOf(w.desired); precious[id.Kind] && builtin[id.Group] {
		own, err := Options{}.Of(w.desired)
		return err == nil && own.Force
	}
	return true
}

// going is how long an apply waits for an object to be gone that it has deleted. One that takes longer is created by a later
// one: watches see when it is gone.
const going = time.Second

// recreate deletes the object and creates it again. It isn't deleted unless the API server would take the new one.
func (w *write) recreate(ctx context.Context) (Outcome, error) {
	body := w.body(nil)
	_, err := w.resource.Create(ctx, body, metav1.CreateOptions{FieldManager: FieldManager, DryRun: []string{metav1.DryRunAll}})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return Outcome{}, err
	}
	live, err := w.resource.Get(ctx, body.GetName(), metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return Outcome{}, err
	}
	if err == nil {
		if gone, err := w.clear(ctx, live); err != nil || !gone {
			return Outcome{leaving: err == nil}, err
		}
	}
	w.live, w.conflicts = nil, nil
	return w.put(ctx, nil)
}

// clear deletes live, waits a moment until it is gone, and says whether it is.
func (w *write) clear(ctx context.Context, live *unstructured.Unstructured) (bool, error) {
	uid, background := live.GetUID(), metav1.DeletePropagationBackground
	err := w.resource.Delete(ctx, live.GetName(), metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &uid}, PropagationPolicy: &background,
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("delete it to create it again: %w", err)
	}
	return poll(ctx, going, func() bool {
		left, err := w.resource.Get(ctx, live.GetName(), metav1.GetOptions{})
		return apierrors.IsNotFound(err) || err == nil && left.GetUID() != uid
	}), nil
}
