package explain

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/cmd/fairlead/shipped"
)

// TestRulesAreTheSchemas: a rule that the schema has and we don't would let pass what the API server refuses.
func TestRulesAreTheSchemas(t *testing.T) {
	t.Parallel()
	spec, err := specSchema()
	if err != nil {
		t.Fatal(err)
	}
	messages := map[string]bool{}
	var collect func(*schema)
	collect = func(s *schema) {
		for _, rule := range s.Rules {
			messages[rule.Message] = true
		}
		for _, field := range s.Properties {
			collect(field)
		}
		if s.Items != nil {
			collect(s.Items)
		}
	}
	collect(spec)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(messages)), slices.Sorted(maps.Keys(rules))); diff != "" {
		t.Errorf("-rules of the schema, +rules here:\n%s", diff)
	}
}

// TestKeywordsAreKnown: a keyword that nobody reads would be a rule that nobody applies.
func TestKeywordsAreKnown(t *testing.T) {
	t.Parallel()
	var crd struct {
		Spec struct {
			Versions []struct {
				Schema struct {
					OpenAPI struct {
						Properties map[string]any `json:"properties"`
					} `json:"openAPIV3Schema"`
				} `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	definition, err := shipped.ImagePolicies()
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(definition, &crd); err != nil {
		t.Fatal(err)
	}
	data, err := yaml.Marshal(crd.Spec.Versions[0].Schema.OpenAPI.Properties["spec"])
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(data, &schema{}); err != nil {
		t.Errorf("the schema of ImagePolicy has a keyword that schema.go doesn't apply: %v", err)
	}
}
