package render

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// flatten makes objects of manifests, and of the items of those that are lists.
func flatten(manifests []manifest) ([]*unstructured.Unstructured, error) {
	objects := make([]*unstructured.Unstructured, 0, len(manifests))
	var err error
	for _, document := range manifests {
		if document.fields == nil {
			continue
		}
		if objects, err = appendObjects(objects, document.fields, document.file); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

// appendObjects appends a document, or the items of a list, which may be lists themselves.
func appendObjects(objects []*unstructured.Unstructured, document any, file string) ([]*unstructured.Unstructured, error) {
	if document == nil {
		return objects, nil
	}
	fields, ok := document.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s makes a list with an item that is no object: each must have apiVersion and kind", file)
	}
	object := &unstructured.Unstructured{Object: fields}
	kind, isKind := fields["kind"].(string)
	if !isKind || kind == "" {
		return nil, fmt.Errorf("%s makes an object without a kind (apiVersion %q, name %q)", file, object.GetAPIVersion(), object.GetName())
	}
	items, isList := fields["items"].([]any)
	if !isList || !strings.HasSuffix(kind, "List") {
		if len(objects) >= maxObjects {
			return nil, fmt.Errorf("it makes more than %d objects", maxObjects)
		}
		return append(objects, object), nil
	}
	var err error
	for _, item := range items {
		inherit(item, kind, fields["apiVersion"])
		if objects, err = appendObjects(objects, item, file); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

// inherit gives an item of a typed list, such as a RoleList, the kind that the list implies.
func inherit(item any, list string, version any) {
	fields, ok := item.(map[string]any)
	if !ok || list == "List" {
		return
	}
	if _, has := fields["kind"]; !has {
		fields["kind"] = strings.TrimSuffix(list, "List")
	}
	if _, has := fields["apiVersion"]; !has {
		fields["apiVersion"] = version
	}
}
