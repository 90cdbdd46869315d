package registry

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// What a host that limits requests without saying for how long is left alone: it grows with each refusal and starts
// again after an answer.
const (
	firstPause = time.Second
	maxPause   = time.Minute
)

// maxIdleGates is how many hosts may have a gate that nobody uses before those that hold back nothing are forgotten.
const maxIdleGates = 1024

// held is a request that wasn't made because its host asked to be left alone.
type held struct {
	host string
	// status is that of the answer in which the host asked, wait how long it still wants to be left alone.
	status int
	wait   time.Duration
}

// Error names the host and its answer.
func (h *held) Error() string {
	return fmt.Sprintf("%s answered %d %s", h.host, h.status, http.StatusText(h.status))
}

// door is how a host is reached. A proxy that somebody gave has doors of its own: it can answer for any host whose
// certificate the same somebody vouches for, and must not be able to hold others back from the host itself.
type door struct {
	// host is as it is spelt in the image, or by who named it; its case doesn't matter.
	host string
	// proxy is that of an Access.
	proxy string
}

// gates bound what is asked of each host, whoever asks, whatever for. No host's gate ever waits for another's: a
// request holds one slot at a time, and gives it back before the next request that it leads to.
type gates struct {
	concurrency int
	// interval is the time between two requests; zero for none.
	interval time.Duration
	now      func() time.Time

	mu     sync.Mutex
	byDoor map[door]*gate
}

// gate is that of one host.
type gate struct {
	slots chan struct{}
	// users counts those who hold or await a slot; gates.mu guards it.
	users int

	mu sync.Mutex
	// next is when the next request may start.
	next time.Time
	// until is when the host may be asked again, since when it last refused, and status how.
	until, since time.Time
	status       int
	// pause is the one that was made up last, for a host that didn't give one.
	pause time.Duration
}

func newGates(concurrency int, perSecond float64, now func() time.Time) *gates {
	g := &gates{concurrency: max(concurrency, 1), now: now, byDoor: make(map[door]*gate)}

	if perSecond > 0 {
		g.interval = time.Duration(float64(time.Second) / perSecond)
	}

	return g
}

// pass is the right to one request. It must be given back.
type pass struct {
	gates *gates
	gate  *gate
	asked time.Time
	once  sync.Once
}

// enter waits for the right to ask a host. The error is a *held, or that of the context.
func (g *gates) enter(ctx context.Context, d door) (*pass, error) {
	d.host = strings.ToLower(d.host)
	at := g.of(d)

	if err := g.await(ctx, at, d.host); err != nil {
		g.leave(at)

		return nil, err
	}

	return &pass{gates: g, gate: at, asked: g.now()}, nil
}

// await takes a slot. Who waited looks again whether the host has refused somebody in the meantime.
func (g *gates) await(ctx context.Context, at *gate, host string) error {
	if err := at.held(g.now(), host); err != nil {
		return err
	}

	select {
	case at.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}

	err := sleep(ctx, at.book(g.now(), g.interval))
	if err == nil {
		if refusal := at.held(g.now(), host); refusal != nil {
			err = refusal
		}
	}

	if err != nil {
		<-at.slots
	}

	return err
}

// of returns the gate at a door, for somebody who will leave it.
func (g *gates) of(d door) *gate {
	g.mu.Lock()
	defer g.mu.Unlock()

	at, ok := g.byDoor[d]
	if !ok {
		if len(g.byDoor) >= maxIdleGates {
			g.sweep()
		}

		at = &gate{slots: make(chan struct{}, g.concurrency)}
		g.byDoor[d] = at
	}

	at.users++

	return at
}

// sweep forgets the gates that nobody uses and that hold back nothing.
func (g *gates) sweep() {
	now := g.now()

	for d, at := range g.byDoor {
		if at.users == 0 && at.free(now) {
			delete(g.byDoor, d)
		}
	}
}

// leave ends what of began.
func (g *gates) leave(at *gate) {
	g.mu.Lock()
	defer g.mu.Unlock()

	at.users--
}

// done gives the right back. It may be called more than once.
func (p *pass) done() {
	p.once.Do(func() {
		<-p.gate.slots
		p.gates.leave(p.gate)
	})
}

// answered takes note of an answer, and returns how long its host is left alone.
func (p *pass) answered(resp *http.Response) time.Duration {
	now := p.gates.now()

	return p.gate.answered(resp.StatusCode, retryAfter(resp, now), p.asked, now)
}

// held returns an error while the host wants to be left alone.
func (g *gate) held(now time.Time, host string) error {
	g.mu.Lock()
	defer g.mu.Unlock()

	if wait := g.until.Sub(now); wait > 0 {
		return &held{host: host, status: g.status, wait: wait}
	}

	return nil
}

// free reports whether hardly anything would be lost with the gate: how the pauses of a host grew, long ago.
func (g *gate) free(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()

	return now.Sub(g.until) > maxPause && !g.next.After(now)
}

// book reserves the next start, and returns how far off it is.
func (g *gate) book(now time.Time, interval time.Duration) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()

	start := now
	if g.next.After(now) {
		start = g.next
	}

	g.next = start.Add(interval)

	return start.Sub(now)
}

// answered takes note of the answer to a request, and returns how long the host is left alone.
func (g *gate) answered(status int, wait time.Duration, asked, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()

	// Requests that were under way together are refused together: that is one refusal.
	anew := !asked.Before(g.since)

	switch {
	case wait > 0:
	case status == http.StatusTooManyRequests && anew:
		g.pause = min(max(2*g.pause, firstPause), maxPause)
		wait = g.pause
	case status == http.StatusTooManyRequests:
		return max(g.until.Sub(now), firstPause)
	default:
		if anew && status < http.StatusInternalServerError {
			g.pause = 0
		}

		return 0
	}

	g.since, g.status = now, status

	if until := now.Add(wait); until.After(g.until) {
		g.until = until
	}

	return wait
}

// sleep waits, no longer than the context lasts.
func sleep(ctx context.Context, wait time.Duration) error {
	if wait <= 0 {
		return nil
	}

	timer := time.NewTimer(wait)
	defer timer.Stop()

	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
