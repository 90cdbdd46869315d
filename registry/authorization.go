package registry

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"time"
)

// maxScopes bounds the scopes that a registry can make us ask for in one token.
const maxScopes = 4

// authorization is what a session knows about how its registry wants to be asked. Nothing is asked for that: the
// registry refuses the first request and says what it wants, as the specifications have it.
//
//	unknown --401 Basic--> basic     the credential goes along
//	        --401 Bearer-> bearer    a token goes along; it is renewed before it expires, and when it is refused
//
// It is safe for concurrent use: one renews, the others wait for that.
type authorization struct {
	session *session
	turn    chan struct{}

	challenge challenge
	// scopes are asked for in a token, the one that the registry named last in front: some look at the first only.
	scopes []string
	// identity is the refresh token to exchange: the credential's, or what its token server gave in its place.
	identity string
	// token is the bearer token, and renew when it is too old to be used.
	token string
	renew time.Time
	// probed is true once it is known that the registry asks for nothing.
	probed bool
}

func newAuthorization(s *session) *authorization {
	return &authorization{
		session: s, turn: make(chan struct{}, 1), identity: s.access.Credential.IdentityToken,
		scopes: []string{"repository:" + s.repo.RepositoryStr() + ":pull"},
	}
}

// lock takes the turn; the error is that of the context.
func (a *authorization) lock(ctx context.Context) error {
	select {
	case a.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *authorization) unlock() { <-a.turn }

// header returns what a request should carry now, "" for nothing.
func (a *authorization) header(ctx context.Context) (string, error) {
	if err := a.lock(ctx); err != nil {
		return "", err
	}
	defer a.unlock()

	if a.lacksToken() {
		if err := a.fetchToken(ctx); err != nil {
			return "", err
		}
	}

	return a.current(), nil
}

// lacksToken reports whether a token is wanted, and there is none that may be used any more.
func (a *authorization) lacksToken() bool {
	return a.challenge.scheme == "bearer" && a.session.access.Credential.RegistryToken == "" &&
		(a.token == "" || !a.session.client.now().Before(a.renew))
}

// current returns the header that is known.
func (a *authorization) current() string {
	cred := a.session.access.Credential

	switch {
	case a.challenge.scheme == "":
		return ""
	case cred.RegistryToken != "":
		return "Bearer " + cred.RegistryToken
	case a.challenge.scheme == "bearer":
		return "Bearer " + a.token
	case cred.Username != "" || cred.Password != "":
		return "Basic " + basic(cred)
	default:
		return ""
	}
}

// basic returns a user name and password as they are sent (RFC 7617).
func basic(cred Credential) string {
	return base64.StdEncoding.EncodeToString([]byte(cred.Username + ":" + cred.Password))
}

// learn takes in what a registry said when it refused a request with the header that was used. It reports whether there
// is another header to try.
func (a *authorization) learn(ctx context.Context, header http.Header, used string) (bool, error) {
	if err := a.lock(ctx); err != nil {
		return false, err
	}
	defer a.unlock()

	if known := a.current(); known != used && known != "" {
		// Somebody else was refused in the meantime, and knows already.
		return true, nil
	}

	wanted := challengeOf(header)
	if wanted.scheme == "" {
		return false, nil
	}

	a.challenge, a.token = wanted, ""

	if a.lacksToken() {
		a.want(wanted.scope)

		if err := a.fetchToken(ctx); err != nil {
			return false, err
		}
	}

	return a.current() != used, nil
}

// want adds a scope that the registry named.
func (a *authorization) want(scope string) {
	if scope == "" || a.scopes[0] == scope {
		return
	}

	others := slices.DeleteFunc(a.scopes, func(s string) bool { return s == scope })
	a.scopes = append([]string{scope}, others[:min(len(others), maxScopes-1)]...)
}

// probe reports whether it is worth asking the registry outright what it wants, because it hides from strangers what a
// credential may see. It says so once until the registry wants something.
func (a *authorization) probe(ctx context.Context, status int, used string) bool {
	hiding := status == http.StatusNotFound || status == http.StatusForbidden
	if !hiding || used != "" || a.session.access.Credential == (Credential{}) || a.lock(ctx) != nil {
		return false
	}
	defer a.unlock()

	first := !a.probed
	a.probed = true

	return first
}
