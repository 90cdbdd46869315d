package render

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// schemaURL is the address that a chart's schema has for the compiler.
const schemaURL = "file:///values.schema.json"

// validate holds the values against the schemas of the chart and its subcharts. Helm's own validation would load schemas
// that are referred to by HTTP or from the local disk.
func validate(c *chart.Chart, values map[string]any) error {
	problems := validateBelow(nil, c, values)
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("the values don't fit the schema: %s", strings.Join(problems, "; "))
}

func validateBelow(problems []string, c *chart.Chart, values map[string]any) []string {
	if c.Schema != nil {
		if err := validateOne(c.Schema, values); err != nil {
			text := strings.TrimPrefix(err.Error(), fmt.Sprintf("jsonschema validation failed with '%s#'\n", schemaURL))
			problems = append(problems, fmt.Sprintf("chart %s: %s", c.Name(), text))
		}
	}
	for _, dependency := range c.Dependencies() {
		switch below := values[dependency.Name()].(type) {
		case nil: // nothing is set for it
		case map[string]any:
			problems = validateBelow(problems, dependency, below)
		default:
			problems = append(problems, fmt.Sprintf("chart %s: the values of %s are no table", c.Name(), dependency.Name()))
		}
	}
	return problems
}

func validateOne(document []byte, values map[string]any) error {
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return fmt.Errorf("values.schema.json: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(noLoader{})
	if err := compiler.AddResource(schemaURL, schema); err != nil {
		return fmt.Errorf("values.schema.json: %w", err)
	}
	compiled, err := compiler.Compile(schemaURL)
	if err != nil {
		return fmt.Errorf("values.schema.json: %w", err)
	}
	return compiled.Validate(values)
}

// noLoader refuses to load schemas from elsewhere. Those that the JSON Schema standard brings need no loading.
type noLoader struct{}

// Load refuses, except for a URN, which names no place: Helm lets everything pass there, too.
func (noLoader) Load(url string) (any, error) {
	if strings.HasPrefix(url, "urn:") {
		return true, nil
	}
	return nil, errors.New("schemas are not loaded from elsewhere: put its definitions into values.schema.json")
}
