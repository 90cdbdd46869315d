package registry_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry"
)

// tokenServer stands before a registry without authentication, and asks for bearer tokens that it issues itself, as
// the distribution project's token specification says.
type tokenServer struct {
	wire *wire

	mu        sync.Mutex
	passwords map[string]string
	identity  map[string]bool
	valid     map[string]bool
	issued    int
}

func newTokenServer(w *wire, user, password string) *tokenServer {
	return &tokenServer{
		wire: w, passwords: map[string]string{user: password}, identity: make(map[string]bool), valid: make(map[string]bool),
	}
}

// allow adds a user.
func (s *tokenServer) allow(user, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.passwords[user] = password
}

// expire makes all tokens invalid.
func (s *tokenServer) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()

	clear(s.valid)
}

// ServeHTTP implements http.Handler.
func (s *tokenServer) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()

	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")

	switch {
	case r.URL.Path == "/token":
		s.issue(rw, r)
	case s.valid[token]:
		r.Header.Del("Authorization")
		s.wire.proxy.ServeHTTP(rw, r)
	default:
		rw.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test",scope="repository:www:pull"`, r.Host))
		rw.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(rw, `{"errors":[{"code":"UNAUTHORIZED","message":"a token is needed"}]}`)
	}
}

// issue answers a request for a token.
func (s *tokenServer) issue(rw http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	known := user != "" && s.passwords[user] == password

	if r.Method == http.MethodPost {
		known = s.identity[r.PostFormValue("refresh_token")]
	}

	if !known {
		rw.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(rw, `{"errors":[{"code":"DENIED","message":"who are you?"}]}`)

		return
	}

	token := rand.Text()
	s.valid[token] = true
	s.issued++

	fmt.Fprintf(rw, `{"token":%q,"expires_in":60}`, token)
}

// TestListTagsBearer checks when tokens are asked for, and that no credential profits from that of another.
func TestListTagsBearer(t *testing.T) {
	t.Parallel()

	w := newWire(t, "", "")
	w.push(t, registry.Credential{}, "www", "v1.0.0")

	one := registry.Credential{Username: "one", Password: "first"}
	two := registry.Credential{Username: "two", Password: "second"}
	device := registry.Credential{IdentityToken: "refresh-me"}

	tokens := newTokenServer(w, one.Username, one.Password)
	tokens.allow(two.Username, two.Password)
	tokens.identity[device.IdentityToken] = true
	w.answer(tokens.ServeHTTP)

	c := registry.NewClient()
	repo := w.repository(t, "www")

	for _, scan := range []struct {
		reason   string
		before   func()
		cred     registry.Credential
		requests int
		issued   int
		err      string
	}{
		{reason: "the first scan asks how, gets a token, and asks for the tags", cred: one, requests: 3, issued: 1},
		{reason: "then the token is kept", cred: one, requests: 1, issued: 1},
		{reason: "another credential gets a token of its own", cred: two, requests: 3, issued: 2},
		{reason: "and each keeps its own", cred: one, requests: 1, issued: 2},
		{reason: "an expired token is renewed within the scan", before: tokens.expire, cred: one, requests: 3, issued: 3},
		{reason: "and kept again", cred: one, requests: 1, issued: 3},
		{reason: "an identity token is exchanged", cred: device, requests: 3, issued: 4},
		{
			reason: "the token server may refuse", cred: registry.Credential{Username: "one", Password: "wrong"}, requests: 2, issued: 4,
			err: "list tags of %[1]s/www: %[1]s answered 401 Unauthorized (DENIED: who are you?): check the credential, and that it may pull this image",
		},
		{
			reason: "an anonymous scan doesn't find the tokens of others", requests: 2, issued: 4,
			err: "list tags of %[1]s/www: %[1]s answered 401 Unauthorized (DENIED: who are you?): give a credential that may pull, or check the image's name",
		},
	} {
		if scan.before != nil {
			scan.before()
		}

		got, err := c.ListTags(t.Context(), repo, registry.Access{Credential: scan.cred})
		checkMessage(t, scan.reason, scan.err, w.host, err)

		if diff := cmp.Diff([]int{scan.requests, scan.issued}, []int{got.Requests, tokens.issued}); diff != "" {
			t.Errorf("%s: requests and tokens issued (-want +got):\n%s", scan.reason, diff)
		}
	}
}

// TestListTagsTogether checks that calls for one repository at a time share a token and don't disturb each other.
func TestListTagsTogether(t *testing.T) {
	t.Parallel()

	w := newWire(t, "", "")
	w.push(t, registry.Credential{}, "www", "v1.0.0")

	cred := registry.Credential{Username: "one", Password: "first"}
	tokens := newTokenServer(w, cred.Username, cred.Password)
	w.answer(tokens.ServeHTTP)

	c := registry.NewClient()
	repo := w.repository(t, "www")

	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if _, err := c.ListTags(t.Context(), repo, registry.Access{Credential: cred}); err != nil {
				t.Error(err)
			}
		})
	}

	all.Wait()

	if diff := cmp.Diff(1, tokens.issued); diff != "" {
		t.Errorf("tokens issued (-want +got):\n%s", diff)
	}
}
