package stack

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Kinds of requests that the Git server's Front counts.
const (
	KindInfoUploadPack  = "info/refs upload-pack"
	KindInfoReceivePack = "info/refs receive-pack"
	KindLsRefs          = "ls-refs"      // POST upload-pack, protocol v2
	KindFetch           = "fetch"        // POST upload-pack
	KindPush            = "receive-pack" // POST receive-pack
)

// maxGitBody bounds a request that must be held in memory: CGI has no chunked bodies, and a zipped one can't be peeked into.
const maxGitBody = 64 << 20

// GitServer is git http-backend with basic auth, reached through the Front, and the same repositories by SSH.
type GitServer struct {
	*Front

	// SSH serves the same repositories.
	SSH *SSHServer

	// Username and Password that the server asks for.
	Username, Password string

	root        string // of the bare repositories
	environment []string
}

func (s *Stack) startGit() error {
	password, err := randomWord()
	if err != nil {
		return err
	}
	git := &GitServer{Username: "fairlead", Password: password, root: filepath.Join(s.dir, "git"), environment: s.environment()}
	if err := os.MkdirAll(git.root, 0o700); err != nil {
		return fmt.Errorf("start the Git server: %w", err)
	}
	binary, err := exec.LookPath("git")
	if err != nil {
		return fmt.Errorf("start the Git server: %w", err)
	}
	log, err := os.OpenFile(filepath.Join(s.dir, "git-server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start the Git server: %w", err)
	}
	s.onStop(log.Close)
	git.Front, err = newFront(git.backend(binary, log), gitKind)
	s.Git = git
	if err != nil {
		return err
	}
	return git.startSSH()
}

// BeforePush runs a function right before a push is handed on, such as a commit by a human: Fairlead has then decided on a
// head that is no longer one.
func BeforePush(act func() error) Fault { return On(KindPush, Before(act)) }

// backend answers as git http-backend does, for who knows the password.
func (g *GitServer) backend(binary string, log io.Writer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		username, password, _ := r.BasicAuth()
		if username != g.Username || subtle.ConstantTimeCompare([]byte(password), []byte(g.Password)) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="fairlead-e2e"`)
			http.Error(w, "authentication required", http.StatusUnauthorized)
			return
		}
		environment := append([]string{
			"GIT_PROJECT_ROOT=" + g.root, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=" + username,
			"GIT_PROTOCOL=" + r.Header.Get("Git-Protocol"),
		}, g.environment...)
		// A client that dies in the middle of a push: told how long the body should have been, git http-backend 2.39 waits for
		// the rest in a circle, for ever.
		if r.ContentLength > 0 {
			r.ContentLength = -1
		}
		handler := &cgi.Handler{Path: binary, Args: []string{"http-backend"}, Env: environment, Dir: g.root, Stderr: log}
		handler.ServeHTTP(w, r)
	})
}

// gitKind names a request; it looks into the body of an upload-pack for the command of protocol v2 and leaves a body that
// can be read again and has a length, which CGI needs.
func gitKind(r *http.Request) (string, error) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/info/refs"):
		return "info/refs " + strings.TrimPrefix(r.URL.Query().Get("service"), "git-"), nil
	case strings.HasSuffix(r.URL.Path, "/git-upload-pack"):
		begin, err := peek(r)
		if err != nil {
			return "", err
		}
		if bytes.Contains(begin, []byte("command=ls-refs")) {
			return KindLsRefs, nil
		}
		return KindFetch, nil
	case strings.HasSuffix(r.URL.Path, "/git-receive-pack"):
		return KindPush, hold(r)
	default:
		return r.Method + " " + KindOther, nil
	}
}

// peek returns the first bytes of the body, unzipped.
func peek(r *http.Request) ([]byte, error) {
	const length = 64
	if r.Header.Get("Content-Encoding") != "gzip" && r.ContentLength >= 0 {
		body := bufio.NewReader(r.Body)
		r.Body = struct {
			io.Reader
			io.Closer
		}{body, r.Body}
		begin, _ := body.Peek(length) // a short or broken body is the backend's to refuse
		return begin, nil
	}
	body, err := read(r)
	if err != nil || r.Header.Get("Content-Encoding") != "gzip" {
		return body[:min(length, len(body))], err
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("unzip the request: %w", err)
	}
	begin := make([]byte, length)
	n, _ := io.ReadFull(unzipped, begin)
	return begin[:n], nil
}

// hold gives a chunked body a length.
func hold(r *http.Request) error {
	if r.ContentLength >= 0 {
		return nil
	}
	_, err := read(r)
	return err
}

// read takes the body into memory and puts it back, with its length.
func read(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxGitBody+1))
	if err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	if len(body) > maxGitBody {
		return nil, fmt.Errorf("read the request: longer than %d bytes", maxGitBody)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength, r.TransferEncoding = int64(len(body)), nil
	return body, nil
}
