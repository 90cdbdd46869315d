package syncer

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Ignore names fields of objects whose values in the cluster are nobody's concern.
type Ignore struct {
	// Group of the objects' kind; `*` for any.
	Group string
	// Kind of the objects; `*` for any.
	Kind string
	// Name of the object; empty for any.
	Name string
	// Namespace of the objects; empty for any.
	Namespace string
	// Pointers to the fields (RFC 6901).
	Pointers []string
	// Expressions are paths to the fields, in the part of jq's language that is a path.
	Expressions []string
	// Managers are field managers; the fields that they own are ignored.
	Managers []string
}

// Ignores are Ignores that were read. The zero value ignores nothing.
type Ignores struct {
	rules []ignoreRule
}

type ignoreRule struct {
	Ignore

	paths []fieldPath
}

// CompileIgnores reads the paths in a list of Ignores. The error is terminal, and names the entry as its owner wrote it:
// `spec.ignoreDifferences[0].jsonPointers[2]`.
func CompileIgnores(list []Ignore) (Ignores, error) {
	compiled := Ignores{rules: make([]ignoreRule, 0, len(list))}
	var problems []string
	for i, entry := range list {
		rule := ignoreRule{Ignore: entry}
		for j, pointer := range entry.Pointers {
			path, err := parsePointer(pointer)
			if err != nil {
				problems = append(problems, fmt.Sprintf("spec.ignoreDifferences[%d].jsonPointers[%d]: %v", i, j, err))
			}
			rule.paths = append(rule.paths, path)
		}
		for j, text := range entry.Expressions {
			path, err := parseExpression(text)
			if err != nil {
				problems = append(problems, fmt.Sprintf("spec.ignoreDifferences[%d].jqPathExpressions[%d]: %v", i, j, err))
			}
			rule.paths = append(rule.paths, path)
		}
		compiled.rules = append(compiled.rules, rule)
	}
	if len(problems) > 0 {
		return Ignores{}, &RefusedError{Problems: problems}
	}
	return compiled, nil
}

// of are the fields of an object that are ignored, and the managers whose fields are.
func (g Ignores) of(id ID) (paths []fieldPath, managers []string) {
	for _, rule := range g.rules {
		if rule.matches(id) {
			paths = append(paths, rule.paths...)
			managers = append(managers, rule.Managers...)
		}
	}
	return paths, managers
}

func (r Ignore) matches(id ID) bool {
	return (r.Group == "*" || r.Group == id.Group) && (r.Kind == "*" || r.Kind == id.Kind) &&
		(r.Name == "" || r.Name == id.Name) && (r.Namespace == "" || r.Namespace == id.Namespace)
}

// ignoring is obj without the fields that paths lead to. obj isn't changed.
func ignoring(obj *unstructured.Unstructured, paths []fieldPath) *unstructured.Unstructured {
	content := any(obj.Object)
	for _, path := range paths {
		content, _ = path.without(content)
	}
	fields, ok := content.(map[string]any)
	if !ok {
		return obj
	}
	return &unstructured.Unstructured{Object: fields}
}

// respecting is desired with live's values in the fields that paths lead to. desired isn't changed.
func respecting(desired, live *unstructured.Unstructured, paths []fieldPath) *unstructured.Unstructured {
	content := found{value: desired.Object, exists: true}
	for _, path := range paths {
		content = path.carry(content, found{value: live.Object, exists: true})
	}
	fields, ok := content.value.(map[string]any)
	if !ok {
		return desired
	}
	return &unstructured.Unstructured{Object: fields}
}

// managedBy are the fields of live that one of the managers owns. live must bring its managedFields.
func managedBy(live *unstructured.Unstructured, managers []string) ([]fieldPath, error) {
	var paths []fieldPath
	for _, entry := range live.GetManagedFields() {
		if !slices.Contains(managers, entry.Manager) || entry.FieldsV1 == nil {
			continue
		}
		owned, err := ownedFields(entry.FieldsV1)
		if err != nil {
			return nil, fmt.Errorf("read the fields that %s owns: %w", entry.Manager, err)
		}
		paths = append(paths, owned...)
	}
	return paths, nil
}
