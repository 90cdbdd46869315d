package v1alpha1

// Finalizers of an Application that ask for its objects to be deleted with it. Without one of them the objects stay.
// Those of Argo CD mean what they mean there.
const (
	// ResourcesFinalizer waits until each object is gone, and what belongs to it.
	ResourcesFinalizer = "fairlead.dev/resources-finalizer"
	// ArgoResourcesFinalizer means the same.
	ArgoResourcesFinalizer = "resources-finalizer.argocd.argoproj.io"
	// ArgoForegroundFinalizer means the same.
	ArgoForegroundFinalizer = "resources-finalizer.argocd.argoproj.io/foreground"
	// ArgoBackgroundFinalizer leaves what belongs to the objects to Kubernetes' garbage collection.
	ArgoBackgroundFinalizer = "resources-finalizer.argocd.argoproj.io/background"
)

// Finalizers that Argo CD puts on an Application whose source has hooks for its deletion, and that come along with a manifest
// that was read from a cluster. They ask for nothing here, where the hooks run if the objects are deleted, and are taken away.
const (
	// ArgoPreDeleteFinalizer and ArgoPreDeleteCleanupFinalizer stand for PreDelete hooks.
	ArgoPreDeleteFinalizer        = "pre-delete-finalizer.argocd.argoproj.io"
	ArgoPreDeleteCleanupFinalizer = "pre-delete-finalizer.argocd.argoproj.io/cleanup"
	// ArgoPostDeleteFinalizer and ArgoPostDeleteCleanupFinalizer stand for PostDelete hooks.
	ArgoPostDeleteFinalizer        = "post-delete-finalizer.argocd.argoproj.io"
	ArgoPostDeleteCleanupFinalizer = "post-delete-finalizer.argocd.argoproj.io/cleanup"
)

// Annotations of an Application that confirm the deletion of objects whose sync options ask for that (Prune=confirm,
// Delete=confirm). Their value is the time of the confirmation (RFC 3339): it counts for what asked for it before.
//
//	kubectl annotate application www fairlead.dev/deletion-approved="$(date -u +%FT%TZ)" --overwrite
const (
	// DeletionApprovedAnnotation is our own.
	DeletionApprovedAnnotation = "fairlead.dev/deletion-approved"
	// ArgoDeletionApprovedAnnotation is Argo CD's. Of the two the later counts.
	ArgoDeletionApprovedAnnotation = "argocd.argoproj.io/deletion-approved"
)
