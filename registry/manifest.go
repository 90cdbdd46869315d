package registry

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/types"
)

// digestPattern is the form of the digests that can be checked here.
var digestPattern = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// platformPattern is the form of a part of a platform's name.
var platformPattern = regexp.MustCompile(`^[a-z0-9_.-]{1,32}$`)

// manifest is what is read of a manifest or an index of either kind (OCI image specification; Docker's schema 2).
type manifest struct {
	MediaType string       `json:"mediaType"`
	Manifests []descriptor `json:"manifests"`
	Config    descriptor   `json:"config"`
}

// descriptor is what is read of a reference to something in the repository.
type descriptor struct {
	MediaType string    `json:"mediaType"`
	Digest    string    `json:"digest"`
	Platform  *platform `json:"platform"`
}

// platform is that of a manifest in an index, and of an image's configuration.
type platform struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant"`
}

// String returns it as it is written in a policy, "" if it is none: attestations are listed under unknown/unknown.
func (p platform) String() string {
	parts := []string{p.OS, p.Architecture}
	if p.Variant != "" {
		parts = append(parts, p.Variant)
	}

	for _, part := range parts {
		if part == "unknown" || !platformPattern.MatchString(part) {
			return ""
		}
	}

	return strings.Join(parts, "/")
}

// parseManifest reads a manifest or an index.
func parseManifest(body []byte) (manifest, error) {
	var m manifest

	if json.Unmarshal(body, &m) != nil {
		return manifest{}, &violation{problem: "its manifest can't be read", hint: "push it anew"}
	}

	return m, nil
}

// isIndex reports whether it is an index. What it is follows from its bytes alone, as what is remembered of its digest
// must: the media type of the answer plays no part, since another registry could send another.
func (m manifest) isIndex() bool {
	if m.MediaType == "" {
		return m.Manifests != nil
	}

	return types.MediaType(m.MediaType).IsIndex()
}

// isImage reports whether it is the manifest of an image. Others share its form: charts, signatures, attestations.
func (m manifest) isImage() bool { return types.MediaType(m.Config.MediaType).IsConfig() }

// isManifest reports whether it refers to a manifest or an index.
func (d descriptor) isManifest() bool {
	mediaType := types.MediaType(d.MediaType)

	return mediaType.IsImage() || mediaType.IsIndex()
}

// parseConfig reads the platform in an image's configuration.
func parseConfig(body []byte) (platform, error) {
	var p platform

	if json.Unmarshal(body, &p) != nil {
		return platform{}, &violation{problem: "its configuration can't be read", hint: "push it anew"}
	}

	return p, nil
}

// sorted returns the platforms that were found, never nil.
func (i *inspection) sorted() []string {
	return append([]string{}, slices.Sorted(maps.Keys(i.found))...)
}
