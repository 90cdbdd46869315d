package gitwriter_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter"
)

// tokenServer plays "Create an installation access token for an app" of GitHub's REST API, and serves the repository to
// whoever has the newest token.
type tokenServer struct {
	*gitServer

	remote gitwriter.Remote
	key    *rsa.PrivateKey

	mu     sync.Mutex
	now    time.Time
	issued int
	valid  string
	// answer, if set, answers in place of a token.
	answer func(w http.ResponseWriter)
}

func newTokenServer(t *testing.T) *tokenServer {
	t.Helper()
	s, _ := seeded(t)
	v := &tokenServer{gitServer: s, now: clock()}
	var err error
	v.key, err = rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	var server *httptest.Server
	s.onRequest(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if strings.HasPrefix(r.URL.Path, "/api/v3/") {
			v.issue(w, r)
			return true
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		if user, pass, _ := r.BasicAuth(); user == "x-access-token" && pass == v.valid {
			r.SetBasicAuth(username, password)
		}
		return false
	})
	server, v.remote = s.overTLS(nil)
	v.remote.Auth = gitwriter.Auth{App: &gitwriter.GitHubApp{
		ID: "1234", InstallationID: "5678", BaseURL: server.URL + "/api/v3/", PrivateKey: pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(v.key)),
	}}
	return v
}

func (v *tokenServer) clock() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

// issue checks a request as the API's documentation says, and answers it.
func (v *tokenServer) issue(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.answer != nil {
		v.answer(w)
		return
	}
	if r.Method != http.MethodPost || r.URL.Path != "/api/v3/app/installations/5678/access_tokens" || r.Header.Get("Accept") != "application/vnd.github+json" {
		v.t.Errorf("%s %s, accepting %s", r.Method, r.URL.Path, r.Header.Get("Accept"))
	}
	if err := v.check(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")); err != nil {
		v.t.Error(err)
	}
	v.issued++
	v.valid = fmt.Sprintf("ghs_token%d", v.issued)
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"token": %q, "expires_at": %q, "permissions": {"contents": "write"}, "repository_selection": "all"}`, v.valid, v.now.Add(time.Hour).Format(time.RFC3339))
}

// check verifies a JSON web token.
func (v *tokenServer) check(token string) error {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return fmt.Errorf("%d parts", len(parts))
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&v.key.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
		return err
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err
	}
	var claims struct {
		IssuedAt int64  `json:"iat"`
		Expires  int64  `json:"exp"`
		Issuer   string `json:"iss"`
	}
	if err := json.Unmarshal(text, &claims); err != nil {
		return err
	}
	if now := v.now.Unix(); claims.Issuer != "1234" || claims.IssuedAt > now || claims.Expires <= now || claims.Expires > now+600 {
		return fmt.Errorf("claims %+v at %d", claims, now)
	}
	return nil
}

func TestGitHubApp(t *testing.T) {
	t.Parallel()
	v := newTokenServer(t)
	m := gitwriter.NewMirror(v.remote, gitwriter.WithClock(v.clock))
	write(t, m, change(t, "www", "v1.0.36"))
	write(t, m, change(t, "www", "v1.0.37"))
	if v.issued != 1 {
		t.Errorf("a token lasts an hour: want 1, got %d", v.issued)
	}
	v.mu.Lock()
	v.now = v.now.Add(56 * time.Minute)
	v.mu.Unlock()
	write(t, m, change(t, "www", "v1.0.38"))
	if v.issued != 2 {
		t.Errorf("a token is replaced before it runs out: want 2, got %d", v.issued)
	}
	v.mu.Lock()
	v.valid = "revoked"
	v.mu.Unlock()
	if _, err := m.Refresh(t.Context()); reason(err) != gitwriter.ReasonAuthentication {
		t.Errorf("a token that was revoked: %v", err)
	}
	write(t, m, change(t, "www", "v1.0.39"))
	v.checkSound()
}

func TestGitHubAppErrors(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string) func(w http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	const op = "get a token of the GitHub App's installation at HOST: "
	cases := map[string]struct {
		answer func(w http.ResponseWriter)
		change func(app *gitwriter.GitHubApp)
		want   string
		class  gitwriter.Reason
	}{
		"key":       {answer(401, `{"message": "A JSON web token could not be decoded"}`), nil, op + "the app's id and private key aren't accepted: check githubAppID and githubAppPrivateKey; the server said: A JSON web token could not be decoded", gitwriter.ReasonAuthentication},
		"suspended": {answer(403, `{"message": "This installation has been suspended"}`), nil, op + "the app may not do this: it is suspended, or lacks a permission; the server said: This installation has been suspended", gitwriter.ReasonAuthentication},
		"missing":   {answer(404, `{"message": "Not Found"}`), nil, op + "the app has no such installation: check githubAppInstallationID; the server said: Not Found", gitwriter.ReasonAuthentication},
		"down":      {answer(502, "<html>"), nil, op + "the server answered 502: it is asked again later", gitwriter.ReasonUnavailable},
		"no API":    {answer(201, "<html>"), nil, op + "the answer holds no token: check githubAppBaseURL", gitwriter.ReasonProtocol},
		"elsewhere": {
			func(w http.ResponseWriter) {
				w.Header().Set("Location", "https://127.0.0.1:1/")
				w.WriteHeader(http.StatusTemporaryRedirect)
			}, nil, op + "the server answered 307: check githubAppBaseURL", gitwriter.ReasonProtocol,
		},
		"no key":   {nil, func(app *gitwriter.GitHubApp) { app.PrivateKey = "nonsense" }, "open the repository at HOST: the GitHub App's private key can't be read: write the RSA key as PEM, as it was downloaded from the app's settings", gitwriter.ReasonInvalidRemote},
		"bad id":   {nil, func(app *gitwriter.GitHubApp) { app.InstallationID = "../x" }, "open the repository at HOST: the installation id is no number: it is the last part of the installation's URL", gitwriter.ReasonInvalidRemote},
		"http API": {nil, func(app *gitwriter.GitHubApp) { app.BaseURL = "http://github.example.com" }, "open the repository at HOST: the base URL of the GitHub App's API can't be used: write it like https://github.example.com/api/v3", gitwriter.ReasonInvalidRemote},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newTokenServer(t)
			v.answer = c.answer
			app := *v.remote.Auth.App
			if c.change != nil {
				c.change(&app)
			}
			v.remote.Auth.App = &app
			_, err := gitwriter.NewMirror(v.remote, gitwriter.WithClock(v.clock)).Refresh(t.Context())
			host := strings.TrimSuffix(strings.TrimPrefix(v.remote.URL, "https://"), "/config.git")
			if diff := cmp.Diff(c.want, strings.ReplaceAll(errorText(err), host, "HOST")); diff != "" || reason(err) != c.class {
				t.Errorf("%s: -want +got:\n%s", reason(err), diff)
			}
		})
	}
}
