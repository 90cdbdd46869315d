package gitwriter

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	opToken = "get a token of the GitHub App's installation" //nolint:gosec // It says what is done.

	// A token is replaced so long before it runs out: no push may begin with one that ends under way.
	tokenMargin = 5 * time.Minute
	// The life of the assertion that asks for a token. GitHub takes at most ten minutes, and clocks differ.
	assertionLife = 9 * time.Minute
	clockSkew     = time.Minute
	// maxTokenAnswer bounds the answer, which lists the repositories of the installation as well.
	maxTokenAnswer = 1 << 20
)

// GitHubApp is an app that is installed where the repository is.
type GitHubApp struct {
	// ID of the app, or its client id; InstallationID of its installation.
	ID, InstallationID string
	// PrivateKey is one of the app's keys, RSA as PEM.
	PrivateKey string
	// BaseURL of the API; empty means DefaultGitHubAPI. GitHub Enterprise Server has it at https://host/api/v3.
	BaseURL string
}

// String hides the key from package fmt.
func (a GitHubApp) String() string { return hidden }

// GoString hides the key from %#v.
func (a GitHubApp) GoString() string { return hidden }

// Check reports what of the app can't be used, as an *InputError.
func (a GitHubApp) Check() error {
	if a.ID == "" || a.InstallationID == "" {
		return &InputError{Problem: "the GitHub App's id or the id of its installation is missing: give both"}
	}
	if strings.ContainsFunc(a.InstallationID, func(r rune) bool { return r < '0' || r > '9' }) {
		return &InputError{Problem: "the installation id is no number: it is the last part of the installation's URL"}
	}
	if _, err := a.key(); err != nil {
		return err
	}
	_, err := a.api()
	return err
}

// key reads the private key in the forms that GitHub and openssl give it.
func (a GitHubApp) key() (*rsa.PrivateKey, error) {
	unusable := &InputError{Problem: "the GitHub App's private key can't be read: write the RSA key as PEM, as it was downloaded from the app's settings"}
	block, _ := pem.Decode([]byte(a.PrivateKey))
	if block == nil {
		return nil, unusable
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, unusable
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, unusable
	}
	return key, nil
}

// DefaultGitHubAPI is the API of a GitHubApp that names none.
const DefaultGitHubAPI = "https://api.github.com"

// api is the URL of the API, without a slash at its end.
func (a GitHubApp) api() (string, error) {
	if a.BaseURL == "" {
		return DefaultGitHubAPI, nil
	}
	u, err := url.Parse(a.BaseURL)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != schemeHTTPS {
		return "", &InputError{Problem: "the base URL of the GitHub App's API can't be used: write it like https://github.example.com/api/v3"}
	}
	return strings.TrimSuffix(u.String(), "/"), nil
}

// appToken keeps the token of a GitHub App's installation until shortly before it runs out. A nil one has none.
type appToken struct {
	app    GitHubApp
	client *http.Client
	now    func() time.Time

	mu      sync.Mutex
	current string
	expires time.Time
}

// token gives the token, and asks for one if there is none that lasts. Errors are *Error, or those of the network.
func (t *appToken) token(ctx context.Context) (string, error) {
	if t == nil {
		return "", nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != "" && t.now().Add(tokenMargin).Before(t.expires) {
		return t.current, nil
	}
	got, err := t.ask(ctx)
	if err != nil {
		return "", err
	}
	t.current, t.expires = got.Token, got.ExpiresAt
	return t.current, nil
}

// forget drops a token that the server didn't take.
func (t *appToken) forget(token string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current == token {
		t.current = ""
	}
}

// tokenAnswer is what is needed of "Create an installation access token for an app" in GitHub's REST API.
type tokenAnswer struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
	Message   string    `json:"message"`
}

func (t *appToken) ask(ctx context.Context) (tokenAnswer, error) {
	api, err := t.app.api()
	if err != nil {
		return tokenAnswer{}, err
	}
	assertion, err := t.assertion()
	if err != nil {
		return tokenAnswer{}, err
	}
	at := api + "/app/installations/" + url.PathEscape(t.app.InstallationID) + "/access_tokens"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, at, http.NoBody)
	if err != nil {
		return tokenAnswer{}, &InputError{Problem: "the base URL of the GitHub App's API can't be used"}
	}
	request.Header.Set("Accept", "application/vnd.github+json")
	request.Header.Set("Authorization", "Bearer "+assertion)
	request.Header.Set("User-Agent", "fairlead")
	request.Header.Set("X-Github-Api-Version", "2022-11-28")
	response, err := t.client.Do(request)
	if err != nil {
		return tokenAnswer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(bounded(response.Body, maxTokenAnswer))
	if err != nil {
		return tokenAnswer{}, err
	}
	var answer tokenAnswer
	parseErr := json.NewDecoder(bytes.NewReader(body)).Decode(&answer)
	switch {
	case response.StatusCode != http.StatusCreated:
		return tokenAnswer{}, t.refused(request.URL.Host, response, answer.Message)
	case parseErr != nil || answer.Token == "" || answer.ExpiresAt.IsZero():
		return tokenAnswer{}, &Error{Op: opToken, Host: request.URL.Host, Reason: ReasonProtocol, Message: "the answer holds no token: check githubAppBaseURL"}
	}
	return answer, nil
}

// refused says what a status means.
func (t *appToken) refused(host string, response *http.Response, message string) error {
	e := &Error{Op: opToken, Host: host, Reason: ReasonAuthentication, retryAfter: retryAfter(response.Header, t.now())}
	switch status := response.StatusCode; {
	case status == http.StatusUnauthorized:
		e.Message = "the app's id and private key aren't accepted: check githubAppID and githubAppPrivateKey"
	case status == http.StatusForbidden:
		e.Message = "the app may not do this: it is suspended, or lacks a permission"
	case status == http.StatusNotFound:
		e.Message = "the app has no such installation: check githubAppInstallationID"
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		e.Reason, e.Message = ReasonUnavailable, "the server answered "+strconv.Itoa(status)+": it is asked again later"
	default:
		e.Reason, e.Message = ReasonProtocol, "the server answered "+strconv.Itoa(status)+": check githubAppBaseURL"
	}
	if words := oneLine(message, maxServerWords); words != "" {
		e.Message += "; the server said: " + words
	}
	return e
}

// assertion is the JSON web token that the app identifies itself by, RFC 7519 with RS256.
func (t *appToken) assertion() (string, error) {
	key, err := t.app.key()
	if err != nil {
		return "", err
	}
	now := t.now()
	claims, err := json.Marshal(map[string]any{"iat": now.Add(-clockSkew).Unix(), "exp": now.Add(assertionLife).Unix(), "iss": t.app.ID})
	if err != nil {
		return "", err
	}
	encoding := base64.RawURLEncoding
	text := encoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", &InputError{Problem: "the GitHub App's private key can't sign: write the RSA key as PEM, as it was downloaded from the app's settings"}
	}
	return text + "." + encoding.EncodeToString(signature), nil
}
