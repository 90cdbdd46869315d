package explain

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/cmd/fairlead/shipped"
)

// schema is a structural schema: the keywords that the definition uses, and no others.
type schema struct {
	Type        string             `json:"type"`
	Description string             `json:"description"`
	Format      string             `json:"format"`
	Properties  map[string]*schema `json:"properties"`
	Items       *schema            `json:"items"`
	Required    []string           `json:"required"`
	Default     any                `json:"default"`
	Enum        []string           `json:"enum"`
	Pattern     string             `json:"pattern"`
	MinLength   *int               `json:"minLength"`
	MaxLength   *int               `json:"maxLength"`
	MinItems    *int               `json:"minItems"`
	MaxItems    *int               `json:"maxItems"`
	ListType    string             `json:"x-kubernetes-list-type"`
	ListMapKeys []string           `json:"x-kubernetes-list-map-keys"`
	Rules       []written          `json:"x-kubernetes-validations"`
}

// written is a rule in the language of the API server, and what it says of a value that breaks it.
type written struct {
	Rule    string `json:"rule"`
	Message string `json:"message"`
}

// violation is one thing that the API server would refuse.
type violation struct {
	// path of the field: `spec.targets[0].file`.
	path string
	// problem completes a sentence that begins with the path.
	problem string
	// shape: the value is of another type, so that nothing can be made of it.
	shape bool
	// rule that the value breaks, in the language of the API server; empty if it breaks a plainer bound.
	rule string
}

// String is the violation as a message.
func (v violation) String() string { return v.path + ": " + v.problem }

// specSchema reads the schema of the spec.
func specSchema() (*schema, error) {
	var crd struct {
		Spec struct {
			Versions []struct {
				Schema struct {
					OpenAPI schema `json:"openAPIV3Schema"`
				} `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	definition, err := shipped.ImagePolicies()
	if err != nil {
		return nil, err
	}
	if err := yaml.Unmarshal(definition, &crd); err != nil {
		return nil, fmt.Errorf("read the schema of ImagePolicy: %w", err)
	}
	if len(crd.Spec.Versions) != 1 || crd.Spec.Versions[0].Schema.OpenAPI.Properties["spec"] == nil {
		return nil, fmt.Errorf("read the schema of ImagePolicy: it has %d versions and no spec", len(crd.Spec.Versions))
	}
	return crd.Spec.Versions[0].Schema.OpenAPI.Properties["spec"], nil
}

// complete does to a value what the API server does before it validates: a null counts as absent, and what is absent gets
// its default.
func (s *schema) complete(value any) {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			field := s.Properties[name]
			if value[name] == nil {
				delete(value, name)
				if field.Default != nil {
					value[name] = clone(field.Default)
				}
			}
			if below, ok := value[name]; ok {
				field.complete(below)
			}
		}
	case []any:
		for _, item := range value {
			if s.Items != nil {
				s.Items.complete(item)
			}
		}
	}
}

// clone keeps a default apart from the object that gets it.
func clone(value any) any {
	switch value := value.(type) {
	case map[string]any:
		made := make(map[string]any, len(value))
		for name, field := range value {
			made[name] = clone(field)
		}
		return made
	case []any:
		made := make([]any, len(value))
		for i := range value {
			made[i] = clone(value[i])
		}
		return made
	default:
		return value
	}
}

// check collects what is wrong with a completed value. Rules are asked only of a value of which something can be made.
func (s *schema) check(path string, value any) []violation {
	found := s.checkType(path, value)
	if len(found) > 0 {
		return found
	}
	switch value := value.(type) {
	case map[string]any:
		for _, name := range s.Required {
			if _, ok := value[name]; !ok {
				found = append(found, violation{path: path + "." + name, problem: "is required"})
			}
		}
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if field := s.Properties[name]; field != nil {
				found = append(found, field.check(path+"."+name, value[name])...)
			}
		}
	case []any:
		found = s.checkList(path, value)
	case string:
		found = s.checkText(path, value)
	}
	_, object := value.(map[string]any)
	if len(found) > 0 && !object || slices.ContainsFunc(found, func(v violation) bool { return v.shape }) {
		return found
	}
	for _, rule := range s.Rules {
		if holds := rules[rule.Message]; holds != nil && !holds(value) {
			found = append(found, violation{path: path, problem: rule.Message, rule: rule.Rule})
		}
	}
	return found
}

// checkType refuses a value of another type than the schema's.
func (s *schema) checkType(path string, value any) []violation {
	got := "null"
	switch value := value.(type) {
	case map[string]any:
		got = "object"
	case []any:
		got = "array"
	case string:
		got = "string"
	case bool:
		got = "boolean"
	case json.Number:
		got = "number"
		if _, err := strconv.ParseInt(value.String(), 10, 64); err == nil {
			got = "integer"
		}
	}
	switch {
	case got == s.Type:
		return nil
	case s.Type == "string" && (got == "number" || got == "integer" || got == "boolean"):
		return []violation{{path: path, shape: true, problem: fmt.Sprintf("is %v, which YAML reads as %s %s: put it in quotes", value, article(got), got)}}
	default:
		return []violation{{path: path, shape: true, problem: fmt.Sprintf("is %s %s: it must be %s %s", article(got), got, article(s.Type), s.Type)}}
	}
}

func article(noun string) string {
	if strings.ContainsAny(noun[:1], "aio") {
		return "an"
	}
	return "a"
}

func (s *schema) checkList(path string, list []any) (found []violation) {
	if s.MinItems != nil && len(list) < *s.MinItems {
		found = append(found, violation{path: path, problem: fmt.Sprintf("has %d items: it must have at least %d", len(list), *s.MinItems)})
	}
	if s.MaxItems != nil && len(list) > *s.MaxItems {
		return append(found, violation{path: path, problem: fmt.Sprintf("has %d items: it may have at most %d", len(list), *s.MaxItems)})
	}
	seen := map[string]int{}
	for i, item := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		found = append(found, s.Items.check(at, item)...)
		if text, ok := item.(string); ok && s.ListType == "set" {
			if seen[text] > 0 {
				found = append(found, violation{path: at, problem: fmt.Sprintf("is %q, as is %s[%d]: keep one of them", text, path, seen[text]-1)})
			}
			seen[text] = i + 1
		}
	}
	return found
}

func (s *schema) checkText(path, text string) (found []violation) {
	length := utf8.RuneCountInString(text)
	switch {
	case s.MinLength != nil && length < *s.MinLength:
		found = append(found, violation{path: path, problem: "is empty: write something, or leave it out"})
	case s.MaxLength != nil && length > *s.MaxLength:
		found = append(found, violation{path: path, problem: fmt.Sprintf("has %d characters: it may have at most %d", length, *s.MaxLength)})
	case len(s.Enum) > 0 && !slices.Contains(s.Enum, text):
		found = append(found, violation{path: path, problem: fmt.Sprintf("is %q: it must be %s", abbreviate(text), strings.Join(s.Enum, " or "))})
	case s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(text):
		found = append(found, violation{path: path, problem: fmt.Sprintf("is %q: it must match %s", abbreviate(text), s.Pattern)})
	}
	return found
}
