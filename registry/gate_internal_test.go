package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestGateAnswered checks how long a host is left alone, answer by answer. Times are seconds since the beginning.
func TestGateAnswered(t *testing.T) {
	t.Parallel()

	type step struct {
		reason      string
		status      int
		wait        time.Duration
		asked, at   time.Duration
		want, until time.Duration
	}

	const second = time.Second

	cases := map[string][]step{
		"Said": {
			{reason: "a host says for how long", status: 429, wait: 30 * second, asked: 0, at: 1 * second, want: 30 * second, until: 31 * second},
			{reason: "a shorter wait from a request under way shortens nothing", status: 503, wait: 5 * second, asked: 0, at: 2 * second, want: 5 * second, until: 31 * second},
			{reason: "a longer one counts", status: 503, wait: 60 * second, asked: 0, at: 3 * second, want: 60 * second, until: 63 * second},
		},
		"Unsaid": {
			{reason: "a host that doesn't say is left alone shortly", status: 429, asked: 0, at: 0, want: second, until: second},
			{reason: "then longer", status: 429, asked: 1 * second, at: 1 * second, want: 2 * second, until: 3 * second},
			{reason: "and longer", status: 429, asked: 3 * second, at: 3 * second, want: 4 * second, until: 7 * second},
			{reason: "whoever was under way at that time was refused with it", status: 429, asked: 2 * second, at: 4 * second, want: 3 * second, until: 7 * second},
			{reason: "and an answer to him doesn't mean that all is well", status: 200, asked: 2 * second, at: 4 * second, until: 7 * second},
			{reason: "so that it goes on growing", status: 429, asked: 7 * second, at: 7 * second, want: 8 * second, until: 15 * second},
			{reason: "an error is no success", status: 500, asked: 15 * second, at: 15 * second, until: 15 * second},
			{reason: "and keeps what has grown", status: 429, asked: 15 * second, at: 15 * second, want: 16 * second, until: 31 * second},
			{reason: "twice more", status: 429, asked: 31 * second, at: 31 * second, want: 32 * second, until: 63 * second},
			{reason: "up to a bound", status: 429, asked: 63 * second, at: 63 * second, want: 60 * second, until: 123 * second},
			{reason: "a refusal of another kind is an answer", status: 404, asked: 123 * second, at: 123 * second, until: 123 * second},
			{reason: "and it begins again", status: 429, asked: 124 * second, at: 124 * second, want: second, until: 125 * second},
		},
		"Unavailable": {
			{reason: "503 without a time holds back nothing", status: 503, asked: 0, at: 0},
		},
	}

	for name, steps := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			g := &gate{}

			for _, s := range steps {
				got := g.answered(s.status, s.wait, start.Add(s.asked), start.Add(s.at))

				until := time.Duration(0)
				if !g.until.IsZero() {
					until = g.until.Sub(start)
				}

				if diff := cmp.Diff([]time.Duration{s.want, s.until}, []time.Duration{got, until}); diff != "" {
					t.Fatalf("%s: wait, until (-want +got):\n%s", s.reason, diff)
				}
			}
		})
	}
}

// TestGateBook checks how far apart requests begin.
func TestGateBook(t *testing.T) {
	t.Parallel()

	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	gs := newGates(1, 4, time.Now)
	g := gs.of(door{host: "r.example.com"})

	got := make([]time.Duration, 0, 5)
	for _, at := range []time.Duration{0, 0, 0, time.Second, time.Second} {
		got = append(got, g.book(start.Add(at), gs.interval))
	}

	want := []time.Duration{0, 250 * time.Millisecond, 500 * time.Millisecond, 0, 250 * time.Millisecond}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("waits for a start, four a second (-want +got):\n%s", diff)
	}

	if diff := cmp.Diff(time.Duration(0), newGates(1, 0, time.Now).interval); diff != "" {
		t.Errorf("interval without a rate (-want +got):\n%s", diff)
	}
}

// TestGateRate checks that who waits for its start waits no longer than its context, and holds up nobody else's host.
func TestGateRate(t *testing.T) {
	t.Parallel()

	gs := newGates(2, 0.001, time.Now)

	first, err := gs.enter(t.Context(), door{host: "r.example.com"})
	if err != nil {
		t.Fatal(err)
	}

	first.done()
	first.done()

	past, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()

	if _, err := gs.enter(past, door{host: "R.example.com"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the second within the interval: %v, want a deadline exceeded", err)
	}

	other, err := gs.enter(t.Context(), door{host: "other.example.com"})
	if err != nil {
		t.Fatal(err)
	}

	other.done()

	for d, g := range gs.byDoor {
		if diff := cmp.Diff([]int{0, 0}, []int{len(g.slots), g.users}); diff != "" {
			t.Errorf("%s: slots taken, users (-want +got):\n%s", d.host, diff)
		}
	}
}

// TestGatesAreBounded checks that hosts are forgotten, but not those that hold back anything.
func TestGatesAreBounded(t *testing.T) {
	t.Parallel()

	gs := newGates(1, 0, time.Now)

	held, err := gs.enter(t.Context(), door{host: "held.example.com"})
	if err != nil {
		t.Fatal(err)
	}

	held.answered(&http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"3600"}}})
	held.done()

	busy, err := gs.enter(t.Context(), door{host: "busy.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	defer busy.done()

	for i := range 3 * maxIdleGates {
		p, err := gs.enter(t.Context(), door{host: fmt.Sprintf("r%d.example.com", i)})
		if err != nil {
			t.Fatal(err)
		}

		p.done()
	}

	if len(gs.byDoor) > maxIdleGates {
		t.Errorf("%d hosts are remembered, want at most %d", len(gs.byDoor), maxIdleGates)
	}

	_, err = gs.enter(t.Context(), door{host: "held.example.com"})
	if diff := cmp.Diff("held.example.com answered 429 Too Many Requests", fmt.Sprint(err)); diff != "" {
		t.Errorf("the host that holds back (-want +got):\n%s", diff)
	}

	other, err := gs.enter(t.Context(), door{host: "held.example.com", proxy: "http://proxy.example.com"})
	if err != nil {
		t.Fatalf("by way of a proxy it is another host, which nobody was refused by: %v", err)
	}

	other.done()
}
