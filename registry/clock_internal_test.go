package registry

import (
	"sync/atomic"
	"time"
)

// Clock is a clock that a test moves on.
type Clock struct{ ahead atomic.Int64 }

// Now returns the time by this clock.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Advance moves the clock on.
func (c *Clock) Advance(by time.Duration) { c.ahead.Add(int64(by)) }

// WithClock makes a client read the time from a clock.
func WithClock(clock *Clock) Option {
	return func(c *Client) { c.now = clock.Now }
}
