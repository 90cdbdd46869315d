package registry

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"
)

// call is what is known of one call of the Client. Its transport writes it from several goroutines; some of them may
// outlive the call.
type call struct {
	mu sync.Mutex
	// requests counts HTTP requests, those of authentication included.
	requests int
	// budget is the number of bytes that may still be read.
	budget int64
	// wait is how long the host of the last answer is left alone.
	wait time.Duration
	// certificate is true while a server has asked for the client's certificate, on a connection that was made for this
	// call, and has answered nothing yet.
	certificate bool
	// secrets must not appear in an error.
	secrets []string
}

type callKey struct{}

// newCall returns a record, and the context that leads the guard to it.
func newCall(ctx context.Context, budget int64, access Access) (context.Context, *call) {
	c := &call{budget: budget, secrets: access.secrets()}

	return context.WithValue(ctx, callKey{}, c), c
}

// callOf returns the record that a context leads to, nil if there is none.
func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)

	return c
}

// sent records a request that goes out.
func (c *call) sent() {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.requests++
}

// answered records an answer, whose body is still to be read.
func (c *call) answered(wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.wait, c.certificate = wait, false
}

// askedForCertificate records that a server asked for the client's certificate.
func (c *call) askedForCertificate() {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.certificate = true
}

// wasAskedForCertificate reports whether a server asked for the client's certificate.
func (c *call) wasAskedForCertificate() bool {
	c.mu.Lock()
	defer c.mu.Unlock()

	return c.certificate
}

// hide adds what must not appear in an error.
func (c *call) hide(secrets ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()

	for _, secret := range secrets {
		if !slices.Contains(c.secrets, secret) {
			c.secrets = append(c.secrets, secret)
		}
	}
}

// spend takes bytes from the budget, and reports whether it sufficed.
func (c *call) spend(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.budget -= int64(n)

	return c.budget >= 0
}

// count returns the number of requests.
func (c *call) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()

	return c.requests
}

// lastWait returns how long the host of the last answer is left alone.
func (c *call) lastWait() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()

	return c.wait
}

// hidden returns what must not appear in an error.
func (c *call) hidden() []string {
	c.mu.Lock()
	defer c.mu.Unlock()

	return slices.Clone(c.secrets)
}

// meteredBody reads an answer within the call's budget. Closing it lets the next request to its host begin.
type meteredBody struct {
	io.ReadCloser

	call *call
	host string
	pass *pass
}

// Read ends with a violation where the budget ends.
func (b *meteredBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)

	if !b.call.spend(n) {
		return 0, &violation{problem: "its answer is larger than is read", hint: "check that this is a registry, or delete tags"}
	}

	if err != nil && !errors.Is(err, io.EOF) {
		err = &unanswered{host: b.host, err: err}
	}

	return n, err
}

// Close implements io.Closer.
func (b *meteredBody) Close() error {
	defer b.pass.done()

	return b.ReadCloser.Close()
}
