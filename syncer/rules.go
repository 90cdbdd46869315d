package syncer

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Rules is what an Application says of how its objects are compared, applied and deleted. The zero value are the defaults.
type Rules struct {
	// Options of the Application; objects may override them.
	Options Options
	// Ignores are the fields whose values in the cluster are nobody's concern.
	Ignores Ignores
	// Revision is written on each object that is changed. Empty: what stands there stays.
	Revision string
	// Confirmed says whether a person has confirmed the deletion of an object that asks for it (Prune=confirm,
	// Delete=confirm). Nil: no deletion is confirmed.
	Confirmed func(ID) bool
}

// Pruning says whether an object that the revision doesn't hold any more may be pruned, and if not, why. live is the object as
// last seen; nil if that isn't known.
func (r Rules) Pruning(id ID, live *unstructured.Unstructured) Pruned {
	if live == nil {
		return Pruned{ID: id}
	}
	return r.removing(id, live, func(o Options) Permission { return o.Prune })
}

// Deleting says whether an object may be deleted with its Application, and if not, why.
func (r Rules) Deleting(id ID, live *unstructured.Unstructured) Pruned {
	if live == nil {
		return Pruned{ID: id}
	}
	return r.removing(id, live, func(o Options) Permission { return o.Delete })
}

func (r Rules) removing(id ID, live *unstructured.Unstructured, permission func(Options) Permission) Pruned {
	options, err := r.Options.Of(live)
	if err != nil {
		return Pruned{ID: id, Kept: err.Error()}
	}
	switch wanted := permission(options); {
	case wanted == Forbidden:
		return Pruned{ID: id, Kept: "its sync options forbid to delete it"}
	case wanted == Confirm && (r.Confirmed == nil || !r.Confirmed(id)):
		return Pruned{ID: id, Kept: "its deletion is to be confirmed", Waits: true}
	}
	return Pruned{ID: id}
}

// AnnotationRevision is the annotation of every object that names the revision which changed it last.
const AnnotationRevision = "fairlead.dev/revision"

// revisionOf is the revision that changed obj last; empty if that isn't known.
func revisionOf(obj *unstructured.Unstructured) string {
	if obj == nil {
		return ""
	}
	return obj.GetAnnotations()[AnnotationRevision]
}

// markRevision notes on obj which revision changes it.
func markRevision(obj *unstructured.Unstructured, revision string) {
	if revision == "" {
		return
	}
	annotations := obj.GetAnnotations()
	if annotations == nil {
		annotations = make(map[string]string, 1)
	}
	annotations[AnnotationRevision] = revision
	obj.SetAnnotations(annotations)
}
