package render

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	serializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// applicationKind is the kind that is rendered.
const applicationKind = "Application"

// ReadApplication reads the manifest of one Application as strictly as the API server: a field that is written wrong would be left
// out by a cluster that doesn't validate, and make another rendering; so would a number where a text belongs. name is how messages
// call the file.
func ReadApplication(name string, data []byte) (*v1alpha1.Application, error) {
	converted, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return nil, failf("%s: %s", name, oneLine(err.Error()))
	}
	var kind metav1.TypeMeta
	if err := json.Unmarshal(converted, &kind); err != nil {
		return nil, failf("%s holds no object: give the manifest of one Application of %s", name, v1alpha1.GroupVersion)
	}
	if want := v1alpha1.GroupVersion.WithKind(applicationKind); kind.GroupVersionKind() != want {
		return nil, failf("%s holds %s %s: give the manifest of one Application of %s", name, cmp.Or(kind.APIVersion, "no apiVersion,"),
			cmp.Or(kind.Kind, "no kind"), want.GroupVersion())
	}
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("register the kinds: %w", err)
	}
	app := &v1alpha1.Application{}
	decoder := serializer.NewSerializerWithOptions(serializer.DefaultMetaFactory, scheme, scheme, serializer.SerializerOptions{Strict: true})
	_, _, err = decoder.Decode(converted, nil, app)
	if strict, ok := runtime.AsStrictDecodingError(err); ok {
		err = errors.New(strings.ReplaceAll(errors.Join(strict.Errors()...).Error(), "\n", ", ")) //nolint:err113 // only its text counts
	}
	if err != nil {
		return nil, failf("%s: %s", name, oneLine(err.Error()))
	}
	if app.Name == "" {
		return nil, failf("%s: metadata.name is missing: without helm.releaseName it is the release's name", name)
	}
	app.Spec.Source.Path = cmp.Or(app.Spec.Source.Path, ".") // as the API server fills it in
	return app, nil
}

// oneLine puts the lines of a parser's message on one.
func oneLine(message string) string {
	return strings.Join(strings.Fields(strings.TrimPrefix(message, "error converting YAML to JSON: ")), " ")
}

// titleOf is how messages name an Application.
func titleOf(app *v1alpha1.Application) string { return fmt.Sprintf("Application %s", app.Name) }
