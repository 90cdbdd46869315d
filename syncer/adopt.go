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

// inherit is what managedFields become when the fields of other deployers, if they are wanted, and those that we have set in
// replacing the object belong to what we apply; nil if there are none.
func inherit(entries []metav1.ManagedFieldsEntry, others bool) ([]metav1.ManagedFieldsEntry, error) {
	var kept []metav1.ManagedFieldsEntry
	inherited, ours := fieldSet{}, -1
	found := false
	for _, entry := range entries {
		mine, bequeathed := mineOf(entry, others)
		if mine {
			ours = len(kept)
		}
		if !bequeathed {
			kept = append(kept, entry)
		}
		if !mine && !bequeathed {
			continue
		}
		fields, err := fieldSetOf(entry.FieldsV1)
		if err != nil {
			return nil, err
		}
		inherited, found = union(inherited, fields), found || bequeathed
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

// mineOf says whether an entry is of what we apply, or else of what becomes ours.
func mineOf(entry metav1.ManagedFieldsEntry, others bool) (mine, bequeathed bool) {
	switch {
	case entry.Subresource != "":
		return false, false
	case entry.Manager == FieldManager:
		mine = entry.Operation == metav1.ManagedFieldsOperationApply
		return mine, !mine
	}
	return false, others && slices.Contains(deployers, entry.Manager)
}

// adopt makes the fields of other deployers ours, and applies once more, which takes away those that the revision doesn't
// name. applied is the object as it came back from the first apply. An object that is ours already has changed hands before: of
// it only what we have set in another way than by applying is taken over.
func (w *write) adopt(ctx context.Context, applied *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	others := w.live == nil && !w.options.KeepManagers
	for range maxAttempts {
		entries, err := inherit(applied.GetManagedFields(), others)
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
