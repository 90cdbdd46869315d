package shipped

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"sigs.k8s.io/yaml"
)

//go:embed crd/*.yaml
var definitions embed.FS

// Schema is the part of an OpenAPI schema that decides what may be written.
type Schema map[string]any

// Kind is one of Fairlead's kinds, as this program reads and writes it.
type Kind struct {
	// Definition is the name of the CustomResourceDefinition: imagepolicies.fairlead.dev.
	Definition string
	// Group, Version, Kind and Plural name it in the API.
	Group, Version, Kind, Plural string
	// Schema of its objects.
	Schema Schema
}

// ImagePolicies is the CustomResourceDefinition of ImagePolicies.
func ImagePolicies() ([]byte, error) {
	data, err := definitions.ReadFile("crd/fairlead.dev_imagepolicies.yaml")
	if err != nil {
		return nil, fmt.Errorf("read the kinds that this program was built with: %w", err)
	}
	return data, nil
}

// Kinds are all of Fairlead's kinds, by the name of their definition.
func Kinds() ([]Kind, error) {
	files, err := fs.Glob(definitions, "crd/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the kinds that this program was built with: %w", err)
	}
	kinds := make([]Kind, 0, len(files))
	for _, file := range files {
		data, err := definitions.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the kinds that this program was built with: %w", err)
		}
		kind, err := parse(data)
		if err != nil {
			return nil, fmt.Errorf("%s, which this program was built with: %w", file, err)
		}
		kinds = append(kinds, kind)
	}
	return kinds, nil
}

func parse(data []byte) (Kind, error) {
	var definition struct {
		Metadata struct{ Name string }
		Spec     struct {
			Group    string
			Names    struct{ Kind, Plural string }
			Versions []struct {
				Name   string
				Schema struct{ OpenAPIV3Schema Schema }
			}
		}
	}
	if err := yaml.Unmarshal(data, &definition); err != nil {
		return Kind{}, err
	}
	spec := definition.Spec
	if len(spec.Versions) != 1 {
		return Kind{}, fmt.Errorf("it has %d versions, and one is known how to read", len(spec.Versions))
	}
	version := spec.Versions[0]
	return Kind{
		Definition: definition.Metadata.Name, Group: spec.Group, Version: version.Name, Kind: spec.Names.Kind, Plural: spec.Names.Plural,
		Schema: version.Schema.OpenAPIV3Schema,
	}, nil
}

// Difference is how a cluster's schema of a kind differs from the one that this program knows. Each entry is a field, like
// spec.targets[].file, in alphabetical order.
type Difference struct {
	// Missing are fields that the cluster doesn't know: what is written there is lost.
	Missing []string
	// Unknown are fields that this program doesn't know: it pays no heed to them.
	Unknown []string
	// Changed are fields whose type, default or validation is another one.
	Changed []string
}

// None says that there is no difference.
func (d Difference) None() bool { return len(d.Missing)+len(d.Unknown)+len(d.Changed) == 0 }

// Compare compares the kind with what a cluster serves in its place, as its OpenAPI v3 document or its CustomResourceDefinition
// has it. Descriptions play no part.
func (k Kind) Compare(served Schema) Difference {
	known, found := map[string]string{}, map[string]string{}
	k.Schema.fields("", known)
	served.fields("", found)
	var difference Difference
	for _, field := range slices.Sorted(maps.Keys(known)) {
		switch rules, ok := found[field]; {
		case !ok:
			difference.Missing = append(difference.Missing, field)
		case rules != known[field]:
			difference.Changed = append(difference.Changed, field)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(found)) {
		if _, ok := known[field]; !ok {
			difference.Unknown = append(difference.Unknown, field)
		}
	}
	return difference
}

// decisive are the keywords that decide what may be written. The rest is for people, or says how it is stored.
var decisive = []string{ //nolint:gochecknoglobals // a constant in all but the language
	"type", "format", "enum", "pattern", "default", "required", "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum",
	"x-kubernetes-validations", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-int-or-string",
}

// fields puts what decides on each field below a path into a map.
func (s Schema) fields(path string, into map[string]string) {
	if path != "" {
		into[path] = s.rules()
	}
	if items, ok := s["items"].(map[string]any); ok {
		Schema(items).fields(path+"[]", into)
	}
	if values, ok := s["additionalProperties"].(map[string]any); ok {
		Schema(values).fields(path+"{}", into)
	}
	properties, ok := s["properties"].(map[string]any)
	if !ok {
		return
	}
	for name, below := range properties {
		schema, ok := below.(map[string]any)
		if ok && (path != "" || name == "spec" || name == "status") { // The rest is the same for all kinds.
			Schema(schema).fields(join(path, name), into)
		}
	}
}

// rules are the decisive keywords in one text.
func (s Schema) rules() string {
	chosen := Schema{}
	for _, keyword := range decisive {
		if value, ok := s[keyword]; ok {
			chosen[keyword] = value
		}
	}
	text, err := json.Marshal(chosen) // Keys are sorted.
	if err != nil {
		return err.Error() // What was read as YAML or JSON can be written.
	}
	return string(text)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
