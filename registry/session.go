package registry

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// maxRedirects bounds how often one request is sent elsewhere.
const maxRedirects = 5

// sessionKey tells sessions apart. Accesses that differ in a byte never share one.
type sessionKey struct {
	repo   name.Repository
	access Access
}

// session is what is remembered of a repository and access. Its requests may be made by several at a time.
type session struct {
	client *Client
	repo   name.Repository
	access Access
	http   *http.Client
	// turn is taken by a listing: a second one finds the pages that the first remembered.
	turn          chan struct{}
	authorization *authorization
}

func newSession(c *Client, key sessionKey) *session {
	s := &session{client: c, repo: key.repo, access: key.access, turn: make(chan struct{}, 1)}
	s.http = &http.Client{Transport: &guard{client: c, access: key.access, home: s.endpoint("", nil)}, CheckRedirect: checkRedirect}
	s.authorization = newAuthorization(s)

	return s
}

// endpoint returns an address below /v2/.
func (s *session) endpoint(path string, query url.Values) *url.URL {
	scheme := "https"
	if plainHTTP(s.repo.Registry) {
		scheme = "http"
	}

	return &url.URL{Scheme: scheme, Host: s.repo.RegistryStr(), Path: "/v2/" + path, RawQuery: query.Encode()}
}

// within returns an address of the repository.
func (s *session) within(path string, query url.Values) *url.URL {
	return s.endpoint(s.repo.RepositoryStr()+"/"+path, query)
}

// ask makes a request as the registry wants it to be made. Where that isn't known, or has changed, it is found out on
// the way.
func (s *session) ask(ctx context.Context, q question) (answer, error) {
	used, err := s.authorization.header(ctx)
	if err != nil {
		return answer{}, err
	}

	first, err := s.send(ctx, q, used)
	if err != nil {
		return answer{}, err
	}

	refusing := first

	if s.authorization.probe(ctx, first.status, used) {
		refusing, err = s.send(ctx, question{method: http.MethodGet, url: s.endpoint("", nil), limit: maxWords}, "")
		if err != nil {
			return answer{}, err
		}
	}

	if refusing.status != http.StatusUnauthorized || !sameHost(refusing.from, q.url) {
		return first, nil
	}

	again, err := s.authorization.learn(ctx, refusing.header, used)
	if err != nil || !again {
		return first, err
	}

	if used, err = s.authorization.header(ctx); err != nil {
		return answer{}, err
	}

	return s.send(ctx, q, used)
}

// send makes one request, with a header that authorizes it.
func (s *session) send(ctx context.Context, q question, authorization string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, q.method, q.url.String(), http.NoBody)
	if err != nil {
		return answer{}, err
	}

	if q.accept != "" {
		req.Header.Set("Accept", q.accept)
	}

	if q.etag != "" {
		req.Header.Set("If-None-Match", q.etag)
	}

	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}

	return s.do(req, q.limit)
}

// do makes a request and reads its answer.
func (s *session) do(req *http.Request, limit int64) (answer, error) {
	record := callOf(req.Context())

	if _, secret, found := strings.Cut(req.Header.Get("Authorization"), " "); found {
		record.hide(secret)
	}

	req.Header.Set("User-Agent", s.client.userAgent)

	resp, err := s.http.Do(req)
	if err != nil {
		return answer{}, err
	}

	return read(resp, limit, record)
}

// checkRedirect ends chains of redirects, and sends no credential to another host than the one that it was meant for.
// Where a chain may lead is the guard's decision.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return &violation{problem: "it redirects without end", hint: "check the registry's configuration"}
	}

	if req.URL.Scheme != via[0].URL.Scheme || !sameHost(req.URL, via[0].URL) {
		req.Header.Del("Authorization")
	}

	// The page that led there is nobody's business, its query least of all.
	req.Header.Del("Referer")

	return nil
}
