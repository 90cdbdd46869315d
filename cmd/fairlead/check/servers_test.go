package check_test

import (
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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
