package registry

import (
	"time"

	"github.com/google/go-containerregistry/pkg/name"
)

// Limits bound what one scan takes from a registry, and what a Client keeps.
type Limits struct {
	// Pages is the largest number of pages of one listing.
	Pages int
	// Tags is the largest number of tags of one listing.
	Tags int
	// Bytes is the largest number of bytes read from all answers of one call.
	Bytes int64
	// Sessions is the largest number of pairs of repository and access whose authentication is remembered. The one
	// that was used longest ago gives way.
	Sessions int
	// Remembered is the largest number of tags that are remembered of all listings together, where a registry tells by
	// an ETag whether they have changed. The listing that was used longest ago gives way.
	Remembered int
	// Platforms is the largest number of platforms that are remembered of all manifests together; a manifest counts as one
	// more.
	Platforms int
}

// DefaultLimits are far above what a repository in order needs, and low enough for a hostile one to do no harm.
func DefaultLimits() Limits {
	return Limits{Pages: 1_000, Tags: 250_000, Bytes: 32 << 20, Sessions: 16_384, Remembered: 500_000, Platforms: 65_536}
}

// Client speaks to registries. One serves a whole process: it keeps connections and tokens between calls. It is safe
// for concurrent use; listings of the same repository and access wait for each other.
type Client struct {
	limits    Limits
	userAgent string
	now       func() time.Time

	// hostConcurrency and hostRate bound what is asked of one host.
	hostConcurrency int
	hostRate        float64

	// observe is told of each request.
	observe func(Exchange)

	gates      *gates
	transports *transports
	sessions   *recent[sessionKey, *session]
	listings   *recent[sessionKey, *catalog]
	// platforms are remembered by digest: what a digest names never changes.
	platforms *recent[string, []string]
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

// Exchange is one request that was made for a registry, that for a token included.
type Exchange struct {
	// Registry is the host, and port, of the image that it was made for, whoever was asked.
	Registry string
	// Status is that of the answer; 0 if none came.
	Status int
	// Duration is how long the answer took to begin.
	Duration time.Duration
}

// WithObserver has a Client tell of each request. The function is called by several goroutines at a time.
func WithObserver(observe func(Exchange)) Option {
	return func(c *Client) { c.observe = observe }
}

// NewClient returns a client without any session.
func NewClient(opts ...Option) *Client {
	c := &Client{limits: DefaultLimits(), userAgent: "fairlead", now: time.Now, observe: func(Exchange) {}, hostConcurrency: defaultHostConcurrency}

	for _, opt := range opts {
		opt(c)
	}

	c.gates = newGates(c.hostConcurrency, c.hostRate, c.now)
	c.transports = newTransports(c.hostConcurrency, c.now)
	c.sessions = newRecent[sessionKey, *session](max(c.limits.Sessions, 1))
	c.listings = newRecent[sessionKey, *catalog](c.limits.Remembered)
	c.platforms = newRecent[string, []string](c.limits.Platforms)

	return c
}

// session returns that of a repository and access.
func (c *Client) session(repo name.Repository, access Access) *session {
	key := sessionKey{repo: repo, access: access}

	return c.sessions.getOr(key, func() *session { return newSession(c, key) })
}
