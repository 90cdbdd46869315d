package syncer

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Labels that every object of an Application carries. Drift is seen by watches on them, and nothing is pruned without
// them.
const (
	// LabelApplication holds the name of the Application.
	LabelApplication = "fairlead.dev/application"
	// LabelApplicationNamespace holds its namespace.
	LabelApplicationNamespace = "fairlead.dev/application-namespace"
)

// FieldManager owns, by server-side apply, the fields that the revision sets.
const FieldManager = "fairlead"

// ID names an object in a cluster.
type ID struct {
	// Group and Version of the kind; the core group is empty.
	Group, Version string
	// Kind of the object.
	Kind string
	// Namespace is empty for cluster-scoped objects.
	Namespace string
	// Name of the object.
	Name string
}

// IDOf is the ID of an object.
func IDOf(obj *unstructured.Unstructured) ID {
	kind := obj.GroupVersionKind()
	return ID{Group: kind.Group, Version: kind.Version, Kind: kind.Kind, Namespace: obj.GetNamespace(), Name: obj.GetName()}
}

// String names the object for a person: "Deployment webhooks/www", "ClusterRole reader".
func (id ID) String() string {
	if id.Namespace == "" {
		return id.Kind + " " + id.Name
	}
	return id.Kind + " " + id.Namespace + "/" + id.Name
}

// GroupVersionKind is the object's kind.
func (id ID) GroupVersionKind() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: id.Group, Version: id.Version, Kind: id.Kind}
}

// sameObject compares without the version: the API server shows one object in each version of its kind.
func (id ID) sameObject() ID {
	id.Version = ""
	return id
}

// Owner is the Application that objects belong to.
type Owner struct {
	Namespace, Name string
}

// String is "namespace/name".
func (o Owner) String() string { return o.Namespace + "/" + o.Name }

// ownerOf is the Application that an object's labels name; the zero value: none.
func ownerOf(obj *unstructured.Unstructured) Owner {
	labels := obj.GetLabels()
	return Owner{Namespace: labels[LabelApplicationNamespace], Name: labels[LabelApplication]}
}
