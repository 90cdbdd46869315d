package registry

import (
	"container/list"
	"context"
	"net/http"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// maxRedirects bounds how often one request is sent elsewhere.
const maxRedirects = 5

// sessionKey tells sessions apart. Credentials that differ in a byte never share one.
type sessionKey struct {
	repo   name.Repository
	access Access
}

// session is what is remembered of a repository and credential: how the registry wants to be asked, and the token
// that it gave. The transport that holds them isn't safe for concurrent use while it renews a token, so that calls
// take turns.
type session struct {
	key  sessionKey
	turn chan struct{}
	base http.RoundTripper
	// client authenticates its requests; nil before the first call, and after a registry refused.
	client *http.Client
}

// authenticated returns a client whose requests carry what the registry wants. The first time it asks the registry,
// and its token server if it names one.
func (s *session) authenticated(ctx context.Context) (*http.Client, error) {
	if s.client != nil {
		return s.client, nil
	}

	scopes := []string{s.key.repo.Scope(transport.PullScope)}

	rt, err := transport.NewWithContext(ctx, s.key.repo.Registry, s.key.access.Credential.authenticator(), s.base, scopes)
	if err != nil {
		return nil, err
	}

	s.client = &http.Client{Transport: rt, CheckRedirect: checkRedirect}

	return s.client, nil
}

// forget makes the next call authenticate from the beginning: after a refusal, because the registry may have changed
// its ways, or the credential may have been mended at the registry.
func (s *session) forget() { s.client = nil }

// checkRedirect ends chains of redirects. Where one may lead is the guard's decision.
func checkRedirect(_ *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return &violation{problem: "it redirects without end", hint: "check the registry's configuration"}
	}

	return nil
}

// sessions keeps the sessions that were used last, up to a bound.
type sessions struct {
	mu    sync.Mutex
	bound int
	// byUse holds *session, the one used last in front.
	byUse *list.List
	byKey map[sessionKey]*list.Element
}

func newSessions(bound int) *sessions {
	return &sessions{bound: bound, byUse: list.New(), byKey: make(map[sessionKey]*list.Element)}
}

// get returns the session of a key, making it if there is none. One that is dropped while it is in use goes on
// working for its user.
func (s *sessions) get(key sessionKey, base func() http.RoundTripper) *session {
	s.mu.Lock()
	defer s.mu.Unlock()

	if element, ok := s.byKey[key]; ok {
		s.byUse.MoveToFront(element)

		return element.Value.(*session) //nolint:forcetypeassert // the list holds nothing else.
	}

	fresh := &session{key: key, turn: make(chan struct{}, 1), base: base()}
	s.byKey[key] = s.byUse.PushFront(fresh)

	for s.byUse.Len() > max(s.bound, 1) {
		oldest := s.byUse.Remove(s.byUse.Back()).(*session) //nolint:forcetypeassert // the list holds nothing else.
		delete(s.byKey, oldest.key)
	}

	return fresh
}
