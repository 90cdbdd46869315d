package fairlead_test

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/choice"
)

var yamlBlock = regexp.MustCompile("(?s)\n```yaml\n(.*?\n)```\n")

// TestDocumentedManifests reads every manifest of the documents as strictly as the API server does: a field that was
// renamed must not live on in an example. What a policy selects must be something that can be followed.
func TestDocumentedManifests(t *testing.T) {
	t.Parallel()

	// A block without a kind shows a part of the page's kind; on other pages, of something that isn't ours.
	kinds := map[string]string{
		"README.md":                      "ImagePolicy",
		"docs/imagepolicy.md":            "ImagePolicy",
		"docs/rollback.md":               "ImagePolicy",
		"docs/howto/private-registry.md": "ImagePolicy",
		"docs/configrepository.md":       "ConfigRepository",
		"docs/application.md":            "Application",
		"docs/from-argo-cd.md":           "Application",
		"docs/from-flux.md":              "Application",
	}
	walk(t, func(document string, _ fs.DirEntry) {
		if path.Ext(document) != ".md" || strings.Contains(document, "testdata/") {
			return
		}
		blocks := yamlBlock.FindAllStringSubmatch(read(t, document), -1)
		if len(blocks) == 0 && kinds[document] != "" {
			t.Errorf("%s has no example", document)
		}
		for _, block := range blocks {
			for manifest := range strings.SplitSeq(block[1], "---\n") {
				decode(t, document, manifest, kinds[document])
			}
		}
	})
}

func decode(t *testing.T, document, manifest, kind string) {
	t.Helper()
	var stated struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := yaml.Unmarshal([]byte(manifest), &stated); err != nil {
		t.Errorf("%s: %v:\n%s", document, err, manifest)
		return
	}
	if stated.Kind == "" && kind != "" {
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
		t.Errorf("%s: there is no kind %s:\n%s", document, stated.Kind, manifest)
		return
	}
	if err := yaml.UnmarshalStrict([]byte(manifest), object); err != nil {
		t.Errorf("%s: %v:\n%s", document, err, manifest)
	}
	if policy, ok := object.(*v1alpha1.ImagePolicy); ok && policy.Spec.Select != (v1alpha1.SelectSpec{}) {
		if _, err := choice.Selector(policy); err != nil {
			t.Errorf("%s: %v:\n%s", document, err, manifest)
		}
	}
}

// TestControllerRights checks the rights that would hurt most: what a policy names is read, one object at a time, and
// nothing is listed.
func TestControllerRights(t *testing.T) {
	t.Parallel()

	first, _, _ := strings.Cut(strings.TrimPrefix(read(t, "config/chart/files/rbac/role.yaml"), "---\n"), "---\n")
	var role rbacv1.ClusterRole
	if err := yaml.UnmarshalStrict([]byte(first), &role); err != nil {
		t.Fatal(err)
	}
	verbs := map[string][]string{}
	for _, rule := range role.Rules {
		if slices.Contains(rule.APIGroups, "*") || slices.Contains(rule.Resources, "*") || slices.Contains(rule.Verbs, "*") {
			t.Errorf("a rule of the controller's role holds a wildcard: %v", rule)
		}
		for _, resource := range rule.Resources {
			if slices.Contains(rule.APIGroups, "") {
				verbs[resource] = append(verbs[resource], rule.Verbs...)
			}
		}
	}
	want := map[string][]string{
		// Whether the one of an Application is going.
		"namespaces": {"get"},
		// Those that objects name, by name.
		"secrets": {"get"},
		// The imagePullSecrets of one; and syncing as one.
		"serviceaccounts": {"get", "impersonate"},
	}
	if diff := cmp.Diff(want, verbs); diff != "" {
		t.Errorf("rights on core objects (-want +got):\n%s", diff)
	}
}
