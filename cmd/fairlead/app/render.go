package app

import (
	"bytes"
	"context"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// Manifests is what an Application renders to, hooks included.
type Manifests struct{ objects []*unstructured.Unstructured }

// Render renders an Application as the controller does, for the cluster that it deploys to. Nothing is put on the objects yet:
// neither the namespace of those that name none, nor labels.
func (c *Cluster) Render(ctx context.Context, app *v1alpha1.Application, origin Origin) (*Manifests, error) {
	to, err := c.destinationOf(ctx, app)
	if err != nil {
		return nil, err
	}
	made, err := c.render(ctx, app, to, origin)
	if err != nil {
		return nil, err
	}
	return &Manifests{objects: made.Objects}, nil
}

// Write writes the manifests: documents of YAML, or a List as JSON. Values of Secrets are shown: whoever sees them may read the
// repository.
func (m *Manifests) Write(to io.Writer, format Format) error {
	names := make([]string, len(m.objects))
	for i, obj := range m.objects {
		gvk := obj.GroupVersionKind()
		names[i] = (&Node{Group: gvk.Group, Kind: gvk.Kind, Name: obj.GetName()}).fullName()
	}
	if format == YAML || format == Wide {
		format = Text
	}
	list := map[string]any{"apiVersion": "v1", "kind": "List", "items": m.objects}
	var failure error
	err := write(to, format, list, names, func(text *bytes.Buffer) {
		for _, obj := range m.objects {
			document, err := yaml.Marshal(obj.Object)
			if err != nil {
				failure = err
				return
			}
			text.WriteString("---\n")
			text.Write(document)
		}
	})
	if failure != nil {
		return causef(failure, "write the manifests: %v", failure)
	}
	return err
}
