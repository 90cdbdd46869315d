// Package controllers lists every controller of Fairlead, and what they share.
package controllers

import (
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/controllers/application"
	"github.com/fairlead/fairlead/controllers/configrepository"
	"github.com/fairlead/fairlead/controllers/imagepolicy"
	"github.com/fairlead/fairlead/registry"
)

// Setup adds every controller to the manager. ownNamespace is the namespace that Fairlead runs in: Applications there are
// an administrator's.
func Setup(mgr ctrl.Manager, ownNamespace string) error {
	mirrors := access.NewMirrors()
	if err := imagepolicy.NewReconciler(mgr, registry.NewClient(registry.WithUserAgent(mgr.GetConfig().UserAgent))).Setup(mgr); err != nil {
		return err
	}
	if err := configrepository.NewReconciler(mgr, mirrors).Setup(mgr); err != nil {
		return err
	}
	apps, err := application.NewReconciler(mgr, mirrors, ownNamespace)
	if err != nil {
		return fmt.Errorf("set up the controller of Applications: %w", err)
	}
	return apps.Setup(mgr)
}
