package gitwriter

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

const (
	opToken = "get a token of the GitHub App's installation"

	// A token is replaced so long before it runs out: no push may begin with one that ends under way.
	tokenMargin = 5 * time.Minute
	// The life of the assertion that asks for a token. GitHub takes at most ten minutes, and clocks differ.
	assertionLife = 9 * time.Minute
	clockSkew     = time.Minute
	// maxTokenAnswer bounds the answer, which lists the repositories of the installation as well.
	maxTokenAnswer = 1 << 20
)

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
