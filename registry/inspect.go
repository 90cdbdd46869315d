package registry

import (
	"context"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
)

// Bounds on how far an index is followed: how deep, how many manifests are fetched for want of a platform in it, and
// how many platforms an image may have.
const (
	maxDepth     = 3
	maxFollowed  = 16
	maxPlatforms = 256
)

// Manifest is what is known of the manifest that a tag names.
type Manifest struct {
	// Digest is "sha256:...".
	Digest string
	// Platforms are those that the image runs on, sorted, as it says itself: "linux/amd64", "linux/arm64/v8". It is never
	// nil: what is no image has none. It must not be changed: it is what is remembered.
	Platforms []string
}

// Inspect asks what a tag names now: its digest, and the platforms of the image behind it. Those of an index are those
// of its manifests (OCI image specification, "Image Index"), attestations left out; those of a single manifest stand in
// its configuration. Everything is checked against the digest that names it, and remembered by that: a tag whose digest
// is known costs as many requests as Digest. The second result is the number of HTTP requests, also if it failed. The
// error is an *Error.
func (c *Client) Inspect(ctx context.Context, ref name.Tag, access Access) (Manifest, int, error) {
	op := operation{verb: "inspect", repo: ref.Context(), tag: ref.TagStr(), access: access}

	ctx, record := newCall(ctx, c.limits.Bytes, access)

	found, err := c.inspect(ctx, c.session(ref.Context(), access), ref.TagStr())
	if err != nil {
		return Manifest{}, record.count(), op.failed(record, err)
	}

	return found, record.count(), nil
}

// inspect is Inspect without the counting.
func (c *Client) inspect(ctx context.Context, s *session, tag string) (Manifest, error) {
	digest, got, err := s.resolve(ctx, tag)
	if err != nil {
		return Manifest{}, err
	}

	if known, ok := c.platforms.get(digest); ok {
		return Manifest{Digest: digest, Platforms: known}, nil
	}

	look := &inspection{session: s, found: make(map[string]bool)}

	if got != nil {
		err = look.read(ctx, *got, 1)
	} else {
		err = look.manifest(ctx, digest, 1)
	}

	if err != nil {
		return Manifest{}, err
	}

	platforms := look.sorted()
	c.platforms.put(digest, platforms, 1+len(platforms))

	return Manifest{Digest: digest, Platforms: platforms}, nil
}

// inspection is the search for an image's platforms.
type inspection struct {
	session *session
	// found are the platforms, followed the number of manifests that were fetched.
	found    map[string]bool
	followed int
}

// manifest fetches a manifest by its digest and reads it.
func (i *inspection) manifest(ctx context.Context, digest string, depth int) error {
	i.followed++

	if i.followed > maxFollowed || depth > maxDepth {
		return &violation{problem: "its index leads too far: to too many manifests that it gives no platform for", hint: "push it anew"}
	}

	got, err := i.session.manifest(ctx, http.MethodGet, digest)
	if err != nil {
		return err
	}

	if err := verify(got, digest); err != nil {
		return err
	}

	return i.read(ctx, got, depth)
}

// read finds the platforms of a manifest.
func (i *inspection) read(ctx context.Context, got answer, depth int) error {
	m, err := parseManifest(got.body)
	if err != nil {
		return err
	}

	if m.isIndex() {
		return i.index(ctx, m, depth)
	}

	if !m.isImage() {
		return nil
	}

	config, err := i.config(ctx, m.Config.Digest)
	if err != nil {
		return err
	}

	return i.add(config)
}

// index finds the platforms of the manifests that an index names. Those without a platform are looked at themselves.
func (i *inspection) index(ctx context.Context, m manifest, depth int) error {
	for _, entry := range m.Manifests {
		var err error

		switch {
		case entry.Platform != nil:
			err = i.add(*entry.Platform)
		case entry.isManifest() && digestPattern.MatchString(entry.Digest):
			err = i.manifest(ctx, entry.Digest, depth+1)
		}

		if err != nil {
			return err
		}
	}

	return nil
}

// config fetches the configuration of an image, wherever the registry keeps it.
func (i *inspection) config(ctx context.Context, digest string) (platform, error) {
	if !digestPattern.MatchString(digest) {
		return platform{}, &violation{problem: "its manifest names its configuration by something else than a digest", hint: "push it anew"}
	}

	got, err := i.session.ask(ctx, question{method: http.MethodGet, url: i.session.within("blobs/"+digest, nil), limit: maxBlob})
	if err != nil {
		return platform{}, err
	}

	if err := verify(got, digest); err != nil {
		return platform{}, err
	}

	return parseConfig(got.body)
}

// add takes in a platform, if it is one.
func (i *inspection) add(p platform) error {
	if text := p.String(); text != "" {
		i.found[text] = true
	}

	if len(i.found) > maxPlatforms {
		return &violation{problem: "its index names more platforms than there are", hint: "push it anew"}
	}

	return nil
}

// verify checks that an answer is what a digest names.
func verify(got answer, digest string) error {
	if got.status != http.StatusOK {
		return got.refused()
	}

	if found := digestOf(got.body); found != digest {
		return &violation{problem: "what it sent for " + digest + " has another digest", hint: "check the registry's storage, or a proxy before it"}
	}

	return nil
}
