package application

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	// patience is how long a request to another cluster may wait until that is asked whether it answers at all.
	patience = 5 * time.Second
	// probeTimeout bounds that question, and probeInterval is the time between two while it doesn't answer.
	probeTimeout  = 5 * time.Second
	probeInterval = 5 * time.Second
	// unreachableRetry is when an Application looks at such a cluster again by itself. As a rule it is called before.
	unreachableRetry = time.Minute
)

// unreachableError says that another cluster takes requests and doesn't answer them.
type unreachableError struct{ since time.Time }

// Error implements error.
func (e *unreachableError) Error() string {
	return fmt.Sprintf("the cluster doesn't answer since %s: it is asked every few seconds, and this goes on as soon as it does",
		e.since.UTC().Format(time.RFC3339))
}

// RetryAfter is when to look again.
func (*unreachableError) RetryAfter() time.Duration { return unreachableRetry }

// reach knows whether another cluster answers. Each request to one that hangs would hold a worker for as long as its timeout,
// and a few Applications there would keep those of all other clusters waiting. So the first that waits for too long has
// it found out, all that wait are told, and nobody begins to wait until the cluster answers again.
//
// A request that is slow by itself, like one that an admission webhook holds up, is left alone: then the cluster answers others.
type reach struct {
	patience, timeout, interval time.Duration
	// ends is done when nobody goes to the cluster any more.
	ends context.Context //nolint:containedctx // it is the cluster's life, not a request's
	// back is called when the cluster answers again.
	back func()

	mu       sync.Mutex
	answered time.Time
	// down is set while the cluster doesn't answer.
	down    *unreachableError
	waiting map[*visit]bool
}

// visit is a request that waits for its answer.
type visit struct {
	begun  time.Time
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

func newReach(ends context.Context, back func()) *reach {
	return &reach{
		patience: patience, timeout: probeTimeout, interval: probeInterval,
		ends: ends, back: back, waiting: map[*visit]bool{},
	}
}

// err says that the cluster doesn't answer, if so.
func (r *reach) err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down != nil {
		return r.down
	}
	return nil
}

// around has the requests that go by a transport seen.
func (r *reach) around(next http.RoundTripper) http.RoundTripper { return &seen{reach: r, next: next} }

// seen is a transport whose requests are seen.
type seen struct {
	reach *reach
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (s *seen) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(request.Context())
	visit, err := s.reach.begin(cancel, func() error { return s.probe(request.URL) })
	if err != nil {
		cancel(err)
		return nil, err
	}
	response, err := s.next.RoundTrip(request.WithContext(ctx))
	if err != nil {
		s.reach.end(visit)
		if hung := (*unreachableError)(nil); errors.As(context.Cause(ctx), &hung) {
			return nil, hung
		}
		return nil, err //nolint:wrapcheck // a transport adds nothing to what the one below it says
	}
	s.reach.answer()
	response.Body = &ending{ReadCloser: response.Body, end: func() { s.reach.end(visit) }}
	return response, nil
}

// probe asks the cluster for its version. Any answer will do, a refusal too.
func (s *seen) probe(cluster *url.URL) error {
	ctx, cancel := context.WithTimeout(s.reach.ends, s.reach.timeout)
	defer cancel()
	where := url.URL{Scheme: cluster.Scheme, Host: cluster.Host, Path: "/version"}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, where.String(), http.NoBody)
	if err != nil {
		return fmt.Errorf("ask the cluster for its version: %w", err)
	}
	response, err := s.next.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("ask the cluster for its version: %w", err)
	}
	return response.Body.Close()
}

// ending is a body whose end is noted.
type ending struct {
	io.ReadCloser

	end func()
}

// Close implements io.Closer.
func (e *ending) Close() error {
	e.end()
	return e.ReadCloser.Close()
}

// begin notes a request, unless the cluster doesn't answer.
func (r *reach) begin(cancel context.CancelCauseFunc, probe func() error) (*visit, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down != nil {
		return nil, r.down
	}
	made := &visit{begun: time.Now(), cancel: cancel}
	made.timer = time.AfterFunc(r.patience, func() { r.suspect(made.begun, probe) })
	r.waiting[made] = true
	return made, nil
}

// end forgets a request.
func (r *reach) end(gone *visit) {
	gone.timer.Stop()
	gone.cancel(nil)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, gone)
}

// answer notes that the cluster has answered.
func (r *reach) answer() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answered = time.Now()
}

// suspect finds out whether the cluster answers, of which nothing was heard since a request that still waits. If not, it frees
// those that wait, and asks until it answers again.
func (r *reach) suspect(since time.Time, probe func() error) {
	r.mu.Lock()
	heard := r.answered.After(since) || r.down != nil
	r.mu.Unlock()
	if heard {
		return
	}
	if probe() == nil {
		r.answer()
		return
	}
	if r.hangs(since) {
		r.await(probe)
	}
}

// hangs notes that the cluster doesn't answer, and frees those that wait. It is false if that was known, or was found to be wrong.
func (r *reach) hangs(since time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down != nil || r.answered.After(since) {
		return false
	}
	r.down = &unreachableError{since: since}
	for visit := range r.waiting {
		visit.cancel(r.down)
	}
	return true
}

// await asks until the cluster answers again, or nobody wants to know any more.
func (r *reach) await(probe func() error) {
	for probe() != nil {
		select {
		case <-r.ends.Done():
			return
		case <-time.After(r.interval):
		}
	}
	r.mu.Lock()
	r.down, r.answered = nil, time.Now()
	r.mu.Unlock()
	r.back()
}
