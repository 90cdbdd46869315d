package application

import (
	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/syncer"
	"github.com/fairlead/fairlead/syncer/render"
)

// SourceOf is what the renderer is told of an Application.
func SourceOf(app *v1alpha1.Application) render.Source { return sourceOf(app) }

// RulesOf is what the spec of an Application says of how objects are compared and applied. The error names the field.
func RulesOf(app *v1alpha1.Application) (syncer.Rules, error) { return rulesOf(app, nil) }
