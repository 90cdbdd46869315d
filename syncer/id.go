package syncer

import (
	"cmp"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	// FieldManager is the name under which fields are applied (server-side apply's field manager).
	FieldManager = "fairlead"
	// LabelApplication is the label of every managed object that holds the name of its Application. Label values have
	// at most 63 characters, and so have the names of Applications.
	LabelApplication = "fairlead.dev/application"
	// LabelApplicationNamespace is the label that holds the namespace of that Application.
	LabelApplicationNamespace = "fairlead.dev/application-namespace"
)

// ID names an object.
type ID struct {
	// Group of its kind; empty for the core group.
	Group string
	// Version under which it was declared. The same object may be named under several.
	Version string
	// Kind of the object.
	Kind string
	// Namespace of the object; empty if its kind is cluster-scoped.
	Namespace string
	// Name of the object.
	Name string
}

// IDOf is the ID of obj.
func IDOf(obj *unstructured.Unstructured) ID {
	gvk := obj.GroupVersionKind()
	return ID{Group: gvk.Group, Version: gvk.Version, Kind: gvk.Kind, Namespace: obj.GetNamespace(), Name: obj.GetName()}
}

// String is the ID for people: "Deployment webhooks/www", "Namespace webhooks".
func (id ID) String() string {
	if id.Namespace == "" {
		return id.Kind + " " + id.Name
	}
	return id.Kind + " " + id.Namespace + "/" + id.Name
}

// Unversioned is the ID without its version. Two IDs that differ in nothing else name the same object.
func (id ID) Unversioned() ID {
	id.Version = ""
	return id
}

// GroupVersionKind is the kind that id names.
func (id ID) GroupVersionKind() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: id.Group, Version: id.Version, Kind: id.Kind}
}

// Owner is the Application that an object belongs to.
type Owner struct {
	// Namespace of the Application.
	Namespace string
	// Name of the Application.
	Name string
}

// OwnerOf reads the owner from the labels of obj. The second result is false if there is none.
func OwnerOf(obj *unstructured.Unstructured) (Owner, bool) {
	labels := obj.GetLabels()
	owner := Owner{Namespace: labels[LabelApplicationNamespace], Name: labels[LabelApplication]}
	return owner, owner.Namespace != "" && owner.Name != ""
}

// String is "namespace/name".
func (o Owner) String() string { return fmt.Sprintf("%s/%s", o.Namespace, o.Name) }

// mark puts the labels of the owner on obj, and nowhere below its metadata: a selector or a pod template that changed
// would replace pods.
func (o Owner) mark(obj *unstructured.Unstructured) {
	labels := obj.GetLabels()
	if labels == nil {
		labels = make(map[string]string, 2)
	}
	labels[LabelApplication], labels[LabelApplicationNamespace] = o.Name, o.Namespace
	obj.SetLabels(labels)
}

// compareIDs orders by rank of the kind, then by kind, namespace and name.
func compareIDs(a, b ID) int {
	return cmp.Or(
		cmp.Compare(rank(a), rank(b)),
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Group, b.Group),
		cmp.Compare(a.Namespace, b.Namespace),
		cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Version, b.Version),
	)
}
