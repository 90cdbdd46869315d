package fairlead_test

import (
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

var yamlBlock = regexp.MustCompile("(?s)\n```yaml\n(.*?\n)```\n")

// TestDocumentedManifests reads every manifest of the documents as strictly as the API server does: a field that was
// renamed must not live on in an example.
func TestDocumentedManifests(t *testing.T) {
	t.Parallel()

	// A block without a kind shows a part of the page's kind.
	documents := map[string]string{
		"README.md":                "ImagePolicy",
		"docs/imagepolicy.md":      "ImagePolicy",
		"docs/configrepository.md": "ConfigRepository",
		"docs/application.md":      "Application",
	}
	for document, kind := range documents {
		t.Run(document, func(t *testing.T) {
			t.Parallel()
			blocks := yamlBlock.FindAllStringSubmatch(read(t, document), -1)
			if len(blocks) == 0 {
				t.Error("it has no example")
			}
			for _, block := range blocks {
				for manifest := range strings.SplitSeq(block[1], "---\n") {
					decode(t, manifest, kind)
				}
			}
		})
	}
}

func decode(t *testing.T, manifest, kind string) {
	t.Helper()
	var stated struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := yaml.Unmarshal([]byte(manifest), &stated); err != nil {
		t.Errorf("%v:\n%s", err, manifest)
		return
	}
	if stated.Kind == "" {
		stated.APIVersion, stated.Kind = v1alpha1.GroupVersion.String(), kind
	}
	if stated.APIVersion != v1alpha1.GroupVersion.String() {
		return
	}
	objects := map[string]any{
		"ImagePolicy":      &v1alpha1.ImagePolicy{},
		"ConfigRepository": &v1alpha1.ConfigRepository{},
		"Application":      &v1alpha1.Application{},
	}
	object, known := objects[stated.Kind]
	if !known {
		t.Errorf("there is no kind %s:\n%s", stated.Kind, manifest)
		return
	}
	if err := yaml.UnmarshalStrict([]byte(manifest), object); err != nil {
		t.Errorf("%v:\n%s", err, manifest)
	}
}
