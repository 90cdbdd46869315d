package v1alpha1_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

const preface = `<!-- Written by make docs from the comments in api/v1alpha1. -->

# API reference

Every field of the three kinds, group ` + "`fairlead.dev`" + `, version ` + "`v1alpha1`" + `. ` + "`kubectl explain`" + ` tells the same. How fields are used, with examples, stands on the
page of each kind: [ImagePolicy](imagepolicy.md), [ConfigRepository](configrepository.md), [Application](application.md).

A duration is written like 30s, 5m or 1h30m. Fields in bold are required. A rule is what the API server refuses a value for.
`

var update = flag.Bool("update", false, "write docs/api.md anew")

// TestReference holds the reference of the fields against the CustomResourceDefinitions; with -update it writes it.
func TestReference(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../config/crd/*.yaml")
	if err != nil || len(files) != 3 {
		t.Fatalf("definitions: %v, %v", files, err)
	}
	var text strings.Builder
	text.WriteString(preface)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(data, crd); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		text.WriteString(kind(crd))
	}
	want := text.String()
	const page = "../../docs/api.md"
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/api.md isn't what the definitions say: run make docs: -want, +got:\n%s", diff)
	}
}

// kind is the section of one kind.
func kind(crd *apiextensionsv1.CustomResourceDefinition) string {
	schema := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	names := crd.Spec.Names
	made := &page{kind: names.Kind}
	fmt.Fprintf(&made.text, "\n## %s\n\n%s\n\n`kubectl get %s`", names.Kind, prose(schema.Description), names.Plural)
	for _, short := range names.ShortNames {
		fmt.Fprintf(&made.text, ", `kubectl get %s`", short)
	}
	made.text.WriteString("\n")
	for _, field := range slices.Sorted(maps.Keys(schema.Properties)) {
		if field == "apiVersion" || field == "kind" || field == "metadata" {
			continue
		}
		made.object(field, schema.Properties[field])
	}
	return made.text.String()
}

// page is the text of one kind.
type page struct {
	kind string
	text strings.Builder
}

// object writes the section of an object, and then those of the objects in it.
func (p *page) object(path string, schema apiextensionsv1.JSONSchemaProps) {
	fmt.Fprintf(&p.text, "\n### %s %s\n", p.kind, path)
	if schema.Description != "" {
		fmt.Fprintf(&p.text, "\n%s\n", prose(schema.Description))
	}
	for _, rule := range schema.XValidations {
		fmt.Fprintf(&p.text, "\nRule: %s.\n", strings.TrimSuffix(rule.Message, "."))
	}
	p.text.WriteString("\n| field | type | meaning |\n|---|---|---|\n")
	type nested struct {
		path   string
		schema apiextensionsv1.JSONSchemaProps
	}
	var below []nested
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		field := schema.Properties[name]
		at, inner := p.inner(path+"."+name, field)
		shown := "`" + name + "`"
		if slices.Contains(schema.Required, name) {
			shown = "**" + shown + "**"
		}
		if inner != nil {
			shown += fmt.Sprintf(", see [%s](#%s)", at, anchor(p.kind+" "+at))
			below = append(below, nested{at, *inner})
		}
		fmt.Fprintf(&p.text, "| %s | %s | %s |\n", shown, typeOf(field), meaning(field))
	}
	for _, section := range below {
		p.object(section.path, section.schema)
	}
}

// inner finds the object that a field holds, one or several, and the path of its fields; nil if it holds none that has fields of
// its own.
func (p *page) inner(path string, field apiextensionsv1.JSONSchemaProps) (string, *apiextensionsv1.JSONSchemaProps) {
	switch {
	case len(field.Properties) > 0:
		return path, &field
	case field.Items != nil && field.Items.Schema != nil:
		return p.inner(path+"[]", *field.Items.Schema)
	case field.AdditionalProperties != nil && field.AdditionalProperties.Schema != nil:
		return p.inner(path+".*", *field.AdditionalProperties.Schema)
	}
	return path, nil
}

// typeOf is the type of a field in a word or two.
func typeOf(field apiextensionsv1.JSONSchemaProps) string {
	switch {
	case field.Type == "array" && field.Items != nil && field.Items.Schema != nil:
		return "list of " + typeOf(*field.Items.Schema)
	case field.Type == "object" && field.AdditionalProperties != nil && field.AdditionalProperties.Schema != nil:
		return "map to " + typeOf(*field.AdditionalProperties.Schema)
	case field.XIntOrString:
		return "integer or string"
	case field.Format == "date-time":
		return "time"
	case field.Type == "":
		return "any"
	}
	return field.Type
}

// meaning is what is said of a field: its description, its default and what a value must be like.
func meaning(field apiextensionsv1.JSONSchemaProps) string {
	parts := []string{strings.ReplaceAll(prose(field.Description), "\n\n", "<br><br>")}
	if field.Default != nil {
		parts = append(parts, fmt.Sprintf("Default: `%s`.", cell(string(field.Default.Raw))))
	}
	if bounds := boundsOf(field); bounds != "" {
		parts = append(parts, bounds)
	}
	if field.Items == nil { // rules of objects in lists stand in their sections
		for _, rule := range field.XValidations {
			if len(field.Properties) == 0 {
				parts = append(parts, "Rule: "+cell(strings.TrimSuffix(rule.Message, "."))+".")
			}
		}
	}
	text := strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "<br>")
	return strings.ReplaceAll(text, "\n", " ")
}

// boundsOf says what a value must be like.
func boundsOf(field apiextensionsv1.JSONSchemaProps) string {
	if field.Items != nil && field.Items.Schema != nil && len(field.Items.Schema.Enum) > 0 {
		field.Enum = field.Items.Schema.Enum
	}
	var bounds []string
	if len(field.Enum) > 0 {
		words := make([]string, len(field.Enum))
		for i, word := range field.Enum {
			words[i] = "`" + strings.Trim(string(word.Raw), `"`) + "`"
		}
		bounds = append(bounds, "one of "+strings.Join(words, ", "))
	}
	for _, bound := range []struct {
		words string
		value *int64
	}{
		{"at least %d characters", field.MinLength},
		{"at most %d characters", field.MaxLength},
		{"at least %d entries", field.MinItems},
		{"at most %d entries", field.MaxItems},
		{"at most %d keys", field.MaxProperties},
	} {
		if bound.value != nil {
			bounds = append(bounds, fmt.Sprintf(bound.words, *bound.value))
		}
	}
	if field.Minimum != nil {
		bounds = append(bounds, fmt.Sprintf("%g or more", *field.Minimum))
	}
	if field.Maximum != nil {
		bounds = append(bounds, fmt.Sprintf("%g or less", *field.Maximum))
	}
	if len(bounds) == 0 {
		return ""
	}
	text := strings.Join(bounds, ", ")
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// prose makes a Go comment's paragraphs into Markdown that a table can hold, too.
func prose(description string) string {
	paragraphs := strings.Split(strings.TrimSpace(description), "\n\n")
	for i, paragraph := range paragraphs {
		paragraphs[i] = cell(strings.Join(strings.Fields(paragraph), " "))
	}
	return strings.Join(paragraphs, "\n\n")
}

// cell keeps text from ending a cell, or from being taken for HTML.
func cell(text string) string {
	inCode := false
	var out strings.Builder
	for _, char := range text {
		switch {
		case char == '`':
			inCode = !inCode
			out.WriteRune(char)
		case char == '|':
			out.WriteString(`\|`)
		case char == '<' && !inCode:
			out.WriteString("&lt;")
		default:
			out.WriteRune(char)
		}
	}
	return out.String()
}

// anchor is what a heading is linked by.
func anchor(heading string) string {
	var out strings.Builder
	for _, char := range strings.ToLower(heading) {
		switch {
		case char == ' ':
			out.WriteByte('-')
		case char >= 'a' && char <= 'z', char >= '0' && char <= '9', char == '-', char == '_':
			out.WriteRune(char)
		}
	}
	return out.String()
}
