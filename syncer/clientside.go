package syncer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/apimachinery/pkg/util/mergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
)

// lastApplied is the annotation in which a client-side apply keeps what it has applied: that of `kubectl apply`, which Argo CD
// writes as well, so that an object can go from one to the other.
const lastApplied = corev1.LastAppliedConfigAnnotation

// merge is a client-side apply, as `kubectl apply` does it: what differs between the manifest and the object is set, what the
// manifest before has held and this one doesn't goes, all else is left to whoever has set it. An object that isn't there is created.
func (w *write) merge(ctx context.Context, dryRun []string) (*unstructured.Unstructured, error) {
	body, err := remembering(w.body(dryRun))
	if err != nil {
		return nil, err
	}
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
		kind, patch, err := threeWay(body, live)
		if err != nil {
			return nil, err
		}
		if string(patch) == "{}" {
			return live, nil
		}
		merged, err := w.resource.Patch(ctx, body.GetName(), kind, patch, metav1.PatchOptions{FieldManager: FieldManager, DryRun: dryRun, FieldValidation: w.validation()})
		if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			return merged, err
		}
	}
	return nil, errors.New("others change it faster than it can be applied: it is tried again")
}

// remembering is body with itself in the annotation. The revision isn't of the manifest, and what was exported with a manifest is of
// another one.
func remembering(body *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	manifest, body := body.DeepCopy(), body.DeepCopy()
	unstructured.RemoveNestedField(manifest.Object, "metadata", "annotations", lastApplied)
	unstructured.RemoveNestedField(manifest.Object, "metadata", "annotations", AnnotationRevision)
	text, err := json.Marshal(manifest.Object)
	if err != nil {
		return nil, fmt.Errorf("write annotation %s: %w", lastApplied, err)
	}
	annotations := body.GetAnnotations()
	if annotations == nil {
		annotations = make(map[string]string, 1)
	}
	annotations[lastApplied] = string(text)
	body.SetAnnotations(annotations)
	return body, nil
}

// threeWay is the patch that takes live to body, given what was applied before. Lists are merged by the keys that built-in kinds have;
// of other kinds they are replaced.
func threeWay(body, live *unstructured.Unstructured) (types.PatchType, []byte, error) {
	original := []byte(live.GetAnnotations()[lastApplied])
	if len(original) > 0 && !json.Valid(original) {
		return "", nil, &RefusedError{Problems: []string{fmt.Sprintf("annotation %s: what was applied before can't be read from it: remove the annotation", lastApplied)}}
	}
	modified, err := json.Marshal(body.Object)
	if err != nil {
		return "", nil, fmt.Errorf("write the manifest: %w", err)
	}
	current, err := json.Marshal(live.Object)
	if err != nil {
		return "", nil, fmt.Errorf("write the object: %w", err)
	}
	known, err := patchMetaOf(body.GroupVersionKind())
	if err != nil {
		return "", nil, err
	}
	kind := types.StrategicMergePatchType
	if known == nil {
		kind = types.MergePatchType
	}
	patch, err := computed(original, modified, current, known)
	if err != nil {
		return "", nil, unmergeable(err)
	}
	return kind, patch, nil
}

// computed is the patch itself. What was applied before is anybody's to write, and mustn't end the process: the libraries
// trust the shape of it here and there.
func computed(original, modified, current []byte, known strategicpatch.LookupPatchMeta) (patch []byte, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			patch, err = nil, fmt.Errorf("annotation %s: what was applied before has another shape than the kind: remove the annotation", lastApplied)
		}
	}()
	if known != nil {
		return strategicpatch.CreateThreeWayMergePatch(original, modified, current, known, true)
	}
	return jsonmergepatch.CreateThreeWayJSONMergePatch(original, modified, current,
		mergepatch.RequireKeyUnchanged("apiVersion"), mergepatch.RequireKeyUnchanged("kind"), mergepatch.RequireMetadataKeyUnchanged("name"))
}

// unmergeable says that a client-side apply can't be computed. Only another manifest or object mends that.
func unmergeable(err error) error {
	return &RefusedError{Problems: []string{fmt.Sprintf("compute a client-side apply: %v: leave out ServerSideApply=false, or use Replace=true", err)}}
}

// patchMetaOf tells how the lists of a built-in kind are merged; nil for a kind of which that isn't known.
func patchMetaOf(kind schema.GroupVersionKind) (strategicpatch.LookupPatchMeta, error) {
	example, err := scheme.Scheme.New(kind)
	if runtime.IsNotRegisteredError(err) {
		return nil, nil //nolint:nilnil // absence is an answer, not a failure
	}
	if err != nil {
		return nil, fmt.Errorf("find how %s is merged: %w", kind.Kind, err)
	}
	known, err := strategicpatch.NewPatchMetaFromStruct(example)
	if err != nil {
		return nil, fmt.Errorf("find how %s is merged: %w", kind.Kind, err)
	}
	return known, nil
}
