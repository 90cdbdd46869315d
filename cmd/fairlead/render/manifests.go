package render

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/controllers/application"
	"github.com/fairlead/fairlead/syncer/render"
)

// The formats.
const (
	// YAML is the text of a chart as `helm template` prints it, and documents of YAML for other sources.
	YAML = "yaml"
	// JSON is a List.
	JSON = "json"
	// Name is the names alone, one a line: `deployment.apps/www`.
	Name = "name"
)

// Manifests are what an Application renders to.
type Manifests struct{ render.Rendered }

// CheckFormat refuses what is no format.
func CheckFormat(name string) error {
	switch name {
	case YAML, JSON, Name:
		return nil
	default:
		return failf("-o %q is no format: write yaml, json or name", name)
	}
}

// Of renders an Application as the controller does. The versions that caps names stand beside those that Helm knows, as with
// `helm template --api-versions`; what the Application itself says of them wins.
func Of(ctx context.Context, app *v1alpha1.Application, files fs.FS, caps render.Capabilities) (*Manifests, error) {
	source := application.SourceOf(app)
	if len(source.Helm.APIVersions) == 0 {
		source.Helm.APIVersions = caps.APIVersions
	}
	made, err := render.Render(ctx, files, source, render.Capabilities{KubeVersion: caps.KubeVersion})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", titleOf(app), err)
	}
	return &Manifests{Rendered: made}, nil
}

// Write writes the manifests in a format. Values of Secrets are shown: whoever sees them may read the repository.
func (m *Manifests) Write(to io.Writer, format string) error {
	switch format {
	case JSON:
		return terminal.Write(to, terminal.JSON, map[string]any{"apiVersion": "v1", "kind": "List", "items": m.Objects}, nil)
	case Name:
		return terminal.Write(to, terminal.Text, nil, m.names)
	case YAML:
		if m.Type == render.TypeHelm {
			return m.Text.Write(to)
		}
		return m.documents(to)
	default:
		return CheckFormat(format)
	}
}

// documents writes the objects, one document each.
func (m *Manifests) documents(to io.Writer) error {
	for _, obj := range m.Objects {
		document, err := yaml.Marshal(obj.Object)
		if err != nil {
			return fmt.Errorf("write the manifests: %w", err)
		}
		if _, err := fmt.Fprintf(to, "---\n%s", document); err != nil {
			return fmt.Errorf("write the manifests: %w", err)
		}
	}
	return nil
}

// names writes how kubectl names the objects.
func (m *Manifests) names(to *bytes.Buffer) {
	for _, obj := range m.Objects {
		kind := obj.GroupVersionKind().GroupKind()
		fmt.Fprintln(to, terminal.Printable(strings.ToLower(kind.String())+"/"+obj.GetName()))
	}
}
