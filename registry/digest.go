package registry

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// manifestTypes are the media types of what a tag can name.
const manifestTypes = string(types.OCIImageIndex) + ", " + string(types.DockerManifestList) + ", " +
	string(types.OCIManifestSchema1) + ", " + string(types.DockerManifestSchema2)

// Digest asks for the digest that a tag names now, "sha256:..." (OCI distribution specification, "Checking if content
// exists in the registry"). The second result is the number of HTTP requests that it cost, also if it failed: one in
// the steady state, two if the registry doesn't tell the digest without the manifest. The error is an *Error.
func (c *Client) Digest(ctx context.Context, ref name.Tag, access Access) (string, int, error) {
	op := operation{verb: "resolve", repo: ref.Context(), tag: ref.TagStr(), access: access}

	ctx, record := newCall(ctx, c.limits.Bytes, access)

	digest, _, err := c.session(ref.Context(), access).resolve(ctx, ref.TagStr())
	if err != nil {
		return "", record.count(), op.failed(record, err)
	}

	return digest, record.count(), nil
}

// resolve asks for the headers of a tag's manifest, and for the manifest if they don't hold its digest: then it returns
// that too.
func (s *session) resolve(ctx context.Context, tag string) (string, *answer, error) {
	head, err := s.manifest(ctx, http.MethodHead, tag)
	if err != nil {
		return "", nil, err
	}

	if head.status != http.StatusMethodNotAllowed {
		if head.status != http.StatusOK {
			return "", nil, head.refused()
		}

		if digest, err := v1.NewHash(head.header.Get("Docker-Content-Digest")); err == nil {
			return digest.String(), nil, nil
		}
	}

	got, err := s.manifest(ctx, http.MethodGet, tag)
	if err != nil {
		return "", nil, err
	}

	if got.status != http.StatusOK {
		return "", nil, got.refused()
	}

	return digestOf(got.body), &got, nil
}

// manifest asks for a manifest by its tag or digest, or for its headers.
func (s *session) manifest(ctx context.Context, method, reference string) (answer, error) {
	return s.ask(ctx, question{method: method, url: s.within("manifests/"+reference, nil), accept: manifestTypes, limit: maxManifest})
}

// digestOf computes a digest (OCI image specification, "Digests").
func digestOf(content []byte) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(content))
}
