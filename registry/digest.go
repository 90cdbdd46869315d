package registry

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
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

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	ctx, record := newCall(ctx, c.limits.Bytes, access)

	s, done, err := c.open(ctx, ref.Context(), access)
	if err != nil {
		return "", 0, op.failed(record, err)
	}
	defer done()

	digest, err := s.resolve(ctx, ref.TagStr())
	requests := record.soFar().requests

	if err != nil {
		failure := op.failed(record, err)
		if failure.refusedCredential() {
			s.forget()
		}

		return "", requests, failure
	}

	return digest, requests, nil
}

// resolve asks for the headers of a tag's manifest, and for the manifest if they don't hold its digest.
func (s *session) resolve(ctx context.Context, tag string) (string, error) {
	client, err := s.authenticated(ctx)
	if err != nil {
		return "", err
	}

	resp, err := s.manifest(ctx, client, http.MethodHead, tag)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()

	if resp.StatusCode != http.StatusMethodNotAllowed {
		if err := transport.CheckError(resp, http.StatusOK); err != nil {
			return "", err
		}

		if digest, err := v1.NewHash(resp.Header.Get("Docker-Content-Digest")); err == nil {
			return digest.String(), nil
		}
	}

	return s.hash(ctx, client, tag)
}

// hash fetches a tag's manifest and computes its digest.
func (s *session) hash(ctx context.Context, client *http.Client, tag string) (string, error) {
	resp, err := s.manifest(ctx, client, http.MethodGet, tag)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()

	if err := transport.CheckError(resp, http.StatusOK); err != nil {
		return "", err
	}

	hash := sha256.New()
	if _, err := io.Copy(hash, resp.Body); err != nil {
		return "", err
	}

	return fmt.Sprintf("sha256:%x", hash.Sum(nil)), nil
}

// manifest asks for a tag's manifest, or its headers.
func (s *session) manifest(ctx context.Context, client *http.Client, method, tag string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.endpoint("manifests/"+tag, nil).String(), http.NoBody)
	if err != nil {
		return nil, err
	}

	req.Header.Set("Accept", manifestTypes)

	return client.Do(req)
}
