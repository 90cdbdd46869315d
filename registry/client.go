package registry

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Limits bound what one scan takes from a registry, and what a Client keeps.
type Limits struct {
	// Pages is the largest number of pages of one listing.
	Pages int
	// Tags is the largest number of tags of one listing.
	Tags int
	// Bytes is the largest number of bytes read from all answers of one call.
	Bytes int64
	// Sessions is the largest number of pairs of repository and credential whose authentication is remembered. The one
	// that was used longest ago gives way.
	Sessions int
}

// DefaultLimits are far above what a repository in order needs, and low enough for a hostile one to do no harm.
func DefaultLimits() Limits {
	return Limits{Pages: 1_000, Tags: 250_000, Bytes: 32 << 20, Sessions: 16_384}
}

// Client speaks to registries. One serves a whole process: it keeps connections and tokens between calls. It is safe
// for concurrent use; calls for the same repository and credential wait for each other.
type Client struct {
	limits    Limits
	userAgent string
	base      *http.Transport
	sessions  *sessions

	// hostConcurrency and hostRate bound what is asked of one host.
	hostConcurrency int
	hostRate        float64
}

// Option changes what NewClient makes.
type Option func(*Client)

// WithLimits replaces DefaultLimits.
func WithLimits(limits Limits) Option {
	return func(c *Client) { c.limits = limits }
}

// WithUserAgent names the program to the registries, "fairlead/v1.2.3".
func WithUserAgent(userAgent string) Option {
	return func(c *Client) { c.userAgent = userAgent }
}

// defaultHostConcurrency is how many requests of one host are under way at a time.
const defaultHostConcurrency = 8

// WithHostConcurrency bounds how many requests are under way at one host at a time; 8 without this option.
func WithHostConcurrency(n int) Option {
	return func(c *Client) { c.hostConcurrency = n }
}

// WithHostRate bounds how many requests a second are sent to one host; without this option, or with zero, the
// concurrency is the only bound.
func WithHostRate(perSecond float64) Option {
	return func(c *Client) { c.hostRate = perSecond }
}

// NewClient returns a client without any session.
func NewClient(opts ...Option) *Client {
	c := &Client{limits: DefaultLimits(), userAgent: "fairlead", base: newTransport()}

	for _, opt := range opts {
		opt(c)
	}

	c.sessions = newSessions(c.limits.Sessions)

	return c
}

// open returns the session of a repository and credential, and takes its turn: the caller must call the function
// that comes with it. The error is that of the context.
func (c *Client) open(ctx context.Context, repo name.Repository, access Access) (*session, func(), error) {
	s := c.sessions.get(sessionKey{repo: repo, access: access}, func() http.RoundTripper {
		return transport.NewUserAgent(&guard{inner: c.base, host: repo.RegistryStr(), plain: plainHTTP(repo.Registry)}, c.userAgent)
	})

	select {
	case s.turn <- struct{}{}:
		return s, func() { <-s.turn }, nil
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

// newTransport returns the connections that all sessions share. Idle ones outlive the usual interval between scans. A
// context bounds the whole of a call; the bounds here end what would hang without one.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}

	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           512,
		MaxIdleConnsPerHost:    8,
		MaxConnsPerHost:        32,
		IdleConnTimeout:        3 * time.Minute,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}
