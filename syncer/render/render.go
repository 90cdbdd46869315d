package render

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Source is what is rendered.
type Source struct {
	// Path of the chart, the kustomization or the directory, relative to the root of the repository; "." is the root.
	Path string
	// Namespace that the objects go to; .Release.Namespace, unless Helm names another.
	Namespace string
	// Type says what the path is. Empty: that is found out, as Argo CD does.
	Type Type
	// Helm says how the chart is rendered.
	Helm Helm
	// Kustomize says what is laid over the kustomization.
	Kustomize Kustomize
	// Directory says which files of the directory count.
	Directory Directory
}

// Rendered is what a source renders to.
type Rendered struct {
	// Type is what the path is.
	Type Type
	// Objects in order.
	Objects []*unstructured.Unstructured
	// Text of a chart's objects, as its templates made it; nothing for other sources.
	Text Text
	// Read are the files and folders of the repository that the objects depend on. As long as none of them changes, the
	// same source with the same capabilities renders to the same objects.
	Read []string
}

// Helm says how a chart is rendered. Values of the chart are overridden by those of ValueFiles in their order, these by
// Values or ValuesObject, and these by Parameters.
type Helm struct {
	// ReleaseName is .Release.Name.
	ReleaseName string
	// ValueFiles are relative to the chart, or with a leading "/" to the root of the repository. A pattern stands for the
	// files that it matches, in the order of their paths: `*`, `?` and `[a-z]` stand for characters other than "/", and `**`
	// for any number of folders.
	ValueFiles []string
	// Values is a YAML document.
	Values string
	// ValuesObject is a JSON object; if it is given, Values is ignored.
	ValuesObject []byte
	// Parameters are single values.
	Parameters []Parameter
	// FileParameters are single values that are read from files. They are set last.
	FileParameters []FileParameter
	// IgnoreMissingValueFiles leaves out value files that aren't there, and patterns that match nothing.
	IgnoreMissingValueFiles bool
	// SkipCRDs leaves out the folders `crds` of the chart and its subcharts.
	SkipCRDs bool
	// SkipTests leaves out test hooks.
	SkipTests bool
	// SkipSchemaValidation doesn't hold the values against values.schema.json.
	SkipSchemaValidation bool
	// KubeVersion is .Capabilities.KubeVersion, in place of that of Capabilities.
	KubeVersion string
	// APIVersions are .Capabilities.APIVersions, in place of those of Capabilities and beside those that Helm knows, as with
	// `helm template --api-versions`.
	APIVersions []string
	// Namespace is .Release.Namespace, in place of that of Source.
	Namespace string
}

// FileParameter is a single value that is read from a file, as with `helm --set-file`.
type FileParameter struct {
	// Name is the key path.
	Name string
	// Path of the file, as in ValueFiles.
	Path string
}

// Parameter is a single value, as with `helm --set`.
type Parameter struct {
	// Name is the key path.
	Name string
	// Value as `helm --set` reads it, except that a comma doesn't end it.
	Value string
	// ForceString takes the value as a string, as with `helm --set-string`.
	ForceString bool
}

// Capabilities are what templates see as .Capabilities.
type Capabilities struct {
	// KubeVersion is the version of the cluster, such as "v1.36.3". Empty: the one that Helm was made for.
	KubeVersion string
	// APIVersions are the groups with versions, and those with kinds, that the cluster serves: "apps/v1",
	// "apps/v1/Deployment". Empty: those that Helm knows.
	APIVersions []string
}

// Render renders the source. The order of the objects is that of `helm template`: CustomResourceDefinitions of the chart,
// then objects by kind, then hooks, those of tests included; that of `kustomize build`; or that of the files of a
// directory. Lists are flattened.
//
// The error is an *Error, which is terminal, if only another source or revision can help; it has file and line where the
// libraries give them. It is passed on if the file system can't read, or if ctx is done.
//
// Templates can't be interrupted. When ctx is done or the rendering takes longer than half a minute, Render returns, and
// what it has begun goes on in the background until it ends by itself. A template that calls itself through tpl without end
// takes memory until there is none: callers that have others to serve should remember in what they ended.
func Render(ctx context.Context, fsys fs.FS, src Source, caps Capabilities) (Rendered, error) {
	limited, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	type result struct {
		Rendered

		err error
	}
	done := make(chan result, 1)
	go func() {
		rendered, err := guarded(limited, fsys, src, caps)
		done <- result{Rendered: rendered, err: err}
	}()
	var rendered result
	select {
	case rendered = <-done:
	case <-limited.Done():
		rendered.err = passing{limited.Err()}
	}
	switch {
	case rendered.err == nil:
		return rendered.Rendered, nil
	case ctx.Err() != nil:
		return Rendered{}, fmt.Errorf("render %s: %w", src.Path, ctx.Err())
	case limited.Err() != nil:
		return Rendered{}, &Error{Path: src.Path, Problem: fmt.Sprintf("it takes longer than %s", maxTime), Err: limited.Err()}
	}
	if failure := (passing{}); errors.As(rendered.err, &failure) {
		return Rendered{}, fmt.Errorf("render %s: %w", src.Path, failure.err)
	}
	return Rendered{}, &Error{Path: src.Path, Problem: oneLine(rendered.err.Error()), Err: rendered.err}
}

// guarded renders, and turns a panic of the libraries below into an error: what they are fed is anybody's.
func guarded(ctx context.Context, fsys fs.FS, src Source, caps Capabilities) (rendered Rendered, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			rendered, err = Rendered{}, fmt.Errorf("the source brings the renderer down: %v", caught)
		}
	}()
	src.Path = path.Clean(src.Path)
	if !fs.ValidPath(src.Path) {
		return Rendered{}, errors.New("it leads out of the repository")
	}
	files := &tree{fsys: fsys}
	kind, err := files.kindOf(src.Path, src.Type)
	if err != nil {
		return Rendered{}, err
	}
	rendered = Rendered{Type: kind, Read: []string{src.Path}}
	switch kind {
	case TypeKustomize:
		files.read.what, files.read.advice = "kustomization", "divide it into several"
		rendered.Objects, rendered.Read, err = files.kustomization(ctx, src.Path, src.Kustomize)
	case TypeDirectory:
		files.read.what, files.read.advice = "directory", "leave out what it doesn't need, by source.directory.exclude"
		rendered.Objects, err = files.directory(ctx, src.Path, src.Directory)
	case TypeHelm:
		files.read.what, files.read.advice = "chart", "leave out what it doesn't need, by .helmignore"
		err = files.helm(ctx, &rendered, src, caps)
	}
	return rendered, err
}

// helm renders a chart.
func (t *tree) helm(ctx context.Context, rendered *Rendered, src Source, caps Capabilities) error {
	loaded, err := t.loadChart(ctx, src.Path)
	if err != nil {
		return err
	}
	values, err := t.values(src)
	if err != nil {
		return err
	}
	made, err := executeChart(ctx, loaded, values, src, caps)
	if err != nil {
		return err
	}
	documents, err := documentsOf(loaded, made, src.Helm)
	if err != nil {
		return err
	}
	rendered.Text = documents.text(loaded)
	rendered.Read = append(rendered.Read, t.outside...)
	rendered.Objects, err = flatten(documents.all())
	return err
}
