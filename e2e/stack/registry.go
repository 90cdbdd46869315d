package stack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Kinds of requests that the registry's Front counts, after the method and a space: "GET tags", "HEAD manifest".
const (
	KindPing     = "ping"
	KindToken    = "token"
	KindTags     = "tags"
	KindManifest = "manifest"
	KindBlob     = "blob"
	KindUpload   = "upload"
	KindOther    = "other"
)

// Registry is the distribution registry with basic auth. Clients reach it through the Front; the stack's own pushes go
// straight to it, so that they are neither counted nor disturbed.
type Registry struct {
	*Front

	// Second is another way to the same registry, with an address, counts and faults of its own: to clients, it is another one.
	Second *Front

	// Secure is another way to it, by TLS, for clients that show a certificate.
	Secure *SecureFront

	// Username and Password that the registry asks for. It takes those of Other, too.
	Username, Password string
	// Other is a second account, with the same rights.
	Other Account

	direct *http.Transport
	image  func() (v1.Image, error)
}

// Pushed is a tag that was pushed.
type Pushed struct {
	// Image is the reference: 127.0.0.1:5000/web-hook/www:v1.0.36.
	Image string
	// Digest of the manifest.
	Digest string
	// Time at which the registry had said yes.
	Time time.Time
}

const registryConfig = `version: 0.1
log: {level: warn}
storage:
  filesystem: {rootdirectory: %[1]s/registry-data}
  delete: {enabled: true}
http: {net: unix, addr: %[1]s/registry.sock, secret: %[2]s}
auth:
  htpasswd: {realm: fairlead-e2e, path: %[1]s/htpasswd}
notifications:
  endpoints:
  - {name: fairlead, url: "http://%[3]s/", headers: {Authorization: [Bearer %[4]s]}}
`

func (s *Stack) startRegistry(ctx context.Context) error {
	account, line, err := newAccount("puller")
	if err != nil {
		return fmt.Errorf("start the registry: %w", err)
	}
	other, otherLine, err := newAccount("other")
	if err != nil {
		return fmt.Errorf("start the registry: %w", err)
	}
	config := filepath.Join(s.dir, "registry.yaml")
	err = errors.Join(
		os.WriteFile(filepath.Join(s.dir, "htpasswd"), []byte(line+otherLine), 0o600),
		os.WriteFile(config, fmt.Appendf(nil, registryConfig, s.dir, account.Password, s.Notifications.Address(), s.Notifications.Token), 0o600))
	if err != nil {
		return fmt.Errorf("start the registry: write its configuration: %w", err)
	}
	process, err := s.start("registry", filepath.Join(s.registryTools, "registry"), "serve", config)
	if err != nil {
		return err
	}
	r := &Registry{
		Username: account.Username, Password: account.Password, Other: other,
		direct: unixTransport(filepath.Join(s.dir, "registry.sock")), image: sync.OnceValues(tinyImage),
	}
	if err := r.open(filepath.Join(s.dir, "registry-pki")); err != nil {
		return errors.Join(err, r.shut())
	}
	s.Registry = r
	return process.waitReady(ctx, func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.Address()+"/v2/", http.NoBody)
		if err != nil {
			return fmt.Errorf("ask the registry: %w", err)
		}
		request.SetBasicAuth(account.Username, account.Password)
		response, err := r.direct.RoundTrip(request)
		if err != nil {
			return fmt.Errorf("ask the registry: %w", err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("ask the registry: %s", response.Status)
		}
		return nil
	})
}

// open puts the Fronts before the registry; certificates go to the folder.
func (r *Registry) open(certificates string) error {
	proxy := &httputil.ReverseProxy{
		Transport:     r.direct,
		FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: r.In.Host})
			r.Out.Host = r.In.Host // the registry makes absolute URLs of it, and of the scheme
			if r.In.TLS != nil {
				r.Out.Header.Set("X-Forwarded-Proto", "https")
			}
		},
	}
	var err error
	if r.Front, err = newFront(proxy, registryKind); err != nil {
		return err
	}
	if r.Second, err = newFront(proxy, registryKind); err != nil {
		return err
	}
	r.Secure, err = newSecureFront(proxy, registryKind, certificates)
	return err
}

// shut closes the Fronts that are open.
func (r *Registry) shut() error {
	fronts := []*Front{r.Front, r.Second}
	if r.Secure != nil {
		fronts = append(fronts, r.Secure.Front)
	}
	var errs []error
	for _, front := range fronts {
		if front != nil {
			errs = append(errs, front.close())
		}
	}
	return errors.Join(errs...)
}

// registryKind names a request by its method and what it is about.
func registryKind(r *http.Request) (string, error) {
	path := r.URL.Path
	switch {
	case path == "/v2/" || path == "/v2":
		return r.Method + " " + KindPing, nil
	case strings.HasSuffix(path, "/token"):
		return r.Method + " " + KindToken, nil
	case strings.HasSuffix(path, "/tags/list"):
		return r.Method + " " + KindTags, nil
	case strings.Contains(path, "/manifests/"):
		return r.Method + " " + KindManifest, nil
	case strings.Contains(path, "/blobs/uploads/"):
		return r.Method + " " + KindUpload, nil
	case strings.Contains(path, "/blobs/"):
		return r.Method + " " + KindBlob, nil
	default:
		return r.Method + " " + KindOther, nil
	}
}

