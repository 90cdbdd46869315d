package receiver

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/fairlead/fairlead/registry/webhook"
)

const registryConfig = `version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {inmemory: {}}
http: {net: unix, addr: %s}
notifications:
  endpoints:
  - name: fairlead
    url: %s
    headers: {Authorization: ["Bearer %s"]}
    timeout: 5s
    threshold: 5
    backoff: 100ms
`

// startRegistry starts a real registry that posts to a URL, and returns the way to it.
func startRegistry(t *testing.T, url string) *http.Transport {
	t.Helper()
	out, err := exec.Command("../../hack/tools", "registry").Output()
	if err != nil {
		t.Fatalf("build the registry: %v", err)
	}
	dir, err := os.MkdirTemp("", "hook") //nolint:usetesting // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket, config := filepath.Join(dir, "s"), filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, registryConfig, socket, url, token), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(filepath.Join(strings.TrimSpace(string(out)), "registry"), "serve", config)
	command.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=none")
	command.Stderr = t.Output()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	waitUntil(t, func() bool {
		connection, err := net.Dial("unix", socket) //nolint:noctx // a socket of its own
		if err == nil {
			_ = connection.Close()
		}
		return err == nil
	})
	return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "unix", socket)
	}}
}

// TestRegistry has the real registry tell of real pushes, and measures how long it takes until the hint is there.
func TestRegistry(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.hints.arrived = make(chan time.Time, 1)
	secret := webhookSecret(t, teamNamespace, webhook.Distribution)
	transport := startRegistry(t, s.hookURL(secret, ""))
	repository, err := name.NewRepository("registry.example.com/web-hook/www", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	var took []time.Duration
	for i := range 30 {
		image, err := random.Image(64, 1)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := image.Digest()
		if err != nil {
			t.Fatal(err)
		}
		tag := fmt.Sprintf("v1.0.%d", i)
		if err := remote.Write(repository.Tag(tag), image, remote.WithTransport(transport), remote.WithContext(t.Context())); err != nil {
			t.Fatal(err)
		}
		pushed := time.Now()
		select {
		case arrived := <-s.hints.arrived:
			took = append(took, arrived.Sub(pushed))
		case <-time.After(patience):
			t.Fatalf("nobody tells of %s", tag)
		}
		want := []hint{{teamNamespace, webhook.Push{Repository: "web-hook/www", Tag: tag, Digest: digest.String()}}}
		if diff := cmp.Diff(want, s.hints.take()); diff != "" {
			t.Errorf("hints: -want, +got:\n%s", diff)
		}
	}
	slices.Sort(took)
	t.Logf("from the end of a push to its hint, of %d pushes: half within %v, the last after %v", len(took), took[len(took)/2], took[len(took)-1])
	if asked := s.front.requests.Load(); asked > 3 {
		t.Errorf("the API server was asked %d times for one Secret", asked)
	}
}
