package render

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

// building lets one kustomization be built at a time: the schema that kustomize merges patches by is a variable of its
// library, which a kustomization may replace (`openapi`), and which isn't safe for concurrent use.
//
//nolint:gochecknoglobals // as global as what it guards
var building = make(chan struct{}, 1)

// kustomization builds the kustomization in dir, as `kustomize build` does by default: files are read in and below the
// folder of the kustomization that names them, bases and components anywhere in the repository, and plugins aren't run.
// Nothing is fetched: what a kustomization names elsewhere is an error.
//
// It gives the objects in the order in which `kustomize build` prints them, and the folders that they depend on.
func (t *tree) kustomization(ctx context.Context, dir string, options Kustomize) ([]*unstructured.Unstructured, []string, error) {
	select {
	case building <- struct{}{}:
		defer func() { <-building }()
	case <-ctx.Done():
		return nil, nil, passing{ctx.Err()}
	}
	files := &kustomizeFiles{ctx: ctx, tree: t, contents: map[string][]byte{}}
	if err := files.edit(dir, options); err != nil {
		return nil, nil, files.cause(err)
	}
	inspected := &inspection{files: files, builds: map[string]int{}}
	if err := inspected.start(dir); err != nil {
		return nil, nil, files.cause(err)
	}
	if inspected.ownSchema {
		openapi.ResetOpenAPI()
		defer openapi.ResetOpenAPI()
	}
	output, err := build(files, dir)
	if err != nil {
		return nil, nil, files.cause(err)
	}
	objects, err := kustomized(output)
	read := slices.AppendSeq(files.listed, maps.Keys(inspected.builds))
	slices.Sort(read)
	return objects, slices.Compact(read), err
}

// build runs kustomize, which panics on a schema that is none.
func build(files *kustomizeFiles, dir string) (output string, err error) {
	restore := survive()
	defer restore()
	defer func() {
		if caught := recover(); caught != nil {
			err = fmt.Errorf("kustomize gives up: %v", caught)
		}
	}()
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified // the order of the tool, which isn't the library's own
	options.LoadRestrictions = types.LoadRestrictionsRootOnly
	options.PluginConfig = types.DisabledPluginConfig()
	built, err := krusty.MakeKustomizer(options).Run(files, absolute(dir))
	if err != nil {
		return "", errors.New(withoutRoot(err.Error())) //nolint:err113 // kustomize's text, with paths as the repository has them
	}
	if built.Size() > maxObjects {
		return "", fmt.Errorf("the kustomization makes more than %d objects", maxObjects)
	}
	printed, err := built.AsYaml()
	if err != nil {
		return "", fmt.Errorf("print the objects: %w", err)
	}
	if len(printed) > maxOutput {
		return "", fmt.Errorf("the kustomization makes more than %d MiB", maxOutput>>20)
	}
	return string(printed), nil
}

// kustomized reads what kustomize prints: its own objects hold values in other types than the printed ones.
func kustomized(output string) ([]*unstructured.Unstructured, error) {
	var manifests []manifest
	for _, part := range splitStream(output) {
		value, err := yamlValue(part.text)
		if err != nil {
			return nil, yamlError("what kustomize prints", part, err)
		}
		if fields, ok := value.(map[string]any); ok {
			manifests = append(manifests, manifest{file: "the kustomization", fields: fields})
		}
	}
	return flatten(manifests)
}

// withoutRoot writes the paths in a message as the repository has them.
func withoutRoot(message string) string {
	return strings.ReplaceAll(strings.ReplaceAll(message, mounted+"/", ""), mounted, ".")
}
