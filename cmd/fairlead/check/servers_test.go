package check_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cgi"
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
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/crypto/bcrypt"
)

const (
	username = "writer"
	// reader may read from Git, and not push.
	reader   = "reader"
	password = "opens nothing"
)

// gitServer is a real `git http-backend` that asks for a password, with one repository.
type gitServer struct {
	t         *testing.T
	url, host string
}

func newGitServer(t *testing.T) *gitServer {
	t.Helper()
	root := t.TempDir()
	s := &gitServer{t: t}
	bare, work := filepath.Join(root, "config.git"), filepath.Join(root, "work")
	s.git(root, "init", "-q", "--bare", "-b", "main", bare)
	for _, setting := range []string{"http.receivepack", "uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"} {
		s.git(bare, "config", setting, "true")
	}
	s.git(root, "clone", "-q", bare, work)
	s.git(work, "checkout", "-q", "-B", "main")
	s.write(filepath.Join(work, "apps/webhooks/values.yaml"), "www:\n  tag: v1.0.35\n")
	s.git(work, "add", "--all")
	s.git(work, "commit", "-q", "-m", "start")
	s.git(work, "push", "-q", "origin", "main")
	backend := &cgi.Handler{
		Path:   filepath.Join(strings.TrimSpace(s.git(root, "--exec-path")), "git-http-backend"),
		Env:    []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "HOME=" + root, "REMOTE_USER=" + username},
		Stderr: io.Discard,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, pass, _ := r.BasicAuth()
		switch {
		case user != username && user != reader || pass != password:
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
		case user == reader && r.URL.Query().Get("service") == "git-receive-pack":
			http.Error(w, "this key is read-only", http.StatusForbidden)
		default:
			r.Header.Del("Authorization")
			backend.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	s.url, s.host = server.URL+"/config.git", strings.TrimPrefix(server.URL, "http://")
	return s
}

func (s *gitServer) write(path, content string) {
	s.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// git runs git in a folder.
func (s *gitServer) git(dir string, args ...string) string {
	s.t.Helper()
	command := exec.CommandContext(s.t.Context(), "git", args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
		"GIT_AUTHOR_DATE=2026-11-23T10:00:00Z", "GIT_COMMITTER_DATE=2026-11-23T10:00:00Z")
	out, err := command.CombinedOutput()
	if err != nil {
		s.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// town is a real registry that asks for a password, and has one image with one tag: web-hook/www:v1.0.35.
type town struct{ host string }

func newTown(t *testing.T) *town {
	t.Helper()
	tools, err := exec.Command("../../../hack/tools", "registry").Output()
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
	backend := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	front := httptest.NewServer(&httputil.ReverseProxy{Transport: backend, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: r.In.Host})
		r.Out.Host = r.In.Host
	}})
	t.Cleanup(front.Close)
	push(t, backend)
	return &town{host: strings.TrimPrefix(front.URL, "http://")}
}

// push pushes the image.
func push(t *testing.T, backend http.RoundTripper) {
	t.Helper()
	repository, err := name.NewRepository("localhost:5000/web-hook/www", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	image, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	auth := remote.WithAuth(&authn.Basic{Username: username, Password: password})
	if err := remote.Write(repository.Tag("v1.0.35"), image, auth, remote.WithTransport(backend), remote.WithContext(t.Context())); err != nil {
		t.Fatal(err)
	}
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
