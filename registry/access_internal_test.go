package registry

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// pulls answers as a registry that has one image, wants a token from another host, and keeps its blobs at a third.
func pulls(rw http.ResponseWriter, r *http.Request) {
	const config = `{"os":"linux","architecture":"amd64"}`

	image := fmt.Sprintf(`{"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":%q,"digest":%q}}`,
		"application/vnd.oci.image.config.v1+json", digestOf([]byte(config)))

	switch {
	case r.Host == "auth.example.com":
		fmt.Fprint(rw, `{"token":"bearer-token","expires_in":300}`)
	case r.Host == "blobs.example.com":
		fmt.Fprint(rw, config)
	case r.Header.Get("Authorization") == "":
		rw.Header().Set("WWW-Authenticate", `Bearer realm="https://auth.example.com/token",service="test"`)
		rw.WriteHeader(http.StatusUnauthorized)
	case strings.Contains(r.URL.Path, "/blobs/"):
		http.Redirect(rw, r, "https://blobs.example.com/data", http.StatusTemporaryRedirect)
	case strings.Contains(r.URL.Path, "/tags/"):
		fmt.Fprint(rw, `{"tags":["v1.0.0"]}`)
	default:
		rw.Header().Set("Docker-Content-Digest", digestOf([]byte(image)))
		fmt.Fprint(rw, image)
	}
}

// TestCertificateStays checks who is shown a client's certificate: the registry, not its token server nor where it keeps
// its blobs. Nor do those get a credential that isn't for them.
func TestCertificateStays(t *testing.T) {
	t.Parallel()

	cred := Credential{Username: "fairlead", Password: "secret"}
	w := newTown(t, pulls)
	access := w.access(cred)
	access.ClientCertificate, access.ClientKey = w.authority.Issue(t)

	got, requests, err := w.client.Inspect(t.Context(), w.tag(t), access)
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff([]any{[]string{"linux/amd64"}, 6}, []any{got.Platforms, requests}); diff != "" {
		t.Errorf("platforms, requests (-want +got):\n%s", diff)
	}

	if diff := cmp.Diff(map[string]int{"r.example.com": 4}, w.shown); diff != "" {
		t.Errorf("who was shown the certificate (-want +got):\n%s", diff)
	}

	want := map[string][]string{
		"r.example.com":     {"", "Bearer bearer-token", "Bearer bearer-token", "Bearer bearer-token"},
		"auth.example.com":  {basicHeader(t, cred)},
		"blobs.example.com": {""},
	}
	if diff := cmp.Diff(want, w.seen); diff != "" {
		t.Errorf("who saw what (-want +got):\n%s", diff)
	}

	if diff := cmp.Diff(2, len(w.client.transports.byRoute)); diff != "" {
		t.Errorf("transports (-want +got):\n%s", diff)
	}
}

// way is a proxy that wants a credential, and records what it was brought.
type way struct {
	town *town

	mu      sync.Mutex
	brought []string
	// shown counts connections that showed it a certificate.
	shown int
}

// ServeHTTP leads to the town.
func (p *way) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.brought = append(p.brought, r.Method+" "+r.Host+" "+r.Header.Get("Proxy-Authorization")+r.Header.Get("Authorization"))

	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		p.shown++
	}
	p.mu.Unlock()

	if r.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte("via:pl@nted")) {
		rw.WriteHeader(http.StatusProxyAuthRequired)

		return
	}

	server, err := p.town.dial(r.Context(), "tcp", "")
	if err != nil {
		rw.WriteHeader(http.StatusBadGateway)

		return
	}
	defer func() { _ = server.Close() }()

	rw.WriteHeader(http.StatusOK)

	// What the client has sent already may be in the buffer.
	client, buffered, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = client.Close() }()

	go func() { _, _ = io.Copy(server, buffered) }()

	_, _ = io.Copy(client, server)
}

