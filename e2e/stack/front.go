package stack

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Front stands before a real server: it counts the requests by kind and injects faults. It is safe for concurrent use.
type Front struct {
	classify func(*http.Request) (string, error)
	server   http.Handler
	listener net.Listener
	http     *http.Server
	inFlight sync.WaitGroup

	mu       sync.Mutex
	counts   Counts
	faults   []Fault
	observer func(Exchange)
}

// Counts are numbers of requests by kind, such as "GET tags" or "fetch".
type Counts map[string]int

// Total is the number of requests of all kinds.
func (c Counts) Total() int {
	total := 0
	for _, n := range c {
		total += n
	}
	return total
}

// String lists the kinds in alphabetical order: "GET manifest 1, GET tags 3".
func (c Counts) String() string {
	parts := make([]string, 0, len(c))
	for _, kind := range slices.Sorted(maps.Keys(c)) {
		parts = append(parts, fmt.Sprintf("%s %d", kind, c[kind]))
	}
	return strings.Join(parts, ", ")
}

// Exchange is one request that has been answered.
type Exchange struct {
	Kind         string // as in Counts
	User         string // of basic auth, or empty
	Method, Path string
	Status       int // 0 when the connection was cut
	Start, End   time.Time
}

// Fault disturbs one request: it returns what answers in place of the real server, or nil to hand the request on. It may
// also block, or act, before it returns nil.
type Fault func(*http.Request) http.HandlerFunc

func newFront(server http.Handler, classify func(*http.Request) (string, error)) (*Front, error) {
	return newTLSFront(server, classify, nil)
}

// newTLSFront speaks TLS, unless its configuration is nil.
func newTLSFront(server http.Handler, classify func(*http.Request) (string, error), config *tls.Config) (*Front, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	f := &Front{classify: classify, server: server, listener: listener, counts: Counts{}}
	// What clients are refused for while they shake hands is theirs to tell.
	f.http = &http.Server{Handler: f, ReadHeaderTimeout: 30 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = f.http.Serve(listener) }()
	return f, nil
}

// Address is the host and port that clients talk to.
func (f *Front) Address() string { return f.listener.Addr().String() }

// Counts are the requests since the start or the last Reset, those answered by a fault included.
func (f *Front) Counts() Counts {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.counts)
}

// Reset forgets the counts and returns what they were.
func (f *Front) Reset() Counts {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.counts
	f.counts = Counts{}
	return was
}

// Inject sets the faults, in place of earlier ones; the first that answers wins. Without arguments the server is whole again.
func (f *Front) Inject(faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = faults
}

// Observe calls a function after each answer, in place of an earlier one. It must return quickly.
func (f *Front) Observe(observer func(Exchange)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.observer = observer
}

// ServeHTTP counts the request and hands it to the first fault that takes it, or else to the real server.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.inFlight.Add(1)
	defer f.inFlight.Done()
	start := time.Now()
	kind, err := f.classify(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	f.counts[kind]++
	faults, observer := f.faults, f.observer
	f.mu.Unlock()

	recorder := &statusRecorder{ResponseWriter: w}
	if observer != nil {
		user, _, _ := r.BasicAuth()
		defer func() {
			observer(Exchange{
				Kind: kind, User: user, Method: r.Method, Path: r.URL.Path, Status: recorder.status, Start: start, End: time.Now(),
			})
		}()
	}
	r = r.WithContext(context.WithValue(r.Context(), matchKey{}, &match{kind: kind, server: f.server}))
	for _, fault := range faults {
		if answer := fault(r); answer != nil {
			answer(recorder, r)
			return
		}
	}
	f.server.ServeHTTP(recorder, r)
}

// close cuts all connections and waits for the handlers, so that no CGI process outlives the stack.
func (f *Front) close() error {
	err := f.http.Close()
	f.inFlight.Wait()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close the server on %s: %w", f.Address(), err)
	}
	return nil
}

type matchKey struct{}

// match is a request's kind, the server that it is for, and whether a fault was for others: Times doesn't count those.
type match struct {
	kind    string
	server  http.Handler
	skipped bool
}

// statusRecorder remembers the status that was sent.
type statusRecorder struct {
	http.ResponseWriter

	status int
}

// WriteHeader remembers the status and sends it.
func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write sends the body; without a status before it, that is 200.
func (r *statusRecorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Down cuts every connection without an answer, as a server does that isn't there.
func Down() Fault {
	return func(*http.Request) http.HandlerFunc {
		return func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	}
}

// Status answers every request with a status, the given header (may be nil) and a short text.
func Status(code int, header http.Header) Fault {
	return func(*http.Request) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			maps.Copy(w.Header(), header)
			http.Error(w, http.StatusText(code), code)
		}
	}
}

// Redirect answers every request with the same path below another URL, as hosts do for a repository that has moved for good.
func Redirect(to string) Fault {
	return func(*http.Request) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, to+r.URL.RequestURI(), http.StatusMovedPermanently)
		}
	}
}

// TooManyRequests answers with 429 and a Retry-After of whole seconds.
func TooManyRequests(retryAfter time.Duration) Fault {
	return Status(http.StatusTooManyRequests, http.Header{"Retry-After": {strconv.Itoa(int(retryAfter.Seconds()))}})
}

// Delay holds each request back before it is handed on.
func Delay(d time.Duration) Fault {
	return func(r *http.Request) http.HandlerFunc {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-r.Context().Done(): // the client has given up: nothing to hand on
			return func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		}
	}
}

// Before runs a function before a request is handed on. An error is answered with 500 and its text.
func Before(act func() error) Fault {
	return func(*http.Request) http.HandlerFunc {
		err := act()
		if err == nil {
			return nil
		}
		return func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}

// After hands each request on, runs a function when the real server has done its work, and cuts the connection: the
// answer gets lost.
func After(act func()) Fault {
	return func(r *http.Request) http.HandlerFunc {
		server := matchOf(r).server
		return func(_ http.ResponseWriter, r *http.Request) {
			server.ServeHTTP(httptest.NewRecorder(), r)
			act()
			panic(http.ErrAbortHandler)
		}
	}
}

// On limits a fault to requests of one kind.
func On(kind string, fault Fault) Fault {
	return func(r *http.Request) http.HandlerFunc {
		m := matchOf(r)
		m.skipped = m.kind != kind
		if m.skipped {
			return nil
		}
		return fault(r)
	}
}

// From limits a fault to requests of one user of basic auth.
func From(username string, fault Fault) Fault {
	return func(r *http.Request) http.HandlerFunc {
		m := matchOf(r)
		user, _, _ := r.BasicAuth()
		m.skipped = user != username
		if m.skipped {
			return nil
		}
		return fault(r)
	}
}

// Times limits a fault to its first n requests; of On's and From's, only those that they are for count.
func Times(n int, fault Fault) Fault {
	var mu sync.Mutex
	take := func(by int) bool {
		mu.Lock()
		defer mu.Unlock()
		n -= by
		return n >= 0
	}
	return func(r *http.Request) http.HandlerFunc {
		if !take(1) {
			take(-1)
			return nil
		}
		m := matchOf(r)
		m.skipped = false
		answer := fault(r)
		if m.skipped {
			take(-1)
		}
		return answer
	}
}

func matchOf(r *http.Request) *match {
	if m, ok := r.Context().Value(matchKey{}).(*match); ok {
		return m
	}
	return &match{} // a fault that is called outside a Front
}
