package syncer

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Scope is where an Application may put objects.
type Scope struct {
	// Namespace is given to objects that name none.
	Namespace string
	// NamespaceOnly refuses cluster-scoped kinds and objects of any other namespace.
	NamespaceOnly bool
}

// Prepare makes rendered objects ready to be applied: namespaces are filled in (and taken from cluster-scoped kinds), the
// labels of the owner are put on, fields that only the API server may write are dropped, hooks that don't belong to a
// rollout (see isRollout) are left out. The result is in the order of applying. The objects given aren't changed.
//
// Objects that can't be applied as they are, are all named in one *RefusedError: without apiVersion, kind or name, of a
// kind that neither the API server nor a CustomResourceDefinition among them knows (unless SkipDryRunOnMissingResource lets it
// pass), declared twice, out of scope, with sync options that there aren't, or a hook of installation or upgrade. Any other
// error is the mapper's, and passing.
func Prepare(objs []*unstructured.Unstructured, owner Owner, scope Scope, options Options, mapper meta.RESTMapper) ([]*unstructured.Unstructured, error) {
	known := kindsWith(mapper, objs)
	preparation := preparation{owner: owner, scope: scope, options: options, kinds: known, seen: map[ID]place{}}
	for i, obj := range objs {
		if !isRollout(obj) {
			continue
		}
		if err := preparation.add(i+1, obj); err != nil {
			return nil, err
		}
	}
	if len(preparation.problems) > 0 {
		return nil, &RefusedError{Problems: preparation.problems, Passing: preparation.passing == len(preparation.problems)}
	}
	slices.SortStableFunc(preparation.ready, func(a, b *unstructured.Unstructured) int { return compareIDs(IDOf(a), IDOf(b)) })
	return preparation.ready, nil
}

// preparation is one call of Prepare.
type preparation struct {
	owner   Owner
	scope   Scope
	options Options
	kinds   kinds

	ready    []*unstructured.Unstructured
	seen     map[ID]place
	problems []string
	passing  int
}

// place is where an object stands in what was rendered.
type place struct {
	number     int
	apiVersion string
}

// add prepares one object, or notes why it can't be.
func (p *preparation) add(number int, rendered *unstructured.Unstructured) error {
	if problem := incomplete(number, rendered); problem != "" {
		p.refuse(problem)
		return nil
	}
	if problem := unrunnable(rendered); problem != "" {
		p.refuse(problem)
		return nil
	}
	options, err := p.options.Of(rendered)
	if err != nil {
		p.refuse(fmt.Sprintf("%s: %v", IDOf(rendered), err))
		return nil
	}
	kind, err := p.resolve(rendered, options)
	if err != nil || kind == nil {
		return err
	}
	obj := rendered.DeepCopy()
	strip(obj)
	if problem := p.scope.place(obj, kind.namespaced); problem != "" {
		p.refuse(problem)
		return nil
	}
	id := IDOf(obj)
	if before, twice := p.seen[id.Unversioned()]; twice {
		p.refuse(fmt.Sprintf("%s is declared twice: object %d (%s) and object %d (%s) of what was rendered: remove one",
			id, before.number, before.apiVersion, number, obj.GetAPIVersion()))
		return nil
	}
	p.seen[id.Unversioned()] = place{number: number, apiVersion: obj.GetAPIVersion()}
	p.owner.mark(obj)
	p.ready = append(p.ready, obj)
	return nil
}

// resolve finds the kind of an object; nil if it is refused for its kind. One that isn't known yet and may pass counts as
// namespaced, until it is known.
func (p *preparation) resolve(rendered *unstructured.Unstructured, options Options) (*kind, error) {
	gvk := rendered.GroupVersionKind()
	found, err := p.kinds.resolve(gvk)
	switch {
	case err == nil:
		return &found, nil
	case !meta.IsNoMatchError(err):
		return nil, err
	case options.SkipDryRunOnMissingResource:
		return &kind{namespaced: true}, nil
	}
	p.passing++
	p.refuse(fmt.Sprintf("%s: the cluster has no kind %s in %s: is its CustomResourceDefinition missing?",
		IDOf(rendered), gvk.Kind, rendered.GetAPIVersion()))
	return nil, nil //nolint:nilnil // refused
}

