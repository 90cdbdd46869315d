package syncer

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// State is what was found out about one desired object.
type State struct {
	// ID of the object.
	ID ID
	// Desired is the object as Prepare made it.
	Desired *unstructured.Unstructured
	// Live is the object as last seen: in a watch, or in the answer to an apply. Nil if there is none.
	Live *unstructured.Unstructured
	// Synced is true if applying Desired is known to change nothing in Live.
	Synced bool
	// Difference says how Live differs if it isn't Synced, to be read after the ID: "is missing", "differs in
	// spec.replicas". It names fields, never their values.
	Difference string
	// Compared is true if Difference is known, as opposed to not looked for yet.
	Compared bool
	// Conflicts are the fields that others had set otherwise: found by a comparison, or taken over by an apply.
	Conflicts []Conflict
	// Changed is true if an apply created or changed the object.
	Changed bool
	// Err is why the object couldn't be compared or applied. It is an *Error.
	Err error
}
