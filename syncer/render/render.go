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
	// Path of the chart, relative to the root of the repository; "." is the root.
	Path string
	// Namespace that the release goes to (.Release.Namespace).
	Namespace string
	// Helm says how the chart is rendered.
	Helm Helm
}

// Helm says how a chart is rendered. Values of the chart are overridden by those of ValueFiles in their order, these by
// Values or ValuesObject, and these by Parameters.
type Helm struct {
	// ReleaseName is .Release.Name.
	ReleaseName string
	// ValueFiles are relative to the chart, or with a leading "/" to the root of the repository.
	ValueFiles []string
	// Values is a YAML document.
	Values string
	// ValuesObject is a JSON object; if it is given, Values is ignored.
	ValuesObject []byte
	// Parameters are single values.
	Parameters []Parameter
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
// then objects by kind, then hooks, those of tests included. Lists are flattened.
//
// The error is an *Error, which is terminal, if only another source or revision can help; it has file and line where Helm
// gives them. It is passed on if the file system can't read, or if ctx is done.
//
// Templates can't be interrupted. When ctx is done or the rendering takes longer than half a minute, Render returns, and
// what it has begun goes on in the background until it ends by itself. A template that calls itself through tpl without end
// takes memory until there is none: who may write charts is trusted that far.
func Render(ctx context.Context, fsys fs.FS, src Source, caps Capabilities) ([]*unstructured.Unstructured, error) {
	limited, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	type result struct {
		objects []*unstructured.Unstructured
		err     error
	}
	done := make(chan result, 1)
	go func() {
		objects, err := guarded(limited, fsys, src, caps)
		done <- result{objects: objects, err: err}
	}()
	var rendered result
	select {
	case rendered = <-done:
	case <-limited.Done():
		rendered.err = passing{limited.Err()}
	}
	switch {
	case rendered.err == nil:
		return rendered.objects, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("render %s: %w", src.Path, ctx.Err())
	case limited.Err() != nil:
		return nil, &Error{Path: src.Path, Problem: fmt.Sprintf("it takes longer than %s", maxTime), Err: limited.Err()}
	}
	if failure := (passing{}); errors.As(rendered.err, &failure) {
		return nil, fmt.Errorf("render %s: %w", src.Path, failure.err)
	}
	return nil, &Error{Path: src.Path, Problem: oneLine(rendered.err.Error()), Err: rendered.err}
}

// guarded renders, and turns a panic of the libraries below into an error: what they are fed is anybody's.
func guarded(ctx context.Context, fsys fs.FS, src Source, caps Capabilities) (objects []*unstructured.Unstructured, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			objects, err = nil, fmt.Errorf("the chart brings the renderer down: %v", caught)
		}
	}()
	src.Path = path.Clean(src.Path)
	if !fs.ValidPath(src.Path) {
		return nil, errors.New("it leads out of the repository")
	}
	files := &tree{fsys: fsys}
	loaded, err := files.loadChart(ctx, src.Path)
	if err != nil {
		return nil, err
	}
	values, err := files.values(src)
	if err != nil {
		return nil, err
	}
	made, err := executeChart(ctx, loaded, values, src, caps)
	if err != nil {
		return nil, err
	}
	return objectsOf(loaded, made)
}
