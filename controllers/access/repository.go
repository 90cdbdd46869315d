package access

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// RepositoryOf finds, among the ConfigRepositories of the Application's namespace, the one that serves its source.
func RepositoryOf(app *v1alpha1.Application, repositories []v1alpha1.ConfigRepository) (*v1alpha1.ConfigRepository, error) {
	source := app.Spec.Source
	var found []*v1alpha1.ConfigRepository
	for i := range repositories {
		repository := &repositories[i]
		if repository.Namespace == app.Namespace && serves(repository, source) {
			found = append(found, repository)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, failf(v1alpha1.ReasonRepositoryNotFound, true,
			"%d ConfigRepositories have the url %s: say which branch in source.targetRevision, or name one in source.repositoryRef", len(found), source.RepoURL)
	case source.RepositoryRef != nil:
		return nil, missingRef(app, repositories)
	default:
		return nil, failf(v1alpha1.ReasonRepositoryNotFound, true,
			"no ConfigRepository in namespace %s has the url %s and the branch %s: create one, which says how the repository is reached",
			app.Namespace, source.RepoURL, branchOrAny(source.TargetRevision))
	}
}

func serves(repository *v1alpha1.ConfigRepository, source v1alpha1.ApplicationSource) bool {
	if anyBranch := source.TargetRevision == "" || source.TargetRevision == "HEAD"; !anyBranch && source.TargetRevision != repository.Spec.Branch {
		return false
	}
	if source.RepositoryRef != nil {
		return source.RepositoryRef.Name == repository.Name
	}
	return normalURL(source.RepoURL) == normalURL(repository.Spec.URL)
}

// normalURL leaves out what users write differently in the same URL, as Argo CD does: git@host:path is ssh://git@host/path.
func normalURL(url string) string {
	if at, path, ok := strings.Cut(url, ":"); ok && !strings.Contains(url, "://") && strings.Contains(at, "@") {
		url = "ssh://" + at + "/" + strings.TrimPrefix(path, "/")
	}
	return strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(url), "/"), ".git")
}

func missingRef(app *v1alpha1.Application, repositories []v1alpha1.ConfigRepository) error {
	ref := app.Spec.Source.RepositoryRef.Name
	at := slices.IndexFunc(repositories, func(r v1alpha1.ConfigRepository) bool { return r.Namespace == app.Namespace && r.Name == ref })
	if at < 0 {
		return failf(v1alpha1.ReasonRepositoryNotFound, true, "ConfigRepository %s/%s, which source.repositoryRef names, doesn't exist", app.Namespace, ref)
	}
	return failf(v1alpha1.ReasonRepositoryNotFound, true,
		"source.targetRevision is %s, but ConfigRepository %s/%s is on the branch %s: leave targetRevision out, or name a ConfigRepository of that branch",
		app.Spec.Source.TargetRevision, app.Namespace, ref, repositories[at].Spec.Branch)
}

func branchOrAny(revision string) string {
	if revision == "" || revision == "HEAD" {
		return "of any name"
	}
	return revision
}

// Place is where a target of a policy lies.
type Place struct {
	// Repository is the name of the ConfigRepository.
	Repository string
	// File, relative to the root of the repository.
	File string
}

// Resolve finds where a target of a policy in this namespace lies. The Applications and ConfigRepositories may be those
// of more namespaces.
func Resolve(namespace string, target v1alpha1.Target, apps []v1alpha1.Application, repositories []v1alpha1.ConfigRepository) (Place, error) {
	if target.RepositoryRef != nil {
		return resolveRepository(namespace, target, repositories)
	}
	at := slices.IndexFunc(apps, func(a v1alpha1.Application) bool {
		return a.Namespace == namespace && a.Name == target.ApplicationRef.Name
	})
	if at < 0 {
		return Place{}, failf(v1alpha1.ReasonTargetNotResolved, true, "Application %s/%s, which target %s names, doesn't exist",
			namespace, target.ApplicationRef.Name, nameOf(target))
	}
	app := &apps[at]
	repository, err := RepositoryOf(app, repositories)
	if err != nil {
		return Place{}, failf(v1alpha1.ReasonTargetNotResolved, true, "Application %s/%s: %s", namespace, app.Name, err)
	}
	file := target.File
	if file == "" {
		if app.Spec.Source.Helm == nil || len(app.Spec.Source.Helm.ValueFiles) == 0 {
			return Place{}, failf(v1alpha1.ReasonTargetNotResolved, true,
				"target %s names no file, and Application %s/%s has no valueFiles to default to: set file", nameOf(target), namespace, app.Name)
		}
		file = app.Spec.Source.Helm.ValueFiles[0]
		if strings.ContainsAny(file, "*?[") {
			return Place{}, failf(v1alpha1.ReasonTargetNotResolved, true,
				"target %s names no file, and the first of the valueFiles of Application %s/%s, %s, is a pattern: set file", nameOf(target), namespace, app.Name, file)
		}
	}
	if rooted, ok := strings.CutPrefix(file, "/"); ok {
		return Place{Repository: repository.Name, File: path.Clean(rooted)}, nil
	}
	return Place{Repository: repository.Name, File: path.Join(app.Spec.Source.Path, file)}, nil
}

func resolveRepository(namespace string, target v1alpha1.Target, repositories []v1alpha1.ConfigRepository) (Place, error) {
	name := target.RepositoryRef.Name
	if !slices.ContainsFunc(repositories, func(r v1alpha1.ConfigRepository) bool { return r.Namespace == namespace && r.Name == name }) {
		return Place{}, failf(v1alpha1.ReasonTargetNotResolved, true, "ConfigRepository %s/%s, which target %s names, doesn't exist", namespace, name, nameOf(target))
	}
	return Place{Repository: name, File: path.Clean(target.File)}, nil
}

// nameOf names a target in a message: by the first of its key paths.
func nameOf(target v1alpha1.Target) string {
	return cmp.Or(target.Tag, target.Image, target.Digest, target.Repository)
}
