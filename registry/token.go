package registry

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The life of a token whose server doesn't say (as the token specification has it), and the longest that is believed.
const (
	defaultTokenLife = time.Minute
	maxTokenLife     = 24 * time.Hour
	// maxMargin is how long before its end a token is renewed, a tenth of its life at most.
	maxMargin = 10 * time.Second
)

// tokens is what a token server answers (distribution project, "Token Authentication Specification"; RFC 6749, section
// 5.1).
type tokens struct {
	Token       string `json:"token"`
	AccessToken string `json:"access_token"`
	Refresh     string `json:"refresh_token"`
	// ExpiresIn is a number of seconds, quoted by some.
	ExpiresIn json.RawMessage `json:"expires_in"`
}

// fetchToken asks the token server that the registry named for a token. If that fails, the registry is asked anew what it
// wants: it may name another one.
func (a *authorization) fetchToken(ctx context.Context) error {
	err := a.tryToken(ctx)
	if err != nil {
		a.challenge, a.token = challenge{}, ""
	}

	return err
}

// tryToken is fetchToken without the way back.
func (a *authorization) tryToken(ctx context.Context) error {
	realm, err := url.Parse(a.challenge.realm)
	if err != nil || realm.Host == "" {
		return &violation{problem: "it asks for a token, but doesn't say where to get one", hint: "check the registry's configuration"}
	}

	realm.User, realm.Fragment = nil, ""
	asked := a.session.client.now()

	got, err := a.exchange(ctx, realm)
	if err != nil {
		return err
	}

	if got.status != http.StatusOK {
		return got.refused()
	}

	var answer tokens

	// What can't be read holds tokens, perhaps: it isn't quoted.
	if json.Unmarshal(got.body, &answer) != nil || answer.Token == "" && answer.AccessToken == "" {
		return &violation{problem: "its token server answered without a token", hint: "check the registry's configuration"}
	}

	a.token = answer.Token
	if answer.AccessToken != "" {
		a.token = answer.AccessToken
	}

	if a.identity != "" && answer.Refresh != "" {
		a.identity = answer.Refresh
	}

	callOf(ctx).hide(a.token, a.identity)

	life := answer.life()
	a.renew = asked.Add(life - min(life/10, maxMargin))

	return nil
}

// exchange asks a token server: with the refresh token if there is one, and as a server wants that doesn't know how.
func (a *authorization) exchange(ctx context.Context, realm *url.URL) (answer, error) {
	if a.identity == "" {
		return a.get(ctx, realm)
	}

	form := url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {a.identity}, "client_id": {"fairlead"},
		"service": {a.challenge.service}, "scope": {strings.Join(a.scopes, " ")},
	}

	req, err := http.NewRequestWithContext(ctx, http.MethodPost, realm.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}

	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")

	got, err := a.session.do(req, maxWords)
	if err != nil || got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
		return got, err
	}

	return a.get(ctx, realm)
}

// get asks a token server with the user name and password, or as nobody.
func (a *authorization) get(ctx context.Context, realm *url.URL) (answer, error) {
	query := realm.Query()
	query["scope"] = a.scopes

	if a.challenge.service != "" {
		query.Set("service", a.challenge.service)
	}

	at := *realm
	at.RawQuery = query.Encode()

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), http.NoBody)
	if err != nil {
		return answer{}, err
	}

	if cred := a.session.access.Credential; cred.Username != "" || cred.Password != "" {
		req.Header.Set("Authorization", "Basic "+basic(cred))
	}

	return a.session.do(req, maxWords)
}

// life returns for how long a token may be used.
func (t tokens) life() time.Duration {
	seconds, err := strconv.ParseFloat(strings.Trim(string(t.ExpiresIn), `"`), 64)
	if err != nil || !(seconds > 0) {
		return defaultTokenLife
	}

	return time.Duration(min(seconds, maxTokenLife.Seconds()) * float64(time.Second))
}
