package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	local "github.com/fairlead/fairlead/cmd/fairlead/render"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/controllers/application"
	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/syncer/render"
)

// repository is the config repository of an Application.
type repository struct {
	declared *v1alpha1.ConfigRepository
	mirror   *gitwriter.Mirror
}

// repositoryOf finds the config repository of an Application, and opens it with the credentials that the cluster has for it,
// if whoever asks may read them. otherwise says what to do for who may not.
func (c *Cluster) repositoryOf(ctx context.Context, app *v1alpha1.Application, otherwise string) (*repository, error) {
	var list v1alpha1.ConfigRepositoryList
	if err := c.client.List(ctx, &list, client.InNamespace(app.Namespace)); err != nil {
		return nil, terminal.Failf(err, "find the repository of Application %s: list ConfigRepositories: %v", keyOf(app), err)
	}
	declared, err := access.RepositoryOf(app, list.Items)
	if err != nil {
		return nil, terminal.Failf(err, "find the repository of Application %s: %v", keyOf(app), err)
	}
	mirror, err := access.NewMirrors().Open(ctx, c.client, declared)
	if apierrors.IsForbidden(err) {
		return nil, terminal.Failf(err, "read the repository of Application %s: %v: it is read from here, with your own rights to its Secret: ask for them, or %s",
			keyOf(app), err, otherwise)
	}
	if err != nil {
		return nil, terminal.Failf(err, "read the repository of Application %s: %v", keyOf(app), err)
	}
	return &repository{declared: declared, mirror: mirror}, nil
}

// newest stands for the newest commit of the branch at the remote.
const newest = "HEAD"

var (
	fullRevision  = regexp.MustCompile(`^[0-9a-f]{40}$`)
	partsRevision = regexp.MustCompile(`^[0-9a-f]{4,39}$`)
)

// resolve finds the commit that a person means: a commit's id or the beginning of one that the Application knows, the name of
// the branch or HEAD for its newest commit, and without any the head that the controller knows.
func (r *repository) resolve(ctx context.Context, app *v1alpha1.Application, revision string) (string, error) {
	known := r.declared.Status.Head
	switch {
	case fullRevision.MatchString(revision):
		return revision, nil
	case revision == "" && known != nil:
		return known.Revision, nil
	case revision == "", revision == newest, revision == r.declared.Spec.Branch:
		head, err := r.mirror.Refresh(ctx)
		if err != nil {
			return "", terminal.Failf(err, "read the branch %s: %v", r.declared.Spec.Branch, err)
		}
		return head.Revision, nil
	case partsRevision.MatchString(revision):
		return complete(app, known, revision)
	default:
		return "", terminal.Failf(nil, "--revision %q: write the id of a commit of the branch %s, or HEAD for its newest", revision, r.declared.Spec.Branch)
	}
}

// complete finds the one commit that an Application knows whose id begins so.
func complete(app *v1alpha1.Application, head *v1alpha1.Head, beginning string) (string, error) {
	found := map[string]bool{}
	note := func(revision string) {
		if strings.HasPrefix(revision, beginning) {
			found[revision] = true
		}
	}
	note(app.Status.Sync.Revision)
	if head != nil {
		note(head.Revision)
	}
	for i := range app.Status.History {
		note(app.Status.History[i].Revision)
	}
	switch len(found) {
	case 0:
		return "", terminal.Failf(nil, "--revision %s: no commit that Application %s has rolled out begins so: write its id in full, 40 digits", beginning, keyOf(app))
	case 1:
		for revision := range found {
			return revision, nil
		}
	}
	return "", terminal.Failf(nil, "--revision %s: %d commits that Application %s has rolled out begin so: write more of it", beginning, len(found), keyOf(app))
}

// Origin says where manifests come from. Without either it is the head that the controller knows.
type Origin struct {
	// Revision of the repository: see `--revision`.
	Revision string
	// Local is a folder: the root of a checkout, or the Application's path in one.
	Local string
}

// rendered is what an Application's source renders to.
type rendered struct {
	render.Rendered

	// from says where it comes from, for people.
	from string
}

// render renders an Application as the controller does.
func (c *Cluster) render(ctx context.Context, app *v1alpha1.Application, to *destination, origin Origin) (*rendered, error) {
	caps, err := application.CapabilitiesOf(to.discovery)
	if err != nil {
		return nil, err
	}
	fsys, from, done, err := c.open(ctx, app, origin)
	if err != nil {
		return nil, err
	}
	made, err := render.Render(ctx, fsys, application.SourceOf(app), caps)
	if err := errors.Join(err, done()); err != nil {
		return nil, terminal.Failf(err, "render Application %s at %s: %v", keyOf(app), from, err)
	}
	return &rendered{Rendered: made, from: from}, nil
}

// open opens the files that an Application is rendered from.
func (c *Cluster) open(ctx context.Context, app *v1alpha1.Application, origin Origin) (fsys fs.FS, from string, done func() error, err error) {
	if origin.Local != "" {
		return openLocal(app, origin.Local)
	}
	repository, err := c.repositoryOf(ctx, app, "compare a checkout with --local")
	if err != nil {
		return nil, "", nil, err
	}
	revision, err := repository.resolve(ctx, app, origin.Revision)
	if err != nil {
		return nil, "", nil, err
	}
	snapshot, err := repository.mirror.Snapshot(ctx, revision)
	if err != nil {
		return nil, "", nil, terminal.Failf(err, "read revision %s: %v", revision, err)
	}
	// What is wrong with the path itself, the renderer says better.
	_ = snapshot.Prefetch(ctx, path.Clean(app.Spec.Source.Path))
	return snapshot.FS(), "revision " + short(revision), func() error { return nil }, nil
}

// openLocal opens a folder: as the root of a checkout if the Application's path is in it, or as the Application's path itself
// if its own path ends so.
func openLocal(app *v1alpha1.Application, dir string) (fsys fs.FS, from string, done func() error, err error) {
	wanted := path.Clean(app.Spec.Source.Path)
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, "", nil, fmt.Errorf("--local %s: %w", dir, err)
	}
	root := absolute
	if info, err := os.Stat(filepath.Join(absolute, filepath.FromSlash(wanted))); err != nil || !info.IsDir() {
		above, ok := strings.CutSuffix(filepath.ToSlash(absolute), "/"+wanted)
		if !ok {
			return nil, "", nil, terminal.Failf(nil, "--local %s: it has no folder %s, and isn't that folder itself: name the root of a checkout of the repository", dir, wanted)
		}
		root = filepath.FromSlash(above + "/")
	}
	files, done, err := local.OpenFolder(root)
	if err != nil {
		return nil, "", nil, terminal.Failf(err, "--local %s: %v", dir, err)
	}
	return files, "the folder " + dir, done, nil
}
