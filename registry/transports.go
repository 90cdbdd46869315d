package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Transports that weren't used for so long are dropped, and the one that was used longest ago when there are too many.
const (
	maxTransports      = 256
	transportIdle      = 10 * time.Minute
	connectionIdle     = 3 * time.Minute
	maxIdleConnections = 512
)

// route is all by which connections differ. Requests with equal routes share connections.
type route struct {
	// caBundle, certificate and key are those of an Access.
	caBundle, certificate, key string
	// elsewhere is true for hosts that aren't the registry, where the system's certificates count beside the bundle.
	elsewhere bool
	// proxy is the proxy's URL, "" for none.
	proxy string
}

// routeTo returns the route of a request. Only the registry itself is shown the client's certificate, and over TLS.
func (a Access) routeTo(req *http.Request, home bool) (route, error) {
	r := route{caBundle: a.CABundle}

	if home {
		r.certificate, r.key = a.ClientCertificate, a.ClientKey
	} else {
		r.elsewhere = a.CABundle != ""
	}

	proxy, err := a.proxy()
	if err != nil {
		return route{}, err
	}

	if proxy == nil {
		proxy, err = http.ProxyFromEnvironment(req)
		if err != nil {
			return route{}, &InputError{Problem: "the proxy that the environment names can't be used: check HTTPS_PROXY and HTTP_PROXY"}
		}
	}

	if proxy != nil {
		r.proxy = proxy.String()
	}

	return r, nil
}

// transports keeps one http.Transport for each route.
type transports struct {
	now func() time.Time
	// dial connects to an address.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	// idlePerHost is how many connections to one host are kept between requests.
	idlePerHost int

	mu      sync.Mutex
	byRoute map[route]*kept
	swept   time.Time
}

// kept is a transport and when it was used last.
type kept struct {
	transport *http.Transport
	used      time.Time
}

func newTransports(idlePerHost int, now func() time.Time) *transports {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}

	return &transports{now: now, dial: dialer.DialContext, idlePerHost: idlePerHost, byRoute: make(map[route]*kept)}
}

// get returns the transport of a route. The error is an *InputError, as by Access.Check.
func (t *transports) get(r route) (*http.Transport, error) {
	t.mu.Lock()
	defer t.mu.Unlock()

	now := t.now()
	t.sweep(now)

	if known, ok := t.byRoute[r]; ok {
		known.used = now

		return known.transport, nil
	}

	made, err := t.build(r)
	if err != nil {
		return nil, err
	}

	if len(t.byRoute) >= maxTransports {
		t.dropOldest()
	}

	t.byRoute[r] = &kept{transport: made, used: now}

	return made, nil
}

// sweep drops what wasn't used for long, now and then. Requests that are under way end as they would have.
func (t *transports) sweep(now time.Time) {
	if now.Sub(t.swept) < connectionIdle {
		return
	}

	t.swept = now

	for r, known := range t.byRoute {
		if now.Sub(known.used) >= transportIdle {
			t.drop(r)
		}
	}
}

// dropOldest makes room.
func (t *transports) dropOldest() {
	var oldest route

	found := false

	for r, known := range t.byRoute {
		if !found || known.used.Before(t.byRoute[oldest].used) {
			oldest, found = r, true
		}
	}

	t.drop(oldest)
}

func (t *transports) drop(r route) {
	t.byRoute[r].transport.CloseIdleConnections()
	delete(t.byRoute, r)
}

// build makes the transport of a route. Idle connections outlive the usual interval between scans. A context bounds the
// whole of a call; the bounds here end what would hang without one.
func (t *transports) build(r route) (*http.Transport, error) {
	access := Access{ClientCertificate: r.certificate, ClientKey: r.key, Proxy: r.proxy}

	certificates, err := access.certificates()
	if err != nil {
		return nil, err
	}

	proxy, err := access.proxy()
	if err != nil {
		return nil, err
	}

	roots, err := rootsOf(r.caBundle, r.elsewhere)
	if err != nil {
		return nil, err
	}

	made := &http.Transport{
		Proxy:                  http.ProxyURL(proxy),
		DialContext:            t.dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, GetClientCertificate: show(certificates)},
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           maxIdleConnections,
		MaxIdleConnsPerHost:    t.idlePerHost,
		IdleConnTimeout:        connectionIdle,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		OnProxyConnectResponse: proxyAnswered,
	}

	if proxy != nil && proxy.Scheme == "https" {
		// The transport would greet the proxy as it greets the registry: with the client's certificate, and trusting the
		// bundle alone.
		made.DialTLSContext, err = t.dialProxy(r.caBundle)
	}

	return made, err
}

// show returns what answers a server that asks for the client's certificate: with that if there is one.
func show(certificates []tls.Certificate) func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return func(asked *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if record := callOf(asked.Context()); record != nil {
			record.askedForCertificate()
		}

		if len(certificates) == 0 {
			return &tls.Certificate{}, nil
		}

		return &certificates[0], nil
	}
}

// dialProxy returns how to connect to a proxy over TLS, which is where every connection of its transport begins.
func (t *transports) dialProxy(caBundle string) (func(ctx context.Context, network, address string) (net.Conn, error), error) {
	roots, err := rootsOf(caBundle, true)
	if err != nil {
		return nil, err
	}

	return func(ctx context.Context, network, address string) (net.Conn, error) {
		raw, err := t.dial(ctx, network, address)
		if err != nil {
			return nil, err
		}

		name, _, err := net.SplitHostPort(address)
		if err != nil {
			name = address
		}

		conn := tls.Client(raw, &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ServerName: name})

		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()

		if err := conn.HandshakeContext(ctx); err != nil {
			_ = raw.Close() // Nothing was sent on it.

			return nil, err
		}

		return conn, nil
	}, nil
}

// rootsOf returns the certificates that others must lead to; nil stands for the system's.
func rootsOf(caBundle string, elsewhere bool) (*x509.CertPool, error) {
	if caBundle == "" {
		return nil, nil //nolint:nilnil // nil is what crypto/tls takes for the system's.
	}

	if err := (Access{CABundle: caBundle}).Check(); err != nil {
		return nil, err
	}

	roots := x509.NewCertPool()

	if elsewhere {
		if system, err := x509.SystemCertPool(); err == nil {
			roots = system
		}
	}

	roots.AppendCertsFromPEM([]byte(caBundle))

	return roots, nil
}

// proxyAnswered reads a proxy's answer to CONNECT, whose words aren't repeated.
func proxyAnswered(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}

	return &violation{
		problem: fmt.Sprintf("the proxy before it answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode)),
		hint:    proxyHint(resp.StatusCode),
	}
}

// proxyHint says what to do about a proxy.
func proxyHint(status int) string {
	if status == http.StatusProxyAuthRequired {
		return "check the proxy's credentials"
	}

	return "check the proxy, and that it lets this host be asked"
}
