package syncer

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// hookAnnotation marks an object that Helm runs rather than installs.
const hookAnnotation = "helm.sh/hook"

// Scope bounds the objects of an Application.
type Scope struct {
	// Namespace of the objects that name none.
	Namespace string
	// NamespaceOnly: nothing outside of Namespace, and nothing that is cluster-scoped.
	NamespaceOnly bool
}

// Prepare makes of rendered objects what is applied: copies in the order of applying, with a namespace where the kind has
// one, and with the labels of the owner. Helm's tests are left out. The mapper says which kinds have a namespace; kinds
// that a CustomResourceDefinition among the objects brings are known from it.
//
// The errors name each object that can't be applied: without kind or name, of a kind that the API server doesn't know,
// out of scope, rendered twice, or a hook.
func Prepare(rendered []*unstructured.Unstructured, owner Owner, scope Scope, mapper meta.RESTMapper) ([]*unstructured.Unstructured, error) {
	p := preparation{owner: owner, scope: scope, mapper: mapper, brought: kindsOf(rendered), seen: map[ID]bool{}}
	var desired []*unstructured.Unstructured
	var failures []error
	for _, obj := range rendered {
		if isTest(obj) {
			continue
		}
		obj = obj.DeepCopy()
		if err := p.prepare(obj); err != nil {
			failures = append(failures, err)
			continue
		}
		desired = append(desired, obj)
	}
	slices.SortStableFunc(desired, func(a, b *unstructured.Unstructured) int { return compareOrder(IDOf(a), IDOf(b)) })
	return desired, Join(failures)
}

// preparation is what the objects of one Application share.
type preparation struct {
	owner   Owner
	scope   Scope
	mapper  meta.RESTMapper
	brought map[schema.GroupKind]bool
	seen    map[ID]bool
}

func (p *preparation) prepare(obj *unstructured.Unstructured) error {
	refuse := func(format string, args ...any) error {
		return &ObjectError{Object: IDOf(obj).String(), Problem: fmt.Sprintf(format, args...), Final: true}
	}
	switch hook := obj.GetAnnotations()[hookAnnotation]; {
	case obj.GetKind() == "" || obj.GetAPIVersion() == "":
		return refuse("has no apiVersion or no kind")
	case obj.GetName() == "":
		return refuse("has no metadata.name: an object that is kept rolled out needs a name of its own, generateName can't give it")
	case hook != "":
		return refuse("is a Helm hook (%s), and hooks can't be run yet: remove the annotation %s to have it applied like any other object", hook, hookAnnotation)
	}
	namespaced, err := p.namespaced(obj)
	if err != nil {
		return err
	}
	if err := p.place(obj, namespaced); err != nil {
		return err
	}
	id := IDOf(obj).sameObject()
	if p.seen[id] {
		return refuse("is rendered twice: give one of them another name")
	}
	p.seen[id] = true
	p.label(obj)
	return nil
}

// namespaced says whether objects of this kind live in a namespace.
func (p *preparation) namespaced(obj *unstructured.Unstructured) (bool, error) {
	kind := obj.GroupVersionKind()
	mapping, err := p.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err == nil {
		return mapping.Scope.Name() == meta.RESTScopeNameNamespace, nil
	}
	if namespaced, ok := p.brought[kind.GroupKind()]; ok {
		return namespaced, nil
	}
	problem := fmt.Sprintf("find the kind %s: %v", kind.GroupKind(), err)
	if meta.IsNoMatchError(err) {
		problem = fmt.Sprintf("the API server knows no kind %s in %s: install its CustomResourceDefinition first", kind.Kind, kind.GroupVersion())
	}
	return false, &ObjectError{Object: IDOf(obj).String(), Problem: problem, Err: err}
}

// place gives the object its namespace and keeps it in scope.
func (p *preparation) place(obj *unstructured.Unstructured, namespaced bool) error {
	outside := func(format string, args ...any) error {
		return &ObjectError{Object: IDOf(obj).String(), Final: true, Problem: fmt.Sprintf(format, args...) +
			fmt.Sprintf(": an Application in namespace %s deploys to that namespace only", p.scope.Namespace)}
	}
	switch {
	case !namespaced && p.scope.NamespaceOnly:
		return outside("its kind belongs to no namespace")
	case !namespaced:
		obj.SetNamespace("")
	case obj.GetNamespace() == "":
		obj.SetNamespace(p.scope.Namespace)
	case p.scope.NamespaceOnly && obj.GetNamespace() != p.scope.Namespace:
		return outside("it names namespace %s", obj.GetNamespace())
	}
	return nil
}

func (p *preparation) label(obj *unstructured.Unstructured) {
	labels := obj.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[LabelApplication], labels[LabelApplicationNamespace] = p.owner.Name, p.owner.Namespace
	obj.SetLabels(labels)
}

// kindsOf are the kinds that CustomResourceDefinitions among the objects bring, and whether they have a namespace.
func kindsOf(objs []*unstructured.Unstructured) map[schema.GroupKind]bool {
	kinds := map[schema.GroupKind]bool{}
	for _, obj := range objs {
		if !isCRD(obj) {
			continue
		}
		group, _, _ := unstructured.NestedString(obj.Object, "spec", "group")
		kind, _, _ := unstructured.NestedString(obj.Object, "spec", "names", "kind")
		scope, _, _ := unstructured.NestedString(obj.Object, "spec", "scope")
		kinds[schema.GroupKind{Group: group, Kind: kind}] = scope == "Namespaced"
	}
	return kinds
}

func isCRD(obj *unstructured.Unstructured) bool {
	return obj.GroupVersionKind().GroupKind() == schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}
}

// isTest says whether an object is one that `helm test` runs, and nothing else does.
func isTest(obj *unstructured.Unstructured) bool {
	annotation := obj.GetAnnotations()[hookAnnotation]
	hooks := strings.Split(annotation, ",")
	return annotation != "" && !slices.ContainsFunc(hooks, func(hook string) bool { return !strings.HasPrefix(strings.TrimSpace(hook), "test") })
}

// Leftover is what the inventory holds and the desired objects don't: what an earlier revision applied and this one
// leaves out, in the order of pruning.
func Leftover(inventory []ID, desired []*unstructured.Unstructured) []ID {
	wanted := make(map[ID]bool, len(desired))
	for _, obj := range desired {
		wanted[IDOf(obj).sameObject()] = true
	}
	var leftover []ID
	for _, id := range inventory {
		if !wanted[id.sameObject()] {
			leftover = append(leftover, id)
		}
	}
	slices.SortStableFunc(leftover, func(a, b ID) int { return compareOrder(b, a) })
	return leftover
}
