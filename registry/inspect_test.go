package registry_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/fairlead/fairlead/registry"
)

// image makes an image for a platform, in Docker's form or that of the OCI.
func image(t *testing.T, oci bool, platform string) v1.Image {
	t.Helper()

	p, err := v1.ParsePlatform(platform)
	if err != nil {
		t.Fatal(err)
	}

	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant})
	if err != nil {
		t.Fatal(err)
	}

	if oci {
		return mutate.ConfigMediaType(mutate.MediaType(img, types.OCIManifestSchema1), types.OCIConfigJSON)
	}

	return img
}

// index makes an index of images and indexes, each with the platform that it is listed under, "" for none.
func index(t *testing.T, oci bool, entries ...mutate.IndexAddendum) v1.ImageIndex {
	t.Helper()

	mediaType := types.DockerManifestList
	if oci {
		mediaType = types.OCIImageIndex
	}

	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, mediaType), entries...)
}

// listed is an entry of an index.
func listed(t *testing.T, what mutate.Appendable, platform string) mutate.IndexAddendum {
	t.Helper()

	entry := mutate.IndexAddendum{Add: what}

	if platform != "" {
		p, err := v1.ParsePlatform(platform)
		if err != nil {
			t.Fatal(err)
		}

		entry.Platform = p
	}

	return entry
}

// pushTag pushes an image or an index past the handler in front, and returns its digest.
func (w *wire) pushTag(t *testing.T, tag string, what remote.Taggable) string {
	t.Helper()

	repo, err := name.NewRepository("localhost:5000/www", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}

	pusher, err := remote.NewPusher(remote.WithTransport(w.backend), remote.WithJobs(1))
	if err != nil {
		t.Fatal(err)
	}

	if err := pusher.Push(t.Context(), repo.Tag(tag), what); err != nil {
		t.Fatal(err)
	}

	raw, err := what.RawManifest()
	if err != nil {
		t.Fatal(err)
	}

	hash, _, err := v1.SHA256(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}

	return hash.String()
}

// TestInspect looks at what was pushed to a real registry, twice, and at a second tag of the same.
func TestInspect(t *testing.T) {
	t.Parallel()

	chart := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), "application/vnd.cncf.helm.config.v1+json")
	amd64, arm64 := image(t, true, "linux/amd64"), image(t, true, "linux/arm64/v8")

	deep := index(t, true, listed(t, amd64, "linux/amd64"))
	for range 3 {
		deep = index(t, true, listed(t, deep, ""))
	}

	var many []mutate.IndexAddendum
	for i := range 17 {
		many = append(many, listed(t, image(t, true, fmt.Sprintf("linux/a%d", i)), ""))
	}

	var platforms []mutate.IndexAddendum
	for i := range 257 {
		platforms = append(platforms, listed(t, amd64, fmt.Sprintf("linux/a%d", i)))
	}

	cases := map[string]struct {
		reason   string
		push     remote.Taggable
		want     []string
		requests int
		err      string
	}{
		"Docker": {
			reason: "an image of Docker's says it in its configuration", push: image(t, false, "linux/amd64"),
			want: []string{"linux/amd64"}, requests: 3,
		},
		"OCI": {
			reason: "so does one of the OCI, with a variant", push: image(t, true, "linux/arm64/v8"),
			want: []string{"linux/arm64/v8"}, requests: 3,
		},
		"Index": {
			reason: "an index says it itself; attestations are no platform",
			push:   index(t, true, listed(t, arm64, "linux/arm64/v8"), listed(t, amd64, "linux/amd64"), listed(t, chart, "unknown/unknown")),
			want:   []string{"linux/amd64", "linux/arm64/v8"}, requests: 2,
		},
		"List": {
			reason: "and a list of Docker's; each platform once",
			push:   index(t, false, listed(t, image(t, false, "linux/s390x"), "linux/s390x"), listed(t, image(t, false, "linux/386"), "linux/s390x")),
			want:   []string{"linux/s390x"}, requests: 2,
		},
		"Nested": {
			reason: "an index in an index is looked at, and an image without a platform",
			push:   index(t, true, listed(t, index(t, true, listed(t, amd64, "linux/amd64")), ""), listed(t, image(t, true, "windows/amd64"), "")),
			want:   []string{"linux/amd64", "windows/amd64"}, requests: 5,
		},
		"Chart": {
			reason: "what is no image has no platform, and its configuration isn't fetched", push: chart,
			want: []string{}, requests: 2,
		},
		"Odd": {
			reason: "what can't be the name of a platform is none",
			push:   index(t, true, listed(t, amd64, "linux/amd64"), listed(t, arm64, "Linux/"+strings.Repeat("x", 40))),
			want:   []string{"linux/amd64"}, requests: 2,
		},
		"Deep": {
			reason: "indexes are followed three deep", push: deep, requests: 4,
			err: "inspect %[1]s/www:Deep: %[1]s: its index leads too far: to too many manifests that it gives no platform for: push it anew",
		},
		"Many": {
			reason: "and not to any number of manifests", push: index(t, true, many...), requests: 1 + 16 + 15,
			err: "inspect %[1]s/www:Many: %[1]s: its index leads too far: to too many manifests that it gives no platform for: push it anew",
		},
		"Platforms": {
			reason: "nor are there any number of platforms", push: index(t, true, platforms...), requests: 2,
			err: "inspect %[1]s/www:Platforms: %[1]s: its index names more platforms than there are: push it anew",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWire(t, "", "")
			digest := w.pushTag(t, name, tc.push)
			w.pushTag(t, "other", tc.push)

			c := registry.NewClient()
			repo := w.repository(t, "www")

			got, requests, err := c.Inspect(t.Context(), repo.Tag(name), registry.Access{})
			checkMessage(t, tc.reason, tc.err, w.host, err)

			if diff := cmp.Diff(tc.requests, requests); diff != "" {
				t.Errorf("%s: requests (-want +got):\n%s", tc.reason, diff)
			}

			if tc.err != "" {
				return
			}

			want := registry.Manifest{Digest: digest, Platforms: tc.want}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}

			for _, tag := range []string{name, "other"} {
				got, requests, err := c.Inspect(t.Context(), repo.Tag(tag), registry.Access{Credential: registry.Credential{Username: "other"}})
				if err != nil {
					t.Fatal(err)
				}

				if diff := cmp.Diff([]any{want, 1}, []any{got, requests}); diff != "" {
					t.Errorf("%s: what is known of a digest costs one request (-want +got):\n%s", tc.reason, diff)
				}
			}
		})
	}
}

