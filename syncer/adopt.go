package syncer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// deployers are the field managers of tools that deploy manifests: kubectl apply (by either side), what stood there before
// the first server-side apply, Helm, Argo CD and Flux. An object that one of them has applied and that is now applied from
// Git has changed hands; as long as they own its fields, too, a field that leaves Git stays.
//
//nolint:gochecknoglobals // a table; nothing changes it
var deployers = []string{
	"kubectl-client-side-apply", "kubectl", "before-first-apply", "helm", "argocd-controller", "kustomize-controller", "helm-controller",
}

// inherit is what managedFields become when the fields of other deployers are ours; nil if they own none.
func inherit(entries []metav1.ManagedFieldsEntry) ([]metav1.ManagedFieldsEntry, error) {
	var kept []metav1.ManagedFieldsEntry
	inherited, ours := fieldSet{}, -1
	found := false
	for _, entry := range entries {
		deployed := slices.Contains(deployers, entry.Manager) && entry.Subresource == ""
		mine := entry.Manager == FieldManager && entry.Operation == metav1.ManagedFieldsOperationApply && entry.Subresource == ""
		if deployed || mine {
			fields, err := fieldSetOf(entry.FieldsV1)
			if err != nil {
				return nil, err
			}
			inherited = union(inherited, fields)
			found = found || deployed
		}
		if mine {
			ours = len(kept)
		}
		if !deployed {
			kept = append(kept, entry)
		}
	}
	if !found || ours < 0 {
		return nil, nil
	}
	raw, err := json.Marshal(inherited)
	if err != nil {
		return nil, fmt.Errorf("write managed fields: %w", err)
	}
	kept[ours].FieldsV1 = metav1.NewFieldsV1(string(raw))
	return kept, nil
}

// adopt makes the fields of other deployers ours, and applies once more, which takes away those that the revision doesn't
// name. applied is the object as it came back from the first apply.
func (w *write) adopt(ctx context.Context, applied *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	for range maxAttempts {
		entries, err := inherit(applied.GetManagedFields())
		if err != nil || entries == nil {
			return applied, err
		}
		patch, err := json.Marshal([]map[string]any{
			{"op": "replace", "path": "/metadata/managedFields", "value": entries},
			{"op": "replace", "path": "/metadata/resourceVersion", "value": applied.GetResourceVersion()},
		})
		if err != nil {
			return nil, fmt.Errorf("write managed fields: %w", err)
		}
		_, err = w.resource.Patch(ctx, applied.GetName(), types.JSONPatchType, patch, metav1.PatchOptions{FieldManager: FieldManager})
		if err != nil && !apierrors.IsConflict(err) {
			return nil, fmt.Errorf("take over the fields of the tool that deployed it before: %w", err)
		}
		// After a conflict this reads what has changed in between.
		if applied, err = w.patch(ctx, true, nil); err != nil {
			return nil, err
		}
	}
	return applied, nil
}
