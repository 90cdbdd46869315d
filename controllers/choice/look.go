package choice

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/fairlead/fairlead/registry"
	"github.com/fairlead/fairlead/registry/selection"
)

// LookAt asks a registry for what a decision may need to know of a tag, and returns the number of requests that it took. A
// tag that is gone has a Problem and no error.
func LookAt(
	ctx context.Context, client *registry.Client, repository name.Repository, access registry.Access, tag string, platforms bool,
) (fact selection.Fact, requests int, err error) {
	if platforms {
		var manifest registry.Manifest
		manifest, requests, err = client.Inspect(ctx, repository.Tag(tag), access)
		fact.Digest, fact.Platforms = manifest.Digest, manifest.Platforms
	} else {
		fact.Digest, requests, err = client.Digest(ctx, repository.Tag(tag), access)
	}
	if failure, ok := errors.AsType[*registry.Error](err); ok && failure.Status == http.StatusNotFound {
		return selection.Fact{Problem: failure.Error()}, requests, nil
	}
	return fact, requests, err
}
