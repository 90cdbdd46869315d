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
	// NamespaceOnly refuses cluster-scoped kinds, objects of any other namespace, and owner references: by them an object would
	// hold up the deletion of others, also of cluster-scoped ones.
	NamespaceOnly bool
}

// Prepare makes rendered objects ready to be applied: namespaces are filled in (and taken from cluster-scoped kinds), the
// labels of the owner are put on, fields that only the API server may write are dropped. Hooks are left out, see PrepareHooks.
// The result is in the order of applying, within one wave. The objects given aren't changed.
//
// Objects that can't be applied as they are, are all named in one *RefusedError: without apiVersion, kind or name, of a
// kind that neither the API server nor a CustomResourceDefinition among them knows (unless SkipDryRunOnMissingResource lets it
// pass), declared twice, out of scope, or with annotations about syncing that can't be understood. Any other error is the
// mapper's, and passing.
func Prepare(objs []*unstructured.Unstructured, owner Owner, scope Scope, options Options, mapper meta.RESTMapper) ([]*unstructured.Unstructured, error) {
	return prepare(objs, preparation{owner: owner, scope: scope, options: options, kinds: kindsWith(mapper, objs), seen: map[ID]place{}})
}

// prepare prepares the hooks or the other objects.
func prepare(objs []*unstructured.Unstructured, p preparation) ([]*unstructured.Unstructured, error) {
	for i, obj := range objs {
		if MetaOf(obj).IsHook() != p.hooks {
			continue
		}
		if err := p.add(i+1, obj); err != nil {
			return nil, err
		}
	}
	if len(p.problems) > 0 {
		return nil, &RefusedError{Problems: p.problems, Passing: p.passing == len(p.problems)}
	}
	slices.SortStableFunc(p.ready, func(a, b *unstructured.Unstructured) int { return compareIDs(IDOf(a), IDOf(b)) })
	return p.ready, nil
}

// preparation is one call of Prepare.
type preparation struct {
	owner   Owner
	scope   Scope
	options Options
	kinds   kinds
	// hooks is true if hooks are prepared, rather than the other objects.
	hooks bool

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
	if problem := incomplete(number, rendered, p.hooks); problem != "" {
		p.refuse(problem)
		return nil
	}
	if problems := MetaOf(rendered).Problems; len(problems) > 0 {
		p.refuse(fmt.Sprintf("%s: %s", IDOf(rendered), strings.Join(problems, "; ")))
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
	if before, twice := p.seen[id.Unversioned()]; twice && id.Name != "" {
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

// incomplete says what an object lacks to be named. A hook may leave its name to each of its runs.
func incomplete(number int, obj *unstructured.Unstructured, hook bool) string {
	switch {
	case obj.GetAPIVersion() == "":
		return fmt.Sprintf("object %d of what was rendered (kind %q, name %q) has no apiVersion", number, obj.GetKind(), obj.GetName())
	case obj.GetKind() == "":
		return fmt.Sprintf("object %d of what was rendered (apiVersion %q, name %q) has no kind", number, obj.GetAPIVersion(), obj.GetName())
	case obj.GetName() == "" && obj.GetGenerateName() != "" && hook:
		return ""
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
	if s.NamespaceOnly && len(obj.GetOwnerReferences()) > 0 {
		return fmt.Sprintf("%s has metadata.ownerReferences: an Application outside of Fairlead's own namespace may not make an object "+
			"the child of another: leave them out", IDOf(obj))
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
