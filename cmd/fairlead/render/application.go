package render

import (
	"cmp"
	"fmt"

	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// applicationKind is the kind that is rendered.
const applicationKind = "Application"

// ReadApplication reads the manifest of one Application, strictly: a field that is written wrong would be left out by a
// cluster that doesn't validate, and make another rendering. name is how messages call the file.
func ReadApplication(name string, data []byte) (*v1alpha1.Application, error) {
	app := &v1alpha1.Application{}
	if err := yaml.UnmarshalStrict(data, app); err != nil {
		return nil, failf("%s: %v", name, err)
	}
	if want := v1alpha1.GroupVersion.String(); app.APIVersion != want || app.Kind != applicationKind {
		return nil, failf("%s holds %s %s: give the manifest of one Application of %s", name, cmp.Or(app.APIVersion, "no apiVersion,"), cmp.Or(app.Kind, "no kind"), want)
	}
	if app.Name == "" {
		return nil, failf("%s: metadata.name is missing: without helm.releaseName it is the release's name", name)
	}
	app.Spec.Source.Path = cmp.Or(app.Spec.Source.Path, ".") // as the API server fills it in
	return app, nil
}

// titleOf is how messages name an Application.
func titleOf(app *v1alpha1.Application) string { return fmt.Sprintf("Application %s", app.Name) }
