package app

import (
	"context"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/render"
)

// Render renders an Application as the controller does, for the cluster that it deploys to. Nothing is put on the objects yet:
// neither the namespace of those that name none, nor labels.
func (c *Cluster) Render(ctx context.Context, app *v1alpha1.Application, origin Origin) (*render.Manifests, error) {
	to, err := c.destinationOf(ctx, app)
	if err != nil {
		return nil, err
	}
	made, err := c.render(ctx, app, to, origin)
	if err != nil {
		return nil, err
	}
	return &render.Manifests{Rendered: made.Rendered}, nil
}