func (p *preparation) refuse(problem string) { p.problems = append(p.problems, problem) }

// incomplete says what an object lacks to be named.
func incomplete(number int, obj *unstructured.Unstructured) string {
	switch {
	case obj.GetAPIVersion() == "":
		return fmt.Sprintf("object %d of what was rendered (kind %q, name %q) has no apiVersion", number, obj.GetKind(), obj.GetName())
	case obj.GetKind() == "":
		return fmt.Sprintf("object %d of what was rendered (apiVersion %q, name %q) has no kind", number, obj.GetAPIVersion(), obj.GetName())
	case obj.GetName() == "" && obj.GetGenerateName() != "":
		return fmt.Sprintf("%s %s*: metadata.generateName would make a new object at each sync: give it a metadata.name",
			obj.GetKind(), obj.GetGenerateName())
	case obj.GetName() == "":
		return fmt.Sprintf("object %d of what was rendered (%s %s) has no metadata.name", number, obj.GetAPIVersion(), obj.GetKind())
	}
	return ""
}

// place puts obj where its kind belongs, or says why it may not be there.
func (s Scope) place(obj *unstructured.Unstructured, namespaced bool) string {
	if !namespaced {
		unstructured.RemoveNestedField(obj.Object, "metadata", "namespace")
		if s.NamespaceOnly {
			return fmt.Sprintf("%s is cluster-scoped: an Application outside of Fairlead's own namespace may deploy to its namespace %s only",
				IDOf(obj), s.Namespace)
		}
		return ""
	}
	if obj.GetNamespace() == "" {
		obj.SetNamespace(s.Namespace)
	}
	if s.NamespaceOnly && obj.GetNamespace() != s.Namespace {
		return fmt.Sprintf("%s is in another namespace: an Application outside of Fairlead's own namespace may deploy to its namespace %s only",
			IDOf(obj), s.Namespace)
	}
	return ""
}

// strip drops what only the API server writes, as it stands in manifests that were read from a cluster. Applied, it would
// conflict with the object that is there. The revision is ours to write.
func strip(obj *unstructured.Unstructured) {
	unstructured.RemoveNestedField(obj.Object, "metadata", "annotations", AnnotationRevision)
	for _, field := range []string{"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"} {
		unstructured.RemoveNestedField(obj.Object, "metadata", field)
	}
}

// hookAnnotation marks Helm's hooks and says when they run.
const hookAnnotation = "helm.sh/hook"

// isRollout says whether an object belongs to a rollout. Helm's hooks for tests, deletion and rollback don't: nothing of the
// kind happens in a sync.
func isRollout(obj *unstructured.Unstructured) bool {
	when, hook := obj.GetAnnotations()[hookAnnotation]
	if !hook {
		return true
	}
	for event := range strings.SplitSeq(when, ",") {
		switch strings.ToLower(strings.TrimSpace(event)) {
		case "test", "test-success", "pre-delete", "post-delete", "pre-rollback", "post-rollback":
		default:
			return true
		}
	}
	return false
}

// unrunnable refuses a hook of a rollout. Applied like an object it would run at the wrong time, once for all or again and
// again; left out it wouldn't run at all.
func unrunnable(obj *unstructured.Unstructured) string {
	when, hook := obj.GetAnnotations()[hookAnnotation]
	if !hook {
		return ""
	}
	return fmt.Sprintf("%s is a Helm hook (%s), and hooks can't be run yet: remove its annotation %s to have it applied like any other object",
		IDOf(obj), when, hookAnnotation)
}
