package access

import (
	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/syncer"
)

// DefaultServiceAccount is impersonated for an Application outside of Fairlead's own namespace that names none.
const DefaultServiceAccount = "fairlead-sync"

// Permission is what an Application may touch, and as whom.
type Permission struct {
	// Scope bounds the objects.
	Scope syncer.Scope
	// ServiceAccount is impersonated; empty: the controller's own rights count.
	ServiceAccount string
}

// PermissionOf says what an Application may touch. One in Fairlead's own namespace is an administrator's: it deploys to
// any namespace. One anywhere else deploys to its own namespace only, as a ServiceAccount there, so that the API server's
// RBAC decides. In another cluster the rights of the kubeconfig decide, wherever the Application is declared: whoever holds
// it has them anyway.
func PermissionOf(app *v1alpha1.Application, ownNamespace string) (Permission, error) {
	destination := app.Spec.Destination.Namespace
	if app.Namespace == ownNamespace || IsRemote(app) {
		return Permission{Scope: syncer.Scope{Namespace: destination}, ServiceAccount: app.Spec.ServiceAccountName}, nil
	}
	if destination != app.Namespace {
		return Permission{}, failf(v1alpha1.ReasonNotPermitted, true,
			"destination.namespace is %s, but an Application in namespace %s deploys to its own namespace only: "+
				"set it to %s, or have an administrator declare the Application in namespace %s",
			destination, app.Namespace, app.Namespace, ownNamespace)
	}
	account := app.Spec.ServiceAccountName
	if account == "" {
		account = DefaultServiceAccount
	}
	return Permission{Scope: syncer.Scope{Namespace: destination, NamespaceOnly: true}, ServiceAccount: account}, nil
}
