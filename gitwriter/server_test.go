package gitwriter_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/gitwriter/edit"
)

const (
	username = "fairlead"
	password = "s3cret-pass" // Checked not to appear in any error.
)

// gitServer is a real `git http-backend` behind basic authentication and a handler that counts and injects faults.
type gitServer struct {
	*httptest.Server

	t       testing.TB
	backend http.Handler
	// bare is the repository on disk, for git as the oracle.
	bare string

	mu       sync.Mutex
	requests []string
	received int64
	sent     int64
	// before, if set, runs before a request is served; true: it answered the request itself.
	before func(w http.ResponseWriter, r *http.Request, kind string) bool
	// rewritten are texts of answers that are replaced by others of the same length.
	rewritten map[string]string
}

// Kinds of requests.
const (
	kindInfoUpload  = "info upload"
	kindInfoReceive = "info receive"
	kindRefs        = "ls-refs"
	kindFetch       = "fetch"
	kindPush        = "push"
)

// newGitServer serves an empty repository; config is given as "key=value".
func newGitServer(t testing.TB, config ...string) *gitServer {
	t.Helper()
	root := t.TempDir()
	s := &gitServer{t: t, bare: filepath.Join(root, "config.git")}
	git(t, root, "init", "-q", "--bare", "-b", "main", s.bare)
	defaults := []string{"http.receivepack=true", "uploadpack.allowFilter=true", "uploadpack.allowAnySHA1InWant=true", "gc.auto=0", "receive.autogc=false"}
	for _, c := range append(defaults, config...) {
		key, value, _ := strings.Cut(c, "=")
		git(t, s.bare, "config", key, value)
	}
	execPath := strings.TrimSpace(git(t, root, "--exec-path"))
	backend := &cgi.Handler{
		Path:   filepath.Join(execPath, "git-http-backend"),
		Env:    []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "HOME=" + root},
		Stderr: io.Discard,
	}
	s.backend = backend
	s.Server = httptest.NewServer(s.handler(backend))
	t.Cleanup(s.Close)
	return s
}

func (s *gitServer) handler(backend http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := &bytes.Buffer{}
		if _, err := body.ReadFrom(r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = readCloser{bytes.NewReader(body.Bytes())}
		kind := kindOf(r, body.Bytes())
		s.mu.Lock()
		s.requests = append(s.requests, kind)
		s.received += int64(body.Len())
		before := s.before
		s.mu.Unlock()
		if before != nil && before(w, r, kind) {
			return
		}
		if user, pass, ok := r.BasicAuth(); !ok || user != username || pass != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "bad credentials", http.StatusUnauthorized)
			return
		}
		r.Header.Del("Authorization")
		s.serve(backend, &countingWriter{ResponseWriter: w, server: s}, r)
	})
}

