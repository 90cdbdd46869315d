package render

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
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
	err = compiled.Validate(values)
	if failure := (*jsonschema.ValidationError)(nil); errors.As(err, &failure) {
		withoutValues(failure)
	}
	return err //nolint:wrapcheck // the caller says of which chart
}

// withoutValues takes the values out of what a validation has found that would be quoted: they may be passwords, and the error is for
// everybody to read. Where they stand is told all the same.
func withoutValues(failure *jsonschema.ValidationError) {
	const unnamed = "the value"
	switch found := failure.ErrorKind.(type) {
	case *kind.Pattern:
		found.Got = unnamed
	case *kind.Format:
		found.Got, found.Err = unnamed, errUnnamed
	}
	for _, cause := range failure.Causes {
		withoutValues(cause)
	}
}

// errUnnamed stands for an error that quotes the value.
var errUnnamed = errors.New("it isn't quoted, as it may be a secret")

// noLoader refuses to load schemas from elsewhere. Those that the JSON Schema standard brings need no loading.
type noLoader struct{}

// Load refuses, except for a URN, which names no place: Helm lets everything pass there, too.
func (noLoader) Load(url string) (any, error) {
	if strings.HasPrefix(url, "urn:") {
		return true, nil
	}
	return nil, errors.New("schemas are not loaded from elsewhere: put its definitions into values.schema.json")
}
