package application

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/syncer"
	"github.com/fairlead/fairlead/syncer/render"
)

// permit finds out what the Application may touch, and as whom.
func (r *Reconciler) permit(ctx context.Context, s *scope) error {
	permission, err := access.PermissionOf(s.app, r.ownNamespace)
	if err != nil {
		return s.fail(v1alpha1.ReasonNotPermitted, err)
	}
	s.permission = permission
	if s.cluster, err = r.clusters.of(ctx, r.live, s.app); err != nil {
		return s.fail(v1alpha1.ReasonSecretNotUsable, err)
	}
	identity, err := s.cluster.clients.As(s.app.Namespace, permission.ServiceAccount)
	if err != nil {
		return err
	}
	s.client, s.explainer = identity.Objects, syncer.NewExplainer(identity.Core)
	return nil
}

// find finds the ConfigRepository that serves the source, and the head that it has read.
func (r *Reconciler) find(ctx context.Context, s *scope) error {
	var repositories v1alpha1.ConfigRepositoryList
	if err := r.client.List(ctx, &repositories, client.InNamespace(s.app.Namespace)); err != nil {
		return fmt.Errorf("list ConfigRepositories: %w", err)
	}
	repository, err := access.RepositoryOf(s.app, repositories.Items)
	if err != nil {
		return s.fail(v1alpha1.ReasonRepositoryNotFound, err)
	}
	if repository.Status.Head == nil {
		return s.fail(v1alpha1.ReasonRepositoryNotReady, &waitError{
			message: fmt.Sprintf("waits until ConfigRepository %s/%s has read its branch: see its condition Ready", repository.Namespace, repository.Name),
		})
	}
	s.repository, s.head = repository, *repository.Status.Head
	r.metrics.HeadFound(client.ObjectKeyFromObject(repository), s.head.Revision, r.now())
	return nil
}

// waitError is no failure: something that is watched has to come first.
type waitError struct{ message string }

// Error implements error.
func (e *waitError) Error() string { return e.message }

// render renders the source at the head, unless nothing that it reads has changed.
func (r *Reconciler) render(ctx context.Context, s *scope) error {
	caps, err := s.cluster.capabilities.get()
	if err != nil {
		return err
	}
	known, _ := r.renders.get(s.key)
	if known.revision == s.head.Revision && known.generation == s.app.Generation && known.repository == s.repository.UID && known.capabilities == caps.key {
		s.rendered = known
		return nil
	}
	snapshot, err := r.snapshot(ctx, s)
	if err != nil {
		return s.fail(v1alpha1.ReasonGitFailed, err)
	}
	source := SourceOf(s.app)
	inputs, err := inputsOf(snapshot, source, caps.Capabilities, nil)
	if err != nil {
		return err
	}
	over, err := r.attempt(ctx, s.app, inputs)
	if err != nil {
		return s.fail(v1alpha1.ReasonRenderFailed, err)
	}
	began := r.now()
	made, err := known.render(ctx, snapshot, source, caps.Capabilities)
	over()
	r.countRendering(known, made, err, began)
	if err != nil {
		return s.fail(reasonOfRender(err), err)
	}
	made.revision, made.generation, made.repository, made.capabilities = s.head.Revision, s.app.Generation, s.repository.UID, caps.key
	r.renders.put(s.key, made)
	s.rendered = made
	return nil
}

// reasonOfRender tells a file that couldn't be fetched from one that can't be rendered.
func reasonOfRender(err error) v1alpha1.Reason {
	if failure := (*gitwriter.Error)(nil); errors.As(err, &failure) {
		return v1alpha1.ReasonGitFailed
	}
	return v1alpha1.ReasonRenderFailed
}

// snapshot opens the tree of the head. After a restart the mirror is empty, and asks the remote first.
func (r *Reconciler) snapshot(ctx context.Context, s *scope) (*gitwriter.Snapshot, error) {
	mirror, err := r.mirrors.Open(ctx, r.live, s.repository)
	if err != nil {
		return nil, err
	}
	return mirror.Snapshot(ctx, s.head.Revision)
}

// SourceOf is what the renderer is told of an Application.
func SourceOf(app *v1alpha1.Application) render.Source {
	helm := app.Spec.Source.Helm
	if helm == nil {
		helm = &v1alpha1.HelmSource{}
	}
	source := render.Source{
		Path: app.Spec.Source.Path, Namespace: app.Spec.Destination.Namespace, Type: typeOf(app.Spec.Source), Helm: helmOf(*helm, app.Name),
	}
	if kustomize := app.Spec.Source.Kustomize; kustomize != nil {
		source.Kustomize = kustomizeOf(*kustomize)
	}
	if directory := app.Spec.Source.Directory; directory != nil {
		source.Directory = render.Directory(*directory)
	}
	return source
}

// helmOf is how a chart is rendered.
func helmOf(source v1alpha1.HelmSource, name string) render.Helm {
	helm := render.Helm{
		ReleaseName: cmp.Or(source.ReleaseName, name), ValueFiles: source.ValueFiles, Values: source.Values,
		IgnoreMissingValueFiles: source.IgnoreMissingValueFiles, SkipCRDs: source.SkipCrds, SkipTests: source.SkipTests,
		SkipSchemaValidation: source.SkipSchemaValidation,
		KubeVersion:          source.KubeVersion, APIVersions: source.APIVersions, Namespace: source.Namespace,
	}
	if source.ValuesObject != nil {
		helm.ValuesObject = source.ValuesObject.Raw
	}
	for _, parameter := range source.Parameters {
		helm.Parameters = append(helm.Parameters, render.Parameter(parameter))
	}
	for _, parameter := range source.FileParameters {
		helm.FileParameters = append(helm.FileParameters, render.FileParameter(parameter))
	}
	return helm
}

// typeOf is the kind of source that the Application says it is.
func typeOf(source v1alpha1.ApplicationSource) render.Type {
	switch {
	case source.Helm != nil:
		return render.TypeHelm
	case source.Kustomize != nil:
		return render.TypeKustomize
	case source.Directory != nil:
		return render.TypeDirectory
	default:
		return ""
	}
}

// kustomizeOf is what is laid over a kustomization.
func kustomizeOf(source v1alpha1.KustomizeSource) render.Kustomize {
	laid := render.Kustomize{
		NamePrefix: source.NamePrefix, NameSuffix: source.NameSuffix, Namespace: source.Namespace, Images: source.Images,
		CommonLabels: source.CommonLabels, LabelWithoutSelector: source.LabelWithoutSelector, LabelIncludeTemplates: source.LabelIncludeTemplates,
		CommonAnnotations: source.CommonAnnotations, Components: source.Components,
	}
	for _, replica := range source.Replicas {
		laid.Replicas = append(laid.Replicas, render.Replica(replica))
	}
	for _, patch := range source.Patches {
		laid.Patches = append(laid.Patches, render.Patch{Path: patch.Path, Patch: patch.Patch, Target: (*render.Target)(patch.Target), Options: patch.Options})
	}
	return laid
}
