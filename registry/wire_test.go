package registry_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sync/errgroup"

	"github.com/fairlead/fairlead/registry"
)

// patience bounds everything that a test waits for.
const patience = 30 * time.Second

// binary builds the real registry if that wasn't done before, and returns its path.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := exec.Command("../hack/tools", "registry").Output()

	return filepath.Join(strings.TrimSpace(string(dir)), "registry"), err
})

// wire is a real registry behind a handler that counts, and that may answer in its place.
type wire struct {
	// host is where clients find it.
	host string
	// socket is where the registry itself listens.
	socket string
	// backend leads to the registry itself, whatever the host that is asked for.
	backend *http.Transport
	// requests counts what arrived.
	requests atomic.Int64
	// proxy hands a request on to the registry.
	proxy *httputil.ReverseProxy

	mu        sync.Mutex
	intercept http.HandlerFunc
}

// newWire starts a registry, with basic authentication if a user is given.
func newWire(t testing.TB, user, password string) *wire {
	t.Helper()

	dir := t.TempDir()
	config := ""

	if user != "" {
		config = htpasswd(t, dir, user, password)
	}

	w := &wire{socket: startRegistry(t, dir, "", config)}
	w.backend = socketTransport(t, w.socket)
	w.proxy = &httputil.ReverseProxy{Transport: w.backend, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: r.In.Host})
		r.Out.Host = r.In.Host
	}}

	front := httptest.NewServer(w)
	t.Cleanup(front.Close)

	w.host = strings.TrimPrefix(front.URL, "http://")

	return w
}

// ServeHTTP counts a request and hands it to whoever is to answer it.
func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.requests.Add(1)

	w.mu.Lock()
	handler := w.intercept
	w.mu.Unlock()

	if handler == nil {
		handler = w.proxy.ServeHTTP
	}

	handler(rw, r)
}

// answer puts a handler in the place of the registry; nil takes it away again.
func (w *wire) answer(handler http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.intercept = handler
}

// cost returns how many requests arrived while f ran.
func (w *wire) cost(f func()) int {
	before := w.requests.Load()

	f()

	return int(w.requests.Load() - before)
}

// repository returns a repository of this registry.
func (w *wire) repository(t testing.TB, path string) name.Repository {
	t.Helper()

	return insecure(t, w.host+"/"+path)
}

// insecure returns a repository at a registry without TLS.
func insecure(t testing.TB, image string) name.Repository {
	t.Helper()

	repo, err := registry.ParseImage(image, true)
	if err != nil {
		t.Fatal(err)
	}

	return repo
}

// push pushes an image under tags, past the handler in front.
func (w *wire) push(t testing.TB, cred registry.Credential, path string, tags ...string) v1.Hash {
	t.Helper()

	img, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}

	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}

	repo, err := name.NewRepository("localhost:5000/"+path, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}

	auth := remote.WithAuth(authn.FromConfig(authn.AuthConfig{Username: cred.Username, Password: cred.Password}))

	pusher, err := remote.NewPusher(auth, remote.WithTransport(w.backend), remote.WithJobs(1))
	if err != nil {
		t.Fatal(err)
	}

	if err := pusher.Push(t.Context(), repo.Tag(tags[0]), img); err != nil {
		t.Fatal(err)
	}

	raw, err := img.RawManifest()
	if err != nil {
		t.Fatal(err)
	}

	w.putTags(t, cred, repo, raw, tags[1:])

	return digest
}

// putTags puts one manifest under more tags, several at a time.
func (w *wire) putTags(t testing.TB, cred registry.Credential, repo name.Repository, manifest []byte, tags []string) {
	t.Helper()

	var workers errgroup.Group

	workers.SetLimit(8)

	for _, tag := range tags {
		workers.Go(func() error {
			address := fmt.Sprintf("http://%s/v2/%s/manifests/%s", repo.RegistryStr(), repo.RepositoryStr(), tag)

			req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address, bytes.NewReader(manifest))
			if err != nil {
				return err
			}

			req.Header.Set("Content-Type", string(types.DockerManifestSchema2))
			req.SetBasicAuth(cred.Username, cred.Password)

			resp, err := w.backend.RoundTrip(req)
			if err != nil {
				return err
			}

			_ = resp.Body.Close()

			if resp.StatusCode != http.StatusCreated {
				return fmt.Errorf("put %s: %s", tag, resp.Status)
			}

			return nil
		})
	}

	if err := workers.Wait(); err != nil {
		t.Fatal(err)
	}
}

// startRegistry starts the real registry, with more of its configuration if that is given (below http, and at the top), and
// waits until it answers. It listens on a socket, whose path is returned: a port that was free a moment ago may be taken
// by another test.
func startRegistry(t testing.TB, dir, http, more string) string {
	t.Helper()

	path, err := binary()
	if err != nil {
		t.Fatalf("hack/tools registry: %v", err)
	}

	socket := filepath.Join(dir, "socket")
	config := fmt.Sprintf("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {inmemory: {}}\n"+
		"http: {net: unix, addr: %q, secret: test%s}\n%s", socket, http, more)

	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}

	process := exec.CommandContext(context.WithoutCancel(t.Context()), path, "serve", file)
	process.Stderr = t.Output()
	process.Env = []string{"OTEL_TRACES_EXPORTER=none", "PATH=" + os.Getenv("PATH")}

	if err := process.Start(); err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait() // It says that the process was killed.
	})

	awaitListener(t, socket)

	return socket
}

// socketTransport leads to a socket, whatever the address.
func socketTransport(t testing.TB, socket string) *http.Transport {
	t.Helper()

	transport := &http.Transport{MaxIdleConnsPerHost: 16, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	t.Cleanup(transport.CloseIdleConnections)

	return transport
}

// htpasswd writes a password file and returns the part of the configuration that names it.
func htpasswd(t testing.TB, dir, user, password string) string {
	t.Helper()

	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}

	file := filepath.Join(dir, "htpasswd")
	if err := os.WriteFile(file, fmt.Appendf(nil, "%s:%s\n", user, hash), 0o600); err != nil {
		t.Fatal(err)
	}

	return fmt.Sprintf("auth: {htpasswd: {realm: test, path: %q}}\n", file)
}

// awaitListener waits until somebody listens at a socket.
func awaitListener(t testing.TB, socket string) {
	t.Helper()

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()

	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()

	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
		if err == nil {
			_ = conn.Close()

			return
		}

		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("nothing listens at %s: %v", socket, err)
		}
	}
}
