package syncer

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// kinds resolves kinds to resources: those that the API server serves, and those whose definition comes in the same sync.
type kinds struct {
	mapper  meta.RESTMapper
	defined map[schema.GroupVersionKind]kind
}

// kind is what is known of a kind.
type kind struct {
	resource   schema.GroupVersionResource
	namespaced bool
	// definition is the name of the CustomResourceDefinition if it comes in the same sync.
	definition string
}

// kindsWith resolves with mapper and with the CustomResourceDefinitions among objs.
func kindsWith(mapper meta.RESTMapper, objs []*unstructured.Unstructured) kinds {
	known := kinds{mapper: mapper, defined: map[schema.GroupVersionKind]kind{}}
	for _, obj := range objs {
		if gvk := obj.GroupVersionKind(); gvk.Group == groupCRD && gvk.Kind == kindCRD {
			known.define(obj)
		}
	}
	return known
}

// define learns the kinds of a CustomResourceDefinition. A malformed one defines nothing: the API server will say why.
func (k kinds) define(crd *unstructured.Unstructured) {
	group, _, _ := unstructured.NestedString(crd.Object, "spec", "group")
	name, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "kind")
	plural, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "plural")
	scope, _, _ := unstructured.NestedString(crd.Object, "spec", "scope")
	versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
	for _, entry := range versions {
		fields, _ := entry.(map[string]any)
		version, _ := fields["name"].(string)
		if served, _ := fields["served"].(bool); !served {
			continue
		}
		k.defined[schema.GroupVersionKind{Group: group, Version: version, Kind: name}] = kind{
			resource:   schema.GroupVersionResource{Group: group, Version: version, Resource: plural},
			namespaced: scope == "Namespaced", definition: crd.GetName(),
		}
	}
}

// resolve finds a kind. The error is a NoMatch (meta.IsNoMatchError) if nobody knows it.
func (k kinds) resolve(gvk schema.GroupVersionKind) (kind, error) {
	mapping, err := k.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	switch {
	case err == nil:
		namespaced := mapping.Scope.Name() == meta.RESTScopeNameNamespace
		return kind{resource: mapping.Resource, namespaced: namespaced, definition: k.defined[gvk].definition}, nil
	case meta.IsNoMatchError(err):
		if defined, ok := k.defined[gvk]; ok {
			return defined, nil
		}
	}
	return kind{}, fmt.Errorf("find the resource of kind %s: %w", gvk, err)
}

// Kinds are the distinct kinds of the desired objects and of the inventory that the API server serves now: those that
// can be watched. A kind whose definition comes with the same sync, and one that has gone, are left out: objects of these
// kinds don't exist. The error is that of the mapper, when it can't tell.
func Kinds(desired []*unstructured.Unstructured, inventory []ID, mapper meta.RESTMapper) ([]schema.GroupVersionKind, error) {
	var served []schema.GroupVersionKind
	asked := map[schema.GroupVersionKind]bool{}
	ids := make([]ID, 0, len(desired)+len(inventory))
	for _, obj := range desired {
		ids = append(ids, IDOf(obj))
	}
	for _, id := range slices.Concat(ids, inventory) {
		gvk := id.GroupVersionKind()
		if asked[gvk] {
			continue
		}
		asked[gvk] = true
		_, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
		switch {
		case err == nil:
			served = append(served, gvk)
		case !meta.IsNoMatchError(err):
			return nil, fmt.Errorf("find the resource of kind %s: %w", gvk, err)
		}
	}
	return served, nil
}
