package application

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// far is a cluster that answers requests, or takes them and is silent. What is asked for at /slow is silent in any case.
type far struct {
	*httptest.Server

	silent atomic.Bool
	asked  atomic.Int64
}

func newFar(t *testing.T) *far {
	t.Helper()
	made := &far{}
	made.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		made.asked.Add(1)
		if made.silent.Load() || r.URL.Path == "/slow" {
			<-r.Context().Done()
			return
		}
		w.WriteHeader(http.StatusForbidden) // an answer, though no welcome one
	}))
	t.Cleanup(made.Close)
	return made
}

// reachOf is a reach that is in a hurry, and a client that it sees; back counts how often the far answered again.
func reachOf(t *testing.T) (reach *reach, client *http.Client, back chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	back = make(chan struct{}, 1)
	reach = newReach(ctx, func() { back <- struct{}{} })
	reach.patience, reach.timeout, reach.interval = 20*time.Millisecond, 2*time.Second, time.Millisecond // a slow machine answers in the second
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return reach, &http.Client{Transport: reach.around(transport)}, back
}

// get asks, and gives what the caller is told.
func get(t *testing.T, client *http.Client, url string) error {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

func TestReachHangs(t *testing.T) {
	t.Parallel()
	far := newFar(t)
	reach, client, back := reachOf(t)
	if err := get(t, client, far.URL+"/api"); err != nil {
		t.Fatalf("a cluster that answers: %v", err)
	}

	far.silent.Store(true)
	const together = 8
	told := make(chan error, together)
	for range together {
		go func() { told <- get(t, client, far.URL+"/api") }()
	}
	for range together {
		if err := <-told; !isUnreachable(err) {
			t.Errorf("who waits for a cluster that doesn't answer is told %v", err)
		}
	}
	if err := reach.err(); !isUnreachable(err) {
		t.Errorf("the cluster doesn't answer: %v", err)
	}
	// The probe alone asks it from now on.
	if err := get(t, client, far.URL+"/api"); !isUnreachable(err) {
		t.Errorf("who comes later is told %v", err)
	}

	far.silent.Store(false)
	<-back
	if err := get(t, client, far.URL+"/api"); err != nil || reach.err() != nil {
		t.Errorf("the cluster answers again: %v, %v", err, reach.err())
	}
}

func isUnreachable(err error) bool {
	s := &scope{}
	_ = s.fail("", err)
	return s.reason == "ClusterUnreachable"
}

func TestReachLeavesSlowRequestsAlone(t *testing.T) {
	t.Parallel()
	far := newFar(t)
	reach, client, _ := reachOf(t)
	before := far.asked.Load()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, far.URL+"/slow", http.NoBody)
		if err != nil {
			done <- err
			return
		}
		response, err := client.Do(request)
		if err == nil {
			err = response.Body.Close()
		}
		done <- err
	}()
	for far.asked.Load() < before+2 { // the slow request, then the probe
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := get(t, client, far.URL+"/api"); err != nil || reach.err() != nil {
		t.Errorf("the cluster answers others: %v, %v", err, reach.err())
	}
	select {
	case err := <-done:
		t.Errorf("the slow request was ended: %v", err)
	default:
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("the slow request was answered")
	}
}

func TestUnreachableError(t *testing.T) {
	t.Parallel()
	err := &unreachableError{since: time.Date(2026, 11, 23, 14, 5, 3, 0, time.UTC)}
	want := "the cluster doesn't answer since 2026-11-23T14:05:03Z: it is asked every few seconds, and this goes on as soon as it does"
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}
