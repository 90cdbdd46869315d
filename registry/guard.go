package registry

import (
	"net/http"
	"net/netip"
	"strings"
)

// violation is something that a registry did, or wanted to be done, against the rules of this package.
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
	inner http.RoundTripper
	// host is the registry's.
	host string
	// plain is true for a registry that is spoken to over plain HTTP.
	plain bool
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	c, ok := req.Context().Value(callKey{}).(*call)
	if !ok {
		return nil, &violation{problem: "it was asked outside of a call", hint: "report this"}
	}

	if v := g.forbids(req); v != nil {
		c.refused(v)

		return nil, v
	}

	c.sent(req)

	resp, err := g.inner.RoundTrip(req)
	if err != nil {
		c.failed(req.URL.Host, err)

		return nil, err
	}

	c.answered(resp)
	resp.Body = &meteredBody{ReadCloser: resp.Body, call: c, host: req.URL.Host}

	// A POST is an exchange of a refresh token, in its body: net/http would send that on to wherever a 307 points.
	if location := resp.Header.Get("Location"); req.Method == http.MethodPost && location != "" {
		v := &violation{problem: "its token server redirects the exchange of a refresh token", hint: "check the token server's configuration"}

		c.refused(v)

		return nil, closing(resp, v)
	}

	return resp, nil
}

// closing closes an answer that isn't used and returns the reason.
func closing(resp *http.Response, reason error) error {
	_ = resp.Body.Close() // Nothing was read from it, nothing can be lost.

	return reason
}

// forbids returns why a request must not go out, or nil.
func (g *guard) forbids(req *http.Request) *violation {
	toRegistry := req.URL.Host == g.host

	switch {
	case !g.plain && req.URL.Scheme != "https":
		return &violation{problem: "it leads from TLS to plain HTTP", hint: "check the registry's configuration"}
	case g.plain && toRegistry && req.URL.Scheme != "http":
		return &violation{problem: "it leads from plain HTTP to TLS", hint: "remove insecure"}
	case !toRegistry && inward(req.URL.Hostname()):
		return &violation{problem: "it leads to the address " + clean(req.URL.Host), hint: "check the registry's configuration"}
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
