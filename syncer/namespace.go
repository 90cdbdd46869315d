package syncer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// Metadata is what an Application keeps on the namespace of its destination.
type Metadata struct {
	// Labels of the namespace.
	Labels map[string]string
	// Annotations of the namespace.
	Annotations map[string]string
}

// namespaceManager is the prefix of the field managers under which namespaces carry the Metadata of Applications: each has
// a manager of its own, since several may share a namespace, and one may have the namespace among its objects besides.
const namespaceManager = FieldManager + "/"

// maxManager bounds the name of a field manager, as the API server does.
const maxManager = 128

// managerFor is the field manager of an Application on its namespace.
func managerFor(owner Owner) string {
	name := namespaceManager + owner.String()
	if len(name) <= maxManager {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return namespaceManager + hex.EncodeToString(sum[:])
}

// EnsureNamespace creates a namespace if it is missing, and keeps the metadata on it: what was there for the owner and isn't
// named any more is taken away, what others have set stays. It says whether it has changed anything. The namespace is nobody's:
// it carries no labels of an Application and is never pruned, since more than the Application may live in it.
//
// A namespace that is on its way out is an error that passes, and so is metadata that another Application keeps otherwise.
func (a *Applier) EnsureNamespace(ctx context.Context, name string, owner Owner, metadata Metadata) (bool, error) {
	id := ID{Version: "v1", Kind: kindNamespace, Name: name}
	namespaces := a.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	live, err := namespaces.Get(ctx, name, metav1.GetOptions{})
	made := apierrors.IsNotFound(err)
	if err != nil && !made {
		return false, &Error{Op: "look for", ID: id, Err: err}
	}
	if made {
		if live, err = createNamespace(ctx, namespaces, id); err != nil {
			return false, err
		}
	}
	if live.GetDeletionTimestamp() != nil {
		return false, &Error{Op: "look for", ID: id, Err: errTerminating}
	}
	manager := managerFor(owner)
	managed := slices.ContainsFunc(live.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool { return entry.Manager == manager })
	if !managed && len(metadata.Labels) == 0 && len(metadata.Annotations) == 0 {
		return made, nil
	}
	kept := namespaceOf(name)
	kept.SetLabels(metadata.Labels)
	kept.SetAnnotations(metadata.Annotations)
	after, err := keep(ctx, namespaces, kept, manager)
	if err != nil {
		return made, &Error{Op: "keep the metadata of", ID: id, Err: err}
	}
	return made || after.GetResourceVersion() != live.GetResourceVersion(), nil
}

// terminatingError says that a namespace is on its way out.
type terminatingError struct{}

// errTerminating is the one value of its type.
var errTerminating = terminatingError{}

// Error implements error.
func (terminatingError) Error() string {
	return "it is being deleted: waits until it is gone, to create it anew"
}

func namespaceOf(name string) *unstructured.Unstructured {
	namespace := &unstructured.Unstructured{}
	namespace.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: kindNamespace})
	namespace.SetName(name)
	return namespace
}

// createNamespace creates a namespace, unless somebody else was faster.
func createNamespace(ctx context.Context, namespaces dynamic.ResourceInterface, id ID) (*unstructured.Unstructured, error) {
	made, err := namespaces.Create(ctx, namespaceOf(id.Name), metav1.CreateOptions{FieldManager: FieldManager})
	if apierrors.IsAlreadyExists(err) {
		made, err = namespaces.Get(ctx, id.Name, metav1.GetOptions{})
	}
	if err != nil {
		return nil, &Error{Op: "create", ID: id, Err: err}
	}
	return made, nil
}

// keep applies metadata to a namespace. It is taken from anybody but another Application.
func keep(ctx context.Context, namespaces dynamic.ResourceInterface, kept *unstructured.Unstructured, manager string) (*unstructured.Unstructured, error) {
	after, err := namespaces.Apply(ctx, kept.GetName(), kept, metav1.ApplyOptions{FieldManager: manager})
	conflicts := conflictsOf(err)
	if len(conflicts) == 0 {
		return after, err
	}
	for _, conflict := range conflicts {
		if other, ours := strings.CutPrefix(conflict.Manager, namespaceManager); ours {
			return nil, fmt.Errorf("%s: Application %s keeps it otherwise: have one of the two say it", strings.Join(conflict.Fields, ", "), other)
		}
	}
	return namespaces.Apply(ctx, kept.GetName(), kept, metav1.ApplyOptions{FieldManager: manager, Force: true})
}
