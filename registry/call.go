package registry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// call is what happens on the wire during one call of the Client. Its transport writes it from several goroutines;
// some of them may outlive the call.
type call struct {
	facts

	mu sync.Mutex
	// budget is the number of bytes that may still be read.
	budget int64
}

// facts are what is known of a call.
type facts struct {
	// requests counts HTTP requests, those of authentication included.
	requests int
	// status and wait are those of the last answer.
	status int
	wait   time.Duration
	// failure is why the last request got no whole answer, failedHost whom it was meant for.
	failure    error
	failedHost string
	// refusal is the last request that the guard didn't let out.
	refusal *violation
	// secrets must not appear in an error.
	secrets []string
}

type callKey struct{}

// newCall returns a record, and the context that leads the transport to it.
func newCall(ctx context.Context, budget int64, access Access) (context.Context, *call) {
	c := &call{budget: budget, facts: facts{secrets: access.secrets()}}

	return context.WithValue(ctx, callKey{}, c), c
}

// sent records a request that goes out, and the secrets in it.
func (c *call) sent(req *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.requests++

	if header := req.Header.Get("Authorization"); header != "" {
		_, secret, _ := strings.Cut(header, " ")
		c.secrets = append(c.secrets, secret)
	}

	c.secrets = append(c.secrets, refreshTokens(req)...)
}

// maxForm bounds what is read again of a request of ours: no token server takes more.
const maxForm = 64 << 10

// refreshTokens returns the tokens in an exchange's form (RFC 6749, section 6): those that a token server gave
// earlier are known nowhere else.
func refreshTokens(req *http.Request) []string {
	if req.GetBody == nil {
		return nil
	}

	body, err := req.GetBody()
	if err != nil {
		return nil
	}
	defer body.Close()

	form, err := io.ReadAll(io.LimitReader(body, maxForm))
	if err != nil {
		return nil
	}

	values, err := url.ParseQuery(string(form))
	if err != nil {
		return nil
	}

	return values["refresh_token"]
}

// answered records an answer, whose body is still to be read.
func (c *call) answered(resp *http.Response) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.status, c.wait = resp.StatusCode, retryAfter(resp)
}

// failed records that no answer came, or only a part of one.
func (c *call) failed(host string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.failedHost, c.failure = host, err
}

// refused records that the guard kept a request back.
func (c *call) refused(v *violation) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.refusal = v
}

// spend takes bytes from the budget, and reports whether it sufficed.
func (c *call) spend(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.budget -= int64(n)

	return c.budget >= 0
}

// soFar returns a copy of what is known.
func (c *call) soFar() facts {
	c.mu.Lock()
	defer c.mu.Unlock()

	known := c.facts
	known.secrets = slices.Clone(c.secrets)

	return known
}

// meteredBody reads an answer within the call's budget.
type meteredBody struct {
	io.ReadCloser

	call *call
	host string
}

// Read ends with a violation where the budget ends.
func (b *meteredBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)

	if !b.call.spend(n) {
		return 0, &violation{problem: "its answer is larger than is read", hint: "check that this is a registry, or delete tags"}
	}

	if err != nil && !errors.Is(err, io.EOF) {
		b.call.failed(b.host, err)
	}

	return n, err
}
