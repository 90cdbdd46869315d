// Package distribution starts a real registry for one test: the Distribution project's, which keeps everything in memory and asks
// for a password.
//
// It knows how it is started and filled. It must never know what is read from it.
package distribution

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/crypto/bcrypt"

	"github.com/fairlead/fairlead/e2e/checkout"
)

// Registry asks for a password.
type Registry struct {
	// Host is where clients find it, without TLS.
	Host string
	// Username and Password are those of its only account.
	Username, Password string

	backend *http.Transport
}

// Start starts a registry with one account. It ends with the test.
func Start(t *testing.T, username, password string) *Registry {
	t.Helper()
	root, err := checkout.Root()
	if err != nil {
		t.Fatal(err)
	}
	tools, err := exec.CommandContext(t.Context(), filepath.Join(root, "hack/tools"), "registry").Output()
	if err != nil {
		t.Fatalf("build the registry: %v", err)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	socket, config := filepath.Join(dir, "socket"), filepath.Join(dir, "config.yaml")
	for file, content := range map[string]string{
		"htpasswd": fmt.Sprintf("%s:%s\n", username, hash),
		"config.yaml": fmt.Sprintf("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {inmemory: {}}\n"+
			"http: {net: unix, addr: %q, secret: test}\nauth: {htpasswd: {realm: test, path: %q}}\n", socket, filepath.Join(dir, "htpasswd")),
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	process := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(strings.TrimSpace(string(tools)), "registry"), "serve", config)
	process.Stderr = quiet{t.Output()}
	process.Env = []string{"OTEL_TRACES_EXPORTER=none", "PATH=" + os.Getenv("PATH")}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait() // It says that the process was killed.
	})
	await(t, socket)
	made := &Registry{Username: username, Password: password, backend: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	front := httptest.NewServer(&httputil.ReverseProxy{Transport: made.backend, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: r.In.Host})
		r.Out.Host = r.In.Host
	}})
	t.Cleanup(front.Close)
	made.Host = strings.TrimPrefix(front.URL, "http://")
	return made
}

// quiet leaves out that a client asked for something that isn't there, which is how every push begins.
type quiet struct{ to io.Writer }

func (q quiet) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("response completed with error")) {
		return len(line), nil
	}
	return q.to.Write(line)
}

// await waits until somebody listens on a socket.
func await(t *testing.T, socket string) {
	t.Helper()
	for deadline := time.After(30 * time.Second); ; {
		if connection, err := (&net.Dialer{}).DialContext(t.Context(), "unix", socket); err == nil {
			_ = connection.Close()
			return
		}
		select {
		case <-deadline:
			t.Fatal("the registry doesn't listen")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Push pushes an image, or an index with an image for each platform if some are named, and returns its digest.
func (r *Registry) Push(t *testing.T, repository, tag string, platforms ...string) string {
	t.Helper()
	repo, err := name.NewRepository("localhost:5000/"+repository, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	var pushed interface {
		remote.Taggable
		Digest() (v1.Hash, error)
	}
	image, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	pushed = image
	if len(platforms) > 0 {
		index := v1.ImageIndex(empty.Index)
		for _, platform := range platforms {
			parsed, err := v1.ParsePlatform(platform)
			if err != nil {
				t.Fatal(err)
			}
			index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: parsed}})
		}
		pushed = index
	}
	pusher, err := remote.NewPusher(remote.WithAuth(&authn.Basic{Username: r.Username, Password: r.Password}), remote.WithTransport(r.backend))
	if err != nil {
		t.Fatal(err)
	}
	if err := pusher.Push(t.Context(), repo.Tag(tag), pushed); err != nil {
		t.Fatal(err)
	}
	digest, err := pushed.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}