// newWay starts a proxy before a town, over TLS or not, and returns its URL.
func newWay(t *testing.T, w *town, secure bool) (*way, *url.URL) {
	t.Helper()

	p := &way{town: w}
	server := httptest.NewUnstartedServer(p)
	server.Config.ErrorLog = quiet

	if secure {
		server.TLS = w.authority.Server(t, "127.0.0.1")
		server.TLS.ClientAuth = tls.RequestClientCert
		server.StartTLS()
	} else {
		server.Start()
	}

	t.Cleanup(server.Close)
	// What it took over isn't the server's any more.
	t.Cleanup(func() {
		w.client.transports.mu.Lock()
		defer w.client.transports.mu.Unlock()

		for _, known := range w.client.transports.byRoute {
			known.transport.CloseIdleConnections()
		}
	})

	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}

	w.client.transports.dial = (&net.Dialer{}).DialContext

	return p, u
}

// TestProxy checks that everything goes by the proxy, which gets its own credential and nobody else's, and is shown no
// certificate.
func TestProxy(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct {
		reason, proxy string
		secure        bool
		user          *url.Userinfo
		brought       []string
		err           string
	}{
		{
			reason: "a proxy over HTTP", user: url.UserPassword("via", "pl@nted"),
			brought: []string{"CONNECT r.example.com:443 Basic dmlhOnBsQG50ZWQ=", "CONNECT auth.example.com:443 Basic dmlhOnBsQG50ZWQ="},
		},
		{
			reason: "and one over TLS", user: url.UserPassword("via", "pl@nted"), secure: true,
			brought: []string{"CONNECT r.example.com:443 Basic dmlhOnBsQG50ZWQ=", "CONNECT auth.example.com:443 Basic dmlhOnBsQG50ZWQ="},
		},
		{
			reason: "a proxy may refuse", user: url.UserPassword("via", "planted"),
			brought: []string{"CONNECT r.example.com:443 Basic dmlhOnBsYW50ZWQ="},
			err:     "list tags of r.example.com/www: r.example.com: the proxy before it answered 407 Proxy Authentication Required: check the proxy's credentials",
		},
	} {
		w := newTown(t, pulls)
		p, u := newWay(t, w, tc.secure)
		u.User = tc.user

		access := w.access(Credential{Username: "fairlead", Password: "secret"})
		access.ClientCertificate, access.ClientKey = w.authority.Issue(t)
		access.Proxy = u.String()

		_, err := w.list(t, access)

		got := ""
		if err != nil {
			got = err.Error()
		}

		if diff := cmp.Diff(tc.err, got); diff != "" {
			t.Errorf("%s: message (-want +got):\n%s", tc.reason, diff)
		}

		if diff := cmp.Diff(tc.brought, p.brought); diff != "" {
			t.Errorf("%s: what the proxy was brought (-want +got):\n%s", tc.reason, diff)
		}

		if diff := cmp.Diff(0, p.shown); diff != "" {
			t.Errorf("%s: certificates that the proxy was shown (-want +got):\n%s", tc.reason, diff)
		}

		if tc.err == "" {
			if diff := cmp.Diff(map[string]int{"r.example.com": 2}, w.shown); diff != "" {
				t.Errorf("%s: who was shown the certificate (-want +got):\n%s", tc.reason, diff)
			}
		}
	}
}

// TestProxyDown checks that a proxy that isn't there is told from a registry that isn't, and that its credential is
// nowhere.
func TestProxyDown(t *testing.T) {
	t.Parallel()

	w := newTown(t, pulls)
	w.client.transports.dial = (&net.Dialer{}).DialContext

	// The first port is reserved, and its service long forgotten.
	_, err := w.list(t, Access{Proxy: "http://via:planted@127.0.0.1:1"})

	want := "list tags of r.example.com/www: r.example.com: proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused: " +
		"check the proxy's address, and that it is running and reachable"
	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}

