package controller

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	ctrl "sigs.k8s.io/controller-runtime"
)

// TestGate goes through the states of the gate, by a clock of its own.
func TestGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		ctx, cancel := context.WithCancel(ctrl.LoggerInto(t.Context(), (&Options{LogLevel: "info", LogFormat: "json"}).logger(&log)))
		var found atomic.Pointer[error]
		find := func(err error) { found.Store(&err) }
		var opened atomic.Int64
		g := newGate(func(context.Context) error { return *found.Load() }, func(context.Context) error {
			opened.Add(1)
			<-time.After(gateEvery)
			return nil
		})
		expect := func(reason, want string, wantOpened int64) {
			t.Helper()
			synctest.Wait()
			got := "ok"
			if err := g.ready(); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(want, got); diff != "" || opened.Load() != wantOpened {
				t.Errorf("%s: opened %d times, want %d; -want, +got:\n%s", reason, opened.Load(), wantOpened, diff)
			}
		}
		expect("before the start", "the API server hasn't answered yet which CRDs it has", 0)
		find(errors.New("the CRD x is missing"))
		done := make(chan error)
		go func() { done <- g.Start(ctx) }()
		expect("at once", "the CRD x is missing", 0)
		<-time.After(gateEvery / 2) // What is found changes between two looks.
		find(errors.New("the CRD y is missing"))
		<-time.After(gateEvery)
		expect("something else", "the CRD y is missing", 0)
		<-time.After(3 * gateEvery)
		find(nil)
		<-time.After(gateEvery)
		expect("there", "not all objects are known here yet: if that lasts, the log says why they can't be listed", 1)
		<-time.After(gateEvery)
		expect("and filled", "ok", 1)
		find(errors.New("the CRD x is missing"))
		<-time.After(gateAgain)
		expect("gone again: the controllers are left alone", "the CRD x is missing", 1)
		find(nil)
		<-time.After(gateAgain)
		expect("back", "ok", 1)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		var lines []string
		for line := range strings.Lines(log.String()) {
			_, message, _ := strings.Cut(line, `"msg":`)
			lines = append(lines, strings.TrimSpace(message))
		}
		want := []string{
			`"not ready","error":"the CRD x is missing"}`, `"not ready","error":"the CRD y is missing"}`, `"ready"}`,
			`"not ready","error":"the CRD x is missing"}`, `"ready"}`,
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Errorf("each change is one line: -want, +got:\n%s", diff)
		}
	})
}

func TestHealth(t *testing.T) {
	t.Parallel()
	var problem atomic.Pointer[error]
	server := httptest.NewServer(healthHandler(func() error { return *problem.Load() }))
	t.Cleanup(server.Close)
	for _, tc := range []struct {
		reason  string
		problem error
		path    string
		want    string
	}{
		{reason: "it runs", path: "/healthz", want: "200 ok\n"},
		{reason: "it works", path: "/readyz", want: "200 ok\n"},
		{reason: "a restart mends nothing", problem: errors.New("the CRD x is missing"), path: "/healthz", want: "200 ok\n"},
		{reason: "and why not", problem: errors.New("the CRD x is missing"), path: "/readyz", want: "503 the CRD x is missing\n"},
		{reason: "nothing else", path: "/metrics", want: "404 404 page not found\n"},
	} {
		problem.Store(&tc.problem)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+tc.path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, response.Status[:3]+" "+string(body)); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
		}
	}
}
