package registry

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// violation is something that a registry, or a proxy before it, did or wanted to be done against the rules of this
// package.
type violation struct {
	// problem completes a sentence that begins with the registry: "it redirects without end".
	problem string
	// hint says what to do.
	hint string
}

// Error returns the problem.
func (v *violation) Error() string { return v.problem }

// guard is the last stop before the network. Whatever the layers above were told by a registry, it lets nothing out
// that the rules forbid, and records what comes and goes.
type guard struct {
	client *Client
	access Access
	// home is the registry's address; plain HTTP is spoken there if its scheme says so.
	home *url.URL
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	record := callOf(req.Context())
	if record == nil {
		return nil, &violation{problem: "it was asked outside of a call", hint: "report this"}
	}

	if v := g.forbids(req.URL); v != nil {
		return nil, v
	}

	way, err := g.access.routeTo(req, g.isHome(req.URL))
	if err != nil {
		return nil, err
	}

	transport, err := g.client.transports.get(way)
	if err != nil {
		return nil, err
	}

	pass, err := g.client.gates.enter(req.Context(), door{host: req.URL.Host, proxy: g.access.Proxy})
	if err != nil {
		return nil, err
	}

	record.sent()

	began := g.client.now()
	resp, err := transport.RoundTrip(req)
	g.told(resp, began)

	if err != nil {
		pass.done()

		if refusesCertificate(err, record.wasAskedForCertificate()) {
			err = errCertificate
		}

		return nil, &unanswered{host: req.URL.Host, err: err}
	}

	record.answered(pass.answered(resp))

	resp.Body = &meteredBody{ReadCloser: resp.Body, call: record, host: req.URL.Host, pass: pass}

	// A POST is an exchange of a refresh token, in its body: net/http would send that on to wherever a 307 points.
	if req.Method == http.MethodPost && resp.Header.Get("Location") != "" {
		return nil, closing(resp, &violation{
			problem: "its token server redirects the exchange of a refresh token", hint: "check the token server's configuration",
		})
	}

	return resp, nil
}

// told tells of a request that was made; resp is nil if no answer came.
func (g *guard) told(resp *http.Response, began time.Time) {
	exchange := Exchange{Registry: g.home.Host, Duration: g.client.now().Sub(began)}
	if resp != nil {
		exchange.Status = resp.StatusCode
	}

	g.client.observe(exchange)
}

// closing closes an answer that isn't used and returns the reason.
func closing(resp *http.Response, reason error) error {
	_ = resp.Body.Close() // Nothing was read from it, nothing can be lost.

	return reason
}

// isHome reports whether an address is the registry's own.
func (g *guard) isHome(u *url.URL) bool { return u.Scheme == g.home.Scheme && sameHost(u, g.home) }

// forbids returns why nothing may be sent to an address, or nil.
func (g *guard) forbids(u *url.URL) *violation {
	plain, toRegistry := g.home.Scheme == "http", sameHost(u, g.home)

	switch {
	case !plain && u.Scheme != "https":
		return &violation{problem: "it leads from TLS to plain HTTP", hint: "check the registry's configuration"}
	case u.Scheme != "https" && u.Scheme != "http":
		return &violation{problem: "it leads to an address that is none of HTTP", hint: "check the registry's configuration"}
	case plain && toRegistry && u.Scheme != "http":
		return &violation{problem: "it leads from plain HTTP to TLS", hint: "remove insecure"}
	case !toRegistry && inward(u.Hostname()):
		return &violation{problem: "it leads to the address " + clean(u.Host), hint: "check the registry's configuration"}
	default:
		return nil
	}
}

// inward reports whether a host is an address or the machine itself: where a registry may live, but where no other
// registry may send us, because cloud metadata and the neighbours' services answer there. Names are followed.
func inward(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}

	host = strings.ToLower(strings.TrimSuffix(host, "."))
	last := host[strings.LastIndex(host, ".")+1:]

	// Resolvers also read 2130706433, 0x7f000001 and 127.1 as addresses. No top-level domain begins with a digit.
	return last == "" || last == "localhost" || last[0] >= '0' && last[0] <= '9'
}
