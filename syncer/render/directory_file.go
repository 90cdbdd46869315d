package render

import (
	"bytes"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// readObjects reads the objects of a file of manifests. Lists are flattened. A file of something else has none.
func readObjects(file string, data []byte) ([]*unstructured.Unstructured, error) {
	documents, err := readDocuments(file, data)
	if err != nil {
		if !mentionsManifest(data) {
			return nil, nil // a file of something else, which isn't ours to judge
		}
		return nil, err
	}
	if !slices.ContainsFunc(documents, document.isManifest) {
		return nil, nil
	}
	var objects []*unstructured.Unstructured
	for _, document := range documents {
		place := fmt.Sprintf("%s:%d", file, document.line)
		fields, ok := document.value.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s is no object: each document must have apiVersion, kind and metadata.name", place)
		}
		read, err := flatten([]manifest{{file: place, fields: fields}})
		if err != nil {
			return nil, err
		}
		for _, object := range read {
			if err := complete(place, object); err != nil {
				return nil, err
			}
		}
		objects = append(objects, read...)
	}
	return objects, nil
}

// marks are the fields that every object has.
//
//nolint:gochecknoglobals // a table; nothing changes it
var marks = []string{"apiVersion", "kind", "metadata"}

// enoughMarks are those that tell a manifest from something else: one may be misspelt, and a values file may have a field
// that is called kind.
const enoughMarks = 2

// isManifest says whether a document, or an item of one that is a list, has the marks of an object.
func (d document) isManifest() bool {
	if items, ok := d.value.([]any); ok {
		return slices.ContainsFunc(items, func(item any) bool { return document{value: item}.isManifest() })
	}
	fields, _ := d.value.(map[string]any)
	found := 0
	for _, mark := range marks {
		if _, has := fields[mark]; has {
			found++
		}
	}
	return found >= enoughMarks
}

// mentionsManifest says the same of a file that can't be read as YAML.
func mentionsManifest(data []byte) bool {
	found := 0
	for _, mark := range marks {
		if bytes.Contains(data, []byte(mark)) {
			found++
		}
	}
	return found >= enoughMarks
}

// complete refuses an object that no API server would take.
func complete(place string, object *unstructured.Unstructured) error {
	var missing string
	metadata, isMap := object.Object["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	generated, _ := metadata["generateName"].(string)
	switch version, _ := object.Object["apiVersion"].(string); {
	case version == "":
		missing = "apiVersion"
	case !isMap:
		missing = "metadata"
	case name == "" && generated == "":
		missing = "metadata.name"
	default:
		return nil
	}
	return fmt.Errorf("%s: the %s has no %s: add it, leave the file out by source.directory.exclude, or mark it by a comment `%s`",
		place, object.GetKind(), missing, skipMarks[0])
}