// TestInspectFaults checks that nothing is taken for what it isn't.
func TestInspectFaults(t *testing.T) {
	t.Parallel()

	w := newWire(t, "", "")
	pushed := image(t, true, "linux/amd64")
	digest := w.pushTag(t, "v1.0.0", pushed)

	config, err := pushed.ConfigName()
	if err != nil {
		t.Fatal(err)
	}

	// forge answers the requests for a kind of thing; the others get to the registry.
	forge := func(kind string, answer http.HandlerFunc) http.HandlerFunc {
		return func(rw http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/"+kind+"/") {
				answer(rw, r)

				return
			}

			w.proxy.ServeHTTP(rw, r)
		}
	}

	const (
		inspect = "inspect %[1]s/www:v1.0.0: %[1]s"
		other   = " has another digest: check the registry's storage, or a proxy before it"
	)

	for name, tc := range map[string]struct {
		reason, want string
		answer       http.HandlerFunc
	}{
		"Manifest": {
			reason: "a manifest is what its digest names", answer: forge("manifests", respond(200, `{"manifests":[]}`)),
			want: inspect + ": what it sent for " + digest + other,
		},
		"Config": {
			reason: "so is a configuration", answer: forge("blobs", respond(200, `{"os":"linux","architecture":"riscv64"}`)),
			want: inspect + ": what it sent for " + config.String() + other,
		},
		"Gone": {
			reason: "blobs may be missing", answer: forge("blobs", respond(404, `{"errors":[{"code":"BLOB_UNKNOWN"}]}`)),
			want: inspect + " answered 404 Not Found (BLOB_UNKNOWN): check that the tag still exists",
		},
		"Large": {
			reason: "sizes are bounded", answer: forge("blobs", respond(200, strings.Repeat(" ", 4<<20+1))),
			want: inspect + ": an answer is larger than 4096 KiB: check that this is a registry, and what was pushed to it",
		},
		"Truncated": {
			reason: "half a manifest is none", answer: forge("manifests", reset(true)),
			want: inspect + ": connection lost: it was closed in the middle: check the address, and that the registry is running and reachable",
		},
		"WithoutDigest": {
			reason: "without the header the manifest says what it is", answer: func(rw http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/manifests/") {
					respond(200, `[]`)(rw, r)

					return
				}

				w.proxy.ServeHTTP(rw, r)
			},
			want: inspect + ": its manifest can't be read: push it anew",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w.answer(tc.answer)
			defer w.answer(nil)

			got, _, err := registry.NewClient().Inspect(t.Context(), w.repository(t, "www").Tag("v1.0.0"), registry.Access{})

			checkMessage(t, tc.reason, tc.want, w.host, err)

			if diff := cmp.Diff(registry.Manifest{}, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}
