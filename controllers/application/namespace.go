package application

import (
	"context"

	"github.com/fairlead/fairlead/syncer"
)

// ensureNamespace creates the namespace of the destination where the sync options ask for that, and keeps its metadata.
// Outside of Fairlead's own namespace the destination is the Application's own namespace, which exists.
func (s *scope) ensureNamespace(ctx context.Context) error {
	if !s.rules.Options.CreateNamespace {
		return nil
	}
	metadata := syncer.Metadata{}
	if managed := s.app.Spec.SyncPolicy.ManagedNamespaceMetadata; managed != nil {
		metadata = syncer.Metadata{Labels: managed.Labels, Annotations: managed.Annotations}
	}
	if s.permission.Scope.NamespaceOnly {
		if len(metadata.Labels) > 0 || len(metadata.Annotations) > 0 {
			return &syncer.RefusedError{Problems: []string{
				"spec.syncPolicy.managedNamespaceMetadata: an Application outside of Fairlead's own namespace may not change its namespace: remove it",
			}}
		}
		return nil
	}
	if _, err := s.applier.EnsureNamespace(ctx, s.app.Spec.Destination.Namespace, s.owner(), metadata); err != nil {
		return err
	}
	s.memory.namespaceAt = s.app.Generation
	return nil
}
