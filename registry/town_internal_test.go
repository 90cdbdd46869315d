package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
)

// town is a set of hosts below example.com, all of which live at one loopback server over TLS.
type town struct {
	client    *Client
	clock     *Clock
	authority *Authority
	// address is where they live.
	address string

	mu sync.Mutex
	// seen are the credentials that each host was brought, one a request.
	seen map[string][]string
	// shown counts, by host, the requests on connections that showed a client's certificate.
	shown map[string]int
}

// newTown starts the hosts. Each request is answered by the handler; the requests are one at a time.
func newTown(t *testing.T, handler http.HandlerFunc) *town {
	t.Helper()

	w := &town{authority: NewAuthority(t), clock: &Clock{}, seen: make(map[string][]string), shown: make(map[string]int)}
	w.client = NewClient(WithClock(w.clock))

	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()

		_ = r.ParseForm()

		brought := r.Header.Get("Authorization")
		if token := r.PostForm.Get("refresh_token"); token != "" {
			brought = "refresh " + token
		}

		w.seen[r.Host] = append(w.seen[r.Host], brought)

		if len(r.TLS.PeerCertificates) > 0 {
			w.shown[r.Host]++
		}

		handler(rw, r)
	}))

	// It asks everybody for a certificate, and takes whoever has none as well.
	roots := x509.NewCertPool()
	roots.AddCert(w.authority.cert)

	server.TLS = w.authority.Server(t, "*.example.com", "*.r.example.com")
	server.TLS.ClientAuth, server.TLS.ClientCAs = tls.VerifyClientCertIfGiven, roots
	server.Config.ErrorLog = quiet
	server.StartTLS()
	t.Cleanup(server.Close)

	w.address = server.Listener.Addr().String()
	w.client.transports.dial = w.dial

	return w
}

// dial leads to the town, whatever the address.
func (w *town) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, w.address)
}

// access is one that trusts the town.
func (w *town) access(cred Credential) Access {
	return Access{Credential: cred, CABundle: w.authority.Bundle}
}

// tag returns a tag in r.example.com/www.
func (w *town) tag(t *testing.T) name.Tag {
	t.Helper()

	repo, err := name.NewRepository("r.example.com/www")
	if err != nil {
		t.Fatal(err)
	}

	return repo.Tag("v1.0.0")
}

// list lists the tags of r.example.com/www.
func (w *town) list(t *testing.T, access Access) (Listing, error) {
	t.Helper()

	return w.client.ListTags(t.Context(), w.tag(t).Context(), access)
}
