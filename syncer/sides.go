package syncer

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// Sides are an object as it is and as it would be, for who shows what differs: without status, without what the API server
// counts (resourceVersion, generation, managedFields), and without the fields that spec.ignoreDifferences names. Nothing
// that is given is changed. They are the same if and only if the comparison found no difference.
func (o Outcome) Sides(live *unstructured.Unstructured) (is, would *unstructured.Unstructured) {
	side := func(obj *unstructured.Unstructured) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: declared(ignoring(obj, o.ignored).Object)}
	}
	return side(live), side(o.Object)
}
