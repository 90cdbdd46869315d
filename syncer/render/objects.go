package render

import (
	"fmt"
	"slices"
	"strings"

	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// documents splits a YAML stream as Helm does.
func documents(stream string) []string {
	split := releaseutil.SplitManifests(stream)
	keys := make([]string, 0, len(split))
	for key := range split {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		switch less := releaseutil.BySplitManifestsOrder([]string{a, b}); {
		case less.Less(0, 1):
			return -1
		case less.Less(1, 0):
			return 1
		}
		return 0
	})
	ordered := make([]string, len(keys))
	for i, key := range keys {
		ordered[i] = split[key]
	}
	return ordered
}

// objectsOf reads manifests. Empty documents are skipped, lists are flattened.
func objectsOf(manifests []manifest) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for _, made := range manifests {
		data, err := yaml.YAMLToJSON([]byte(made.content))
		if err != nil {
			return nil, fmt.Errorf("YAML parse error on %s: %w", made.file, err)
		}
		var document any
		if err := json.Unmarshal(data, &document); err != nil { // whole numbers stay whole
			return nil, fmt.Errorf("JSON parse error on %s: %w", made.file, err)
		}
		if objects, err = appendObjects(objects, document, made.file); err != nil {
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
		return nil, fmt.Errorf("%s makes a document that is no object: each must have apiVersion and kind", file)
	}
	object := &unstructured.Unstructured{Object: fields}
	kind, isKind := fields["kind"].(string)
	if !isKind || kind == "" {
		return nil, fmt.Errorf("%s makes an object without a kind (apiVersion %q, name %q)", file, object.GetAPIVersion(), object.GetName())
	}
	items, isList := fields["items"].([]any)
	if !isList || !strings.HasSuffix(kind, "List") {
		if len(objects) >= maxObjects {
			return nil, fmt.Errorf("the chart makes more than %d objects", maxObjects)
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