// serve lets the backend answer, with texts replaced.
func (s *gitServer) serve(backend http.Handler, w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	rewritten := s.rewritten
	s.mu.Unlock()
	if len(rewritten) == 0 {
		backend.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	backend.ServeHTTP(answer, r)
	body := answer.Body.Bytes()
	for from, to := range rewritten {
		body = bytes.ReplaceAll(body, []byte(from), []byte(to))
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	if _, err := w.Write(body); err != nil {
		s.t.Log(err)
	}
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

type countingWriter struct {
	http.ResponseWriter

	server *gitServer
}

func (c *countingWriter) Write(b []byte) (int, error) {
	c.server.mu.Lock()
	c.server.sent += int64(len(b))
	c.server.mu.Unlock()
	return c.ResponseWriter.Write(b)
}

func kindOf(r *http.Request, body []byte) string {
	switch {
	case r.URL.Query().Get("service") == "git-receive-pack":
		return kindInfoReceive
	case r.URL.Query().Get("service") == "git-upload-pack":
		return kindInfoUpload
	case strings.HasSuffix(r.URL.Path, "/git-receive-pack"):
		return kindPush
	case bytes.Contains(body, []byte("command=ls-refs")):
		return kindRefs
	default:
		return kindFetch
	}
}

// onRequest sets what happens before a request is served.
func (s *gitServer) onRequest(before func(w http.ResponseWriter, r *http.Request, kind string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = before
}

// counted are the requests since the last call.
func (s *gitServer) counted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := s.requests
	s.requests = nil
	return requests
}

// traffic is the bytes of bodies since the last call.
func (s *gitServer) traffic() (received, sent int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	received, sent = s.received, s.sent
	s.received, s.sent = 0, 0
	return received, sent
}

func (s *gitServer) url() string { return s.URL + "/config.git" }

func (s *gitServer) remote() gitwriter.Remote {
	return gitwriter.Remote{
		URL: s.url(), Branch: "main", Insecure: true, Timeout: time.Minute,
		Auth: gitwriter.Auth{Username: username, Password: password},
	}
}

// commit makes a commit on the branch as somebody else would: files are contents by path, "" deletes.
func (s *gitServer) commit(message string, files map[string]string) string {
	s.t.Helper()
	work := s.clone()
	for name, content := range files {
		path := filepath.Join(work, filepath.FromSlash(name))
		if content == "" {
			git(s.t, work, "rm", "-q", name)
			continue
		}
		must(s.t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(s.t, os.WriteFile(path, []byte(content), 0o644))
	}
	git(s.t, work, "add", "-A")
	git(s.t, work, "commit", "-q", "-m", message)
	git(s.t, work, "push", "-q", "origin", "HEAD:main")
	return strings.TrimSpace(git(s.t, work, "rev-parse", "HEAD"))
}

// clone is a work tree of the branch, or an empty one.
func (s *gitServer) clone() string {
	s.t.Helper()
	work := s.t.TempDir()
	git(s.t, work, "-c", "init.defaultBranch=main", "clone", "-q", s.bare, ".")
	return work
}

// git runs git in the bare repository.
func (s *gitServer) git(args ...string) string {
	s.t.Helper()
	return strings.TrimRight(git(s.t, s.bare, args...), "\n")
}

// checkSound lets git judge the repository: every object, and the history one line.
func (s *gitServer) checkSound() {
	s.t.Helper()
	if out := s.git("fsck", "--strict", "--no-dangling"); strings.TrimSpace(out) != "" {
		s.t.Errorf("git fsck --strict: %s", out)
	}
	if merges := s.git("log", "--merges", "--format=%H", "main"); merges != "" {
		s.t.Errorf("the history isn't linear: %s", merges)
	}
}

func git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	out, err := runGit(dir, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func runGit(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(),
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String(), nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const valuesFile = "apps/webhooks/values.yaml"

// values is the config repository's file as people write it.
func values(www, api, ws string) string {
	return fmt.Sprintf(`# web hooks, one chart for all of them

www:
  image: registry.example.com/web-hook/www   # the front
  tag: %s

api:
  tag: %q

ws: {tag: '%s', replicas: 2}
`, www, api, ws)
}

// target is one tag in one file.
func target(t testing.TB, file, path, tag string) gitwriter.Target {
	t.Helper()
	return gitwriter.Target{File: file, Values: []gitwriter.Value{value(t, gitwriter.PartTag, path, tag)}}
}

func value(t testing.TB, part gitwriter.Part, path, text string) gitwriter.Value {
	t.Helper()
	p, err := edit.ParsePath(path)
	must(t, err)
	return gitwriter.Value{Part: part, Path: p, Value: text}
}

// change is the wish of policy fairlead/<name> for one target, <name>.tag.
func change(t testing.TB, name, tag string) gitwriter.Change {
	t.Helper()
	return gitwriter.Change{
		Policy: "fairlead/" + name, Image: "registry.example.com/web-hook/" + name, Tag: tag,
		Digest:    "sha256:" + strings.Repeat("ab", 32),
		Selection: "semver >=1.0.0, newest of 42 tags",
		Targets:   []gitwriter.Target{target(t, valuesFile, name+".tag", tag)},
	}
}

// clock is an injected time.
func clock() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

func newMirror(s *gitServer) *gitwriter.Mirror {
	return gitwriter.NewMirror(s.remote(), gitwriter.WithClock(clock))
}

// seeded is a server whose branch has the values file, with a mirror of it that is up to date.
func seeded(t testing.TB, config ...string) (*gitServer, *gitwriter.Mirror) {
	t.Helper()
	s := newGitServer(t, config...)
	s.commit("start", map[string]string{valuesFile: values("v1.0.35", "v2.0.0", "v3.0.0"), "README.md": "read me\n"})
	m := newMirror(s)
	if _, err := m.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.counted()
	return s, m
}

func write(t testing.TB, m *gitwriter.Mirror, changes ...gitwriter.Change) gitwriter.WriteResult {
	t.Helper()
	r, err := m.Write(t.Context(), gitwriter.WriteRequest{Changes: changes})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func writeFile(t testing.TB, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(content), 0o644))
}

func symlink(t testing.TB, dir, name, to string) {
	t.Helper()
	must(t, os.Symlink(to, filepath.Join(dir, name)))
}

// checkFile compares a file's bytes in Git.
func (s *gitServer) checkFile(revision, name, want string) {
	s.t.Helper()
	if diff := cmp.Diff(want, git(s.t, s.bare, "show", revision+":"+name)); diff != "" {
		s.t.Errorf("%s: -want +got:\n%s", name, diff)
	}
}

// trailers is what git itself reads as a commit's trailers.
func (s *gitServer) trailers(revision string) string {
	s.t.Helper()
	return s.pipe(s.git("log", "-1", "--format=%B", revision), "interpret-trailers", "--parse")
}

// rewrite makes the server say something else; old and new text must have the same length.
func (s *gitServer) rewrite(texts map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rewritten = texts
}

// loseAnswer lets the server do what it is asked, and then loses its answer.
func (s *gitServer) loseAnswer(w http.ResponseWriter, r *http.Request) {
	r.Header.Del("Authorization")
	s.backend.ServeHTTP(httptest.NewRecorder(), r)
	s.cut(w)
}

// cut ends a connection without an answer.
func (s *gitServer) cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		s.t.Error(err)
		return
	}
	_ = conn.Close()
}

// hook installs a hook script.
func (s *gitServer) hook(name, script string) {
	s.t.Helper()
	must(s.t, os.WriteFile(filepath.Join(s.bare, "hooks", name), []byte("#!/bin/sh\n"+script), 0o755))
}

// summary is an Outcome to compare, its values joined by blanks.
type summary struct {
	State                            gitwriter.OutcomeState
	Current, Previous, Revision, Err string
}

func summarise(r gitwriter.WriteResult) map[string][]summary {
	all := map[string][]summary{}
	for policy, outcomes := range r.Outcomes {
		for _, o := range outcomes {
			all[policy] = append(all[policy], summary{
				State:   o.State,
				Current: strings.Join(o.Current, " "), Previous: strings.Join(o.Previous, " "), Revision: o.Revision, Err: errorText(o.Err),
			})
		}
	}
	return all
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func count(requests []string, kind string) int {
	n := 0
	for _, r := range requests {
		if r == kind {
			n++
		}
	}
	return n
}

// terminal reads an error's class as callers do.
func terminal(err error) bool {
	var t interface{ Terminal() bool }
	return errors.As(err, &t) && t.Terminal()
}

// tryCommit commits as a human does, who pulls and pushes again when somebody was faster.
func (s *gitServer) tryCommit(message string, files map[string]string) {
	s.t.Helper()
	work := s.clone()
	for name, content := range files {
		writeFile(s.t, work, name, content)
	}
	git(s.t, work, "add", "-A")
	git(s.t, work, "commit", "-q", "-m", message)
	for range 100 {
		if _, err := runGit(work, "push", "-q", "origin", "HEAD:main"); err == nil {
			return
		}
		git(s.t, work, "pull", "-q", "--rebase", "origin", "main")
	}
	s.t.Errorf("%s: never got through", message)
}

// pipe runs git in the bare repository with an input.
func (s *gitServer) pipe(input string, args ...string) string {
	s.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", s.bare}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.Output()
	must(s.t, err)
	return strings.TrimSpace(string(out))
}

func (s *gitServer) mktree(entries string) string { return s.pipe(entries, "mktree") }

func (s *gitServer) blob(content string) string {
	return s.pipe(content, "hash-object", "-w", "--stdin")
}