// TestTrust checks whom a client takes for the registry, and for the hosts that it names.
func TestTrust(t *testing.T) {
	t.Parallel()

	w := newTown(t, pulls)
	stranger := NewAuthority(t)

	const unknown = "list tags of r.example.com/www: r.example.com: its certificate is signed by an unknown authority: " +
		"give its CA certificate, or use a certificate that the system trusts"

	cases := map[string]struct {
		reason string
		access Access
		want   string
	}{
		"System": {
			reason: "the way out is named", access: Access{},
			want: unknown,
		},
		"Other": {
			reason: "an authority that is given is the only one", access: Access{CABundle: stranger.Bundle},
			want: unknown,
		},
		"Given": {reason: "it may be the registry's", access: w.access(Credential{})},
		"Both":  {reason: "or one of several", access: Access{CABundle: stranger.Bundle + w.authority.Bundle}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := w.list(t, tc.access)

			got := ""
			if err != nil {
				got = err.Error()
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: message (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// TestUnusableAccess checks what is found by Check, and that a call says the same.
func TestUnusableAccess(t *testing.T) {
	t.Parallel()

	authority := NewAuthority(t)
	certificate, key := authority.Issue(t)
	_, other := authority.Issue(t)

	const url = ": write it like http://proxy.example.com:3128"

	cases := map[string]struct {
		reason, want string
		access       Access
	}{
		"Nothing": {reason: "anonymous access is access"},
		"All": {
			reason: "all that there is",
			access: Access{CABundle: authority.Bundle, ClientCertificate: certificate, ClientKey: key, Proxy: "http://a:b@proxy.example.com:3128/"},
		},
		"Socks": {reason: "a proxy of another kind", access: Access{Proxy: "socks5://proxy.example.com:1080"}},
		"Bundle": {
			reason: "a bundle without a certificate", access: Access{CABundle: "planted"},
			want: "the CA bundle holds no certificate that can be read: write PEM, -----BEGIN CERTIFICATE-----",
		},
		"Key": {
			reason: "a key alone", access: Access{ClientKey: key},
			want: "the client key comes without its certificate: give both",
		},
		"Certificate": {
			reason: "a certificate alone", access: Access{ClientCertificate: certificate},
			want: "the client certificate comes without its key: give both",
		},
		"OtherKey": {
			reason: "somebody else's key", access: Access{ClientCertificate: certificate, ClientKey: other},
			want: "the client certificate and its key can't be used together: write both as PEM, and the key that the certificate was made for",
		},
		"Scheme": {
			reason: "a proxy of no kind", access: Access{Proxy: "ftp://via:planted@proxy.example.com"},
			want: "the proxy's address has a scheme that isn't known: write http, https, socks5 or socks5h",
		},
		"NoURL":  {reason: "no URL", access: Access{Proxy: "via:planted@proxy:%"}, want: "the proxy's address is no URL of a proxy" + url},
		"NoHost": {reason: "a URL without a host", access: Access{Proxy: "http://via:planted@"}, want: "the proxy's address is no URL of a proxy" + url},
		"Path":   {reason: "a URL of something else", access: Access{Proxy: "http://proxy.example.com/planted"}, want: "the proxy's address is no URL of a proxy" + url},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := ""

			err := tc.access.Check()
			if err != nil {
				got = err.Error()
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: message (-want +got):\n%s", tc.reason, diff)
			}

			if tc.want == "" {
				return
			}

			w := newTown(t, pulls)

			_, err = w.list(t, tc.access)

			want := "list tags of r.example.com/www: r.example.com: " + tc.want + ": check what was given to reach the registry by"
			if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
				t.Errorf("%s: message of a call (-want +got):\n%s", tc.reason, diff)
			}

			if failure, ok := err.(*Error); !ok || !failure.Terminal() { //nolint:errorlint // that is what is promised.
				t.Errorf("%s: it helps to try again: %v", tc.reason, err)
			}
		})
	}
}

// TestAccessHidden prints an access in all ways.
func TestAccessHidden(t *testing.T) {
	t.Parallel()

	for want, access := range map[string]Access{
		"anonymous":           {},
		"credential (hidden)": {Credential: Credential{Password: "planted"}},
		"access (hidden)":     {Proxy: "http://via:planted@proxy.example.com", ClientKey: "planted"},
	} {
		text, err := access.MarshalText()
		if err != nil {
			t.Fatal(err)
		}

		printed := fmt.Sprintf("%v|%+v|%#v|%s|%s", access, access, access, access, text)
		if diff := cmp.Diff(strings.Join([]string{want, want, want, want, want}, "|"), printed); diff != "" {
			t.Errorf("an access is printed (-want +got):\n%s", diff)
		}
	}
}

// TestTransportsAreBounded checks that idle transports are dropped, and the oldest when there are too many.
func TestTransportsAreBounded(t *testing.T) {
	t.Parallel()

	clock := &Clock{}
	ts := newTransports(1, clock.Now)

	get := func(i int) *http.Transport {
		made, err := ts.get(route{proxy: fmt.Sprintf("http://p%d.example.com", i)})
		if err != nil {
			t.Fatal(err)
		}

		return made
	}

	first := get(0)

	for i := 1; i < maxTransports+10; i++ {
		clock.Advance(time.Millisecond)
		get(i)

		if get(0) != first {
			t.Fatal("the transport that was used last was dropped")
		}
	}

	if diff := cmp.Diff(maxTransports, len(ts.byRoute)); diff != "" {
		t.Errorf("transports (-want +got):\n%s", diff)
	}

	clock.Advance(transportIdle)

	if get(0) == first {
		t.Error("an idle transport was kept")
	}

	if diff := cmp.Diff(1, len(ts.byRoute)); diff != "" {
		t.Errorf("transports after a pause (-want +got):\n%s", diff)
	}
}

// TestRoutes checks which requests share connections.
func TestRoutes(t *testing.T) {
	t.Parallel()

	req := &http.Request{URL: &url.URL{Scheme: "https", Host: "r.example.com"}}
	full := Access{Credential: Credential{Password: "a"}, CABundle: "ca", ClientCertificate: "cert", ClientKey: "key", Proxy: "http://p.example.com"}

	for _, tc := range []struct {
		reason string
		access Access
		home   bool
		want   route
	}{
		{reason: "most share all", access: Access{Credential: Credential{Password: "a"}}, home: true},
		{reason: "other hosts too", access: Access{Credential: Credential{Password: "b"}}},
		{reason: "the registry gets all", access: full, home: true, want: route{caBundle: "ca", certificate: "cert", key: "key", proxy: "http://p.example.com"}},
		{reason: "others no certificate", access: full, want: route{caBundle: "ca", elsewhere: true, proxy: "http://p.example.com"}},
	} {
		got, err := tc.access.routeTo(req, tc.home)
		if err != nil || got != tc.want {
			t.Errorf("%s: %+v, %v; want %+v", tc.reason, got, err, tc.want)
		}
	}
}

// TestRefusesCertificate checks what is taken for the refusal of a certificate.
func TestRefusesCertificate(t *testing.T) {
	t.Parallel()

	lost := errors.New("http2: client conn could not be established")

	for _, tc := range []struct {
		reason string
		err    error
		asked  bool
		want   bool
	}{
		{reason: "an alert says it", err: fmt.Errorf("x: %w", &net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}), want: true},
		{reason: "others say something else", err: &net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}, asked: true},
		{reason: "an alert that got lost leaves a connection that never was", err: fmt.Errorf("x: %w", lost), asked: true, want: true},
		{reason: "or one that ended at once", err: io.ErrUnexpectedEOF, asked: true, want: true},
		{reason: "on whichever side", err: &net.OpError{Op: "write", Err: errors.New("broken pipe")}, asked: true, want: true},
		{reason: "who wasn't asked has lost a connection", err: lost},
		{reason: "however it ended", err: &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}},
		{reason: "and nobody was asked for anything where nobody is", err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}, asked: true},
	} {
		if diff := cmp.Diff(tc.want, refusesCertificate(tc.err, tc.asked)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
		}
	}
}

// TestHints checks that what a server says about certificates leads to advice.
func TestHints(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct {
		reason string
		err    error
		want   string
	}{
		{reason: "it refused a certificate", err: fmt.Errorf("x: %w", errCertificate), want: "give a client certificate that it accepts, or check the registry"},
		{
			reason: "the server has another name", err: x509.HostnameError{},
			want: "give it a certificate for this name, or ask it by a name that its certificate has",
		},
		{reason: "anything else", err: io.EOF, want: "check the address, and that the registry is running and reachable"},
	} {
		if diff := cmp.Diff(tc.want, unreachableHint(tc.err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
		}
	}
}