// Repository is a repository's name with the registry's address: Repository("web-hook/www").
func (r *Registry) Repository(path string) string { return r.Address() + "/" + path }

// PushImage pushes a tiny image that no other tag has, past the Front. The repository is named without the registry.
func (r *Registry) PushImage(ctx context.Context, repository, tag string) (Pushed, error) {
	return r.PushVariant(ctx, repository, tag, Variant{})
}

// Variant tells images apart that are pushed under the same tag.
type Variant struct {
	// Build is what it was made of; another one is another digest.
	Build string
	// Platforms of an index, such as "linux/amd64"; without any a plain image is pushed.
	Platforms []string
}

// PushVariant pushes a variant of a tag, past the Front.
func (r *Registry) PushVariant(ctx context.Context, repository, tag string, variant Variant) (Pushed, error) {
	base, err := r.image()
	if err != nil {
		return Pushed{}, err
	}
	return write(ctx, r.direct, base, r.Repository(repository)+":"+tag, variant, r.Username, r.Password)
}

// Retag gives more tags to the image of one, past the Front: one request a tag.
func (r *Registry) Retag(ctx context.Context, repository, from string, tags ...string) error {
	options := r.options(ctx)
	source, err := name.NewTag(r.Repository(repository)+":"+from, name.Insecure)
	if err != nil {
		return fmt.Errorf("retag %s: %w", from, err)
	}
	image, err := remote.Image(source, options...)
	if err != nil {
		return fmt.Errorf("retag %s: %w", source, err)
	}
	pusher, err := remote.NewPusher(options...)
	if err != nil {
		return fmt.Errorf("retag %s: %w", source, err)
	}
	for _, tag := range tags {
		if err := pusher.Push(ctx, source.Context().Tag(tag), image); err != nil {
			return fmt.Errorf("retag %s as %s: %w", source, tag, err)
		}
	}
	return nil
}

// DeleteTag takes a tag away, past the Front.
func (r *Registry) DeleteTag(ctx context.Context, repository, tag string) error {
	reference, err := name.NewTag(r.Repository(repository)+":"+tag, name.Insecure)
	if err != nil {
		return fmt.Errorf("delete tag %s: %w", tag, err)
	}
	if err := remote.Delete(reference, r.options(ctx)...); err != nil {
		return fmt.Errorf("delete %s: %w", reference, err)
	}
	return nil
}

func (r *Registry) options(ctx context.Context) []remote.Option {
	auth := &authn.Basic{Username: r.Username, Password: r.Password}
	return []remote.Option{remote.WithContext(ctx), remote.WithTransport(r.direct), remote.WithAuth(auth)}
}

// Push pushes a tiny image to any registry that speaks plain HTTP, as a user's pipeline would: through the Front.
func Push(ctx context.Context, image, username, password string) (Pushed, error) {
	base, err := tinyImage()
	if err != nil {
		return Pushed{}, err
	}
	return write(ctx, http.DefaultTransport, base, image, Variant{}, username, password)
}

func write(ctx context.Context, transport http.RoundTripper, base v1.Image, image string, variant Variant, username, password string) (Pushed, error) {
	tag, err := name.NewTag(image, name.Insecure, name.StrictValidation)
	if err != nil {
		return Pushed{}, fmt.Errorf("push %s: %w", image, err)
	}
	// The label makes each tag's digest its own, over one shared layer.
	labelled, err := mutate.Config(base, v1.Config{Labels: map[string]string{"org.opencontainers.image.ref.name": image + variant.Build}})
	if err != nil {
		return Pushed{}, fmt.Errorf("push %s: %w", image, err)
	}
	options := []remote.Option{
		remote.WithContext(ctx), remote.WithTransport(transport), remote.WithAuth(&authn.Basic{Username: username, Password: password}),
	}
	digest, err := push(tag, labelled, variant.Platforms, options)
	if err != nil {
		return Pushed{}, fmt.Errorf("push %s: %w", image, err)
	}
	return Pushed{Image: image, Digest: digest.String(), Time: time.Now()}, nil
}

// push pushes an image, or an index with that image for each platform.
func push(tag name.Tag, image v1.Image, platforms []string, options []remote.Option) (v1.Hash, error) {
	if len(platforms) == 0 {
		digest, err := image.Digest()
		if err != nil {
			return v1.Hash{}, err
		}
		return digest, remote.Write(tag, image, options...)
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, word := range platforms {
		platform, err := v1.ParsePlatform(word)
		if err != nil {
			return v1.Hash{}, err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
	}
	digest, err := index.Digest()
	if err != nil {
		return v1.Hash{}, err
	}
	return digest, remote.WriteIndex(tag, index, options...)
}

func tinyImage() (v1.Image, error) {
	image, err := random.Image(64, 1)
	if err != nil {
		return nil, fmt.Errorf("make an image: %w", err)
	}
	return image, nil
}
