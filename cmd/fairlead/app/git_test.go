package app_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

const (
	username = "writer"
	password = "opens nothing"
)

// gitServer is a real `git http-backend` that asks for a password, with one repository.
type gitServer struct {
	t         *testing.T
	url, bare string
}

func newGitServer(t *testing.T) *gitServer {
	t.Helper()
	root := t.TempDir()
	s := &gitServer{t: t, bare: filepath.Join(root, "config.git")}
	s.git(root, "init", "-q", "--bare", "-b", "main", s.bare)
	for _, setting := range []string{"http.receivepack", "uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"} {
		s.git(s.bare, "config", setting, "true")
	}
	backend := &cgi.Handler{
		Path:   filepath.Join(strings.TrimSpace(s.git(root, "--exec-path")), "git-http-backend"),
		Env:    []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "HOME=" + root},
		Stderr: io.Discard,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, pass, ok := r.BasicAuth(); !ok || user != username || pass != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		r.Header.Del("Authorization")
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL + "/config.git"
	return s
}

// git runs git in a folder.
func (s *gitServer) git(dir string, args ...string) string {
	s.t.Helper()
	command := exec.CommandContext(s.t.Context(), "git", args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	out, err := command.CombinedOutput()
	if err != nil {
		s.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit commits files, and returns the commit's id and the clone that it was made in.
func (s *gitServer) commit(message string, files map[string]string) (revision, work string) {
	s.t.Helper()
	work = filepath.Join(s.t.TempDir(), "work")
	s.git(filepath.Dir(work), "clone", "-q", s.bare, work)
	s.git(work, "checkout", "-q", "-B", "main")
	for name, content := range files {
		path := filepath.Join(work, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	s.git(work, "add", "--all")
	s.git(work, "commit", "-q", "-m", message)
	s.git(work, "push", "-q", "origin", "main")
	return s.git(work, "rev-parse", "HEAD"), work
}

const (
	chart = "apiVersion: v2\nname: webhooks\nversion: 1.0.0\n"

	templates = `apiVersion: v1
kind: ConfigMap
metadata: {name: www}
data: {tag: "{{ .Values.www.tag }}", color: green, size: "1"}
---
apiVersion: v1
kind: Secret
metadata: {name: token}
stringData: {token: {{ .Values.token }}, other: same}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: fresh}
data: {key: value}
`
)

// values is the values file as people write it.
func values(tag string) string {
	return "www:\n  tag: " + tag + "   # the site\ntoken: " + planted + "\n"
}

// planted is what no answer may tell.
const planted = "planted-secret"

// repository declares the Application webhooks and the repository that it comes from, whose head the controller has seen.
func (o *office) repository(s *gitServer, head string) {
	o.T.Helper()
	o.Declare(fmt.Sprintf(`
apiVersion: v1
kind: Secret
metadata: {name: git}
data: {username: %s, password: %s}
---
apiVersion: fairlead.dev/v1alpha1
kind: ConfigRepository
metadata: {name: config}
spec: {url: %q, insecure: true, secretRef: {name: git}}
status: {head: {revision: %s, author: Ada, subject: start, time: "2026-11-23T11:00:00Z"}}
---
apiVersion: fairlead.dev/v1alpha1
kind: Application
metadata: {name: webhooks}
spec:
  source: {repositoryRef: {name: config}, path: apps/webhooks, helm: {valueFiles: [values.yaml]}}
  destination: {namespace: %s}
  syncPolicy: {automated: {prune: true}}
  ignoreDifferences: [{kind: ConfigMap, name: www, jsonPointers: [/data/size]}]
`, base64.StdEncoding.EncodeToString([]byte(username)), base64.StdEncoding.EncodeToString([]byte(password)), s.url, head, o.Namespace))
}

// status writes the Application's status.
func (o *office) status(change func(status *v1alpha1.ApplicationStatus)) *v1alpha1.Application {
	o.T.Helper()
	found := o.get()
	change(&found.Status)
	if err := o.Admin.Status().Update(o.T.Context(), found); err != nil {
		o.T.Fatal(err)
	}
	return found
}

// read reads an object as the administrator.
func (o *office) read(name string, into client.Object) {
	o.T.Helper()
	if err := o.Admin.Get(o.T.Context(), o.key(name), into); err != nil {
		o.T.Fatal(err)
	}
}
