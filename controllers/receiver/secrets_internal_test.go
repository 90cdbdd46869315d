package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/flowcontrol"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/registry/webhook"
)

// clock is a time that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// waitUntil waits for what happens in another goroutine.
func waitUntil(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it didn't happen")
		}
	}
}

func newTestSecrets(t *testing.T) (*secrets, *front, *clock) {
	t.Helper()
	reader, inFront := newReader(t)
	watch := &clock{now: time.Now()}
	return newSecrets(reader, watch.Now), inFront, watch
}

func TestAnswersAreRemembered(t *testing.T) {
	t.Parallel()
	s, inFront, watch := newTestSecrets(t)
	secret := webhookSecret(t, teamNamespace, webhook.Harbor)
	present := client.ObjectKeyFromObject(secret)
	missing := types.NamespacedName{Namespace: teamNamespace, Name: "hook-not-yet"}

	find := func(key types.NamespacedName) string {
		found, err := s.find(t.Context(), key)
		switch {
		case err != nil:
			return err.Error()
		case found == nil:
			return ""
		}
		return string(found.token)
	}
	expect := func(reason string, key types.NamespacedName, want string, questions int64) {
		t.Helper()
		before := inFront.requests.Load()
		for range 5 {
			if got := find(key); got != want {
				t.Fatalf("%s: find(%s) = %q, want %q", reason, key, got, want)
			}
		}
		if asked := inFront.requests.Load() - before; asked != questions {
			t.Errorf("%s: asked the API server %d times, want %d", reason, asked, questions)
		}
	}
	expect("the first time", present, token, 1)
	expect("a name that isn't there", missing, "", 1)

	secret.Data = map[string][]byte{KeyProvider: []byte(webhook.Harbor), KeyToken: []byte("rotated")}
	if err := cluster.client.Update(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	appeared := secret.DeepCopy()
	appeared.ObjectMeta = metav1.ObjectMeta{Namespace: missing.Namespace, Name: missing.Name}
	if err := cluster.client.Create(t.Context(), appeared); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.client.Delete(context.Background(), appeared); err != nil {
			t.Error(err)
		}
	})
	watch.pass(remembered - time.Nanosecond)
	expect("for a while an answer holds", present, token, 0)
	expect("also that there is none", missing, "", 0)
	watch.pass(time.Nanosecond)
	expect("then the new token counts", present, "rotated", 1)
	expect("and the new Secret is found", missing, "rotated", 1)

	if err := cluster.client.Delete(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	watch.pass(remembered)
	expect("a Secret that is deleted opens nothing", present, "", 1)
}

func TestThoseWhoAskAtOnceShareAnAnswer(t *testing.T) {
	t.Parallel()
	s, inFront, _ := newTestSecrets(t)
	secret := webhookSecret(t, teamNamespace, webhook.Harbor)
	asked, release := make(chan struct{}), make(chan struct{})
	inFront.intercept = func(*http.Request) (*http.Response, error) {
		asked <- struct{}{}
		<-release
		return nil, nil //nolint:nilnil // the API server answers
	}
	found := make(chan *hook, 20)
	for range cap(found) {
		go func() {
			answer, err := s.find(t.Context(), client.ObjectKeyFromObject(secret))
			if err != nil {
				t.Error(err)
			}
			found <- answer
		}()
	}
	<-asked
	close(release)
	for range cap(found) {
		if answer := <-found; answer == nil || string(answer.token) != token {
			t.Errorf("found %v", answer)
		}
	}
	if n := inFront.requests.Load(); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	s, inFront, watch := newTestSecrets(t)
	secret := webhookSecret(t, teamNamespace, webhook.Harbor)
	key := client.ObjectKeyFromObject(secret)
	inFront.intercept = func(q *http.Request) (*http.Response, error) {
		body := `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "etcd has no leader", "code": 500}`
		return &http.Response{
			StatusCode: http.StatusInternalServerError, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(strings.NewReader(body)), Request: q,
		}, nil
	}
	want := "read Secret " + key.String() + ": etcd has no leader"
	for range 5 {
		if _, err := s.find(t.Context(), key); err == nil || err.Error() != want {
			t.Fatalf("find(...): %v, want %s", err, want)
		}
	}
	if n := inFront.requests.Load(); n != 1 {
		t.Errorf("an API server that fails is asked %d times, want once", n)
	}
	inFront.intercept = nil
	watch.pass(failedFor)
	if found, err := s.find(t.Context(), key); err != nil || found == nil {
		t.Errorf("after it recovered: %v, %v, want the webhook", found, err)
	}
}

func TestFlood(t *testing.T) {
	t.Parallel()
	s, inFront, watch := newTestSecrets(t)
	secret := webhookSecret(t, teamNamespace, webhook.Harbor)
	key := client.ObjectKeyFromObject(secret)
	if found, err := s.find(t.Context(), key); err != nil || found == nil {
		t.Fatalf("find(...): %v, %v", found, err)
	}
	start := time.Now()
	refused := 0
	for i := range 10 * lookupsAtOnce {
		_, err := s.find(t.Context(), types.NamespacedName{Namespace: teamNamespace, Name: fmt.Sprintf("guess-%d", i)})
		if errors.Is(err, errTooMany) {
			refused++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	most := lookupsAtOnce + int64(time.Since(start).Seconds()*lookupsPerSecond) + 1
	if n := inFront.requests.Load(); n > most || refused == 0 {
		t.Errorf("%d names cost %d questions, %d are refused; want at most %d questions", 10*lookupsAtOnce, n, refused, most)
	}
	t.Logf("%d names that don't exist in %v: %d questions to the API server, %d refused", 10*lookupsAtOnce, time.Since(start).Round(time.Millisecond), inFront.requests.Load(), refused)

	s.lookups = flowcontrol.NewFakeNeverRateLimiter()
	watch.pass(remembered)
	if found, err := s.find(t.Context(), key); err != nil || found == nil {
		t.Errorf("a webhook in use is locked out: %v, %v", found, err)
	}
	if err := s.refuse(key); !errors.Is(err, errTooMany) {
		t.Errorf("refuse(...): %v, want what a name that doesn't exist gets: %v", err, errTooMany)
	}
	s.lookups = flowcontrol.NewFakeAlwaysRateLimiter()
	if err := s.refuse(key); err != nil {
		t.Errorf("refuse(...) within the limit: %v", err)
	}
	s.lookups = flowcontrol.NewFakeNeverRateLimiter()
	if err := s.refuse(key); err != nil {
		t.Errorf("refuse(...) again, as a name whose answer is remembered: %v", err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	s, _, watch := newTestSecrets(t)
	s.lookups = flowcontrol.NewFakeAlwaysRateLimiter()
	lookup := func(name string, isHook bool) {
		answer, err := s.lookup(t.Context(), types.NamespacedName{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		answer.isHook = isHook
	}
	for i := range 3 * maxHooks {
		lookup(fmt.Sprintf("hook-%d", i), true)
	}
	if n := len(s.known); n != maxHooks {
		t.Errorf("%d webhooks are remembered, want %d", n, maxHooks)
	}
	watch.pass(forgotten + time.Second)
	for i := range 100 {
		lookup(fmt.Sprintf("guess-%d", i), false)
	}
	if n := len(s.known); n != 100 {
		t.Errorf("%d names are remembered, want the latest 100", n)
	}
	watch.pass(remembered)
	lookup("last", false)
	if n := len(s.known); n != 1 {
		t.Errorf("%d names are remembered, want the last one", n)
	}
}

func TestTooManyOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	known := webhookSecret(t, teamNamespace, webhook.Generic)
	body := image("registry.example.com/web-hook/www")
	if got := post(t, s.hookURL(known, ""), signature(token, body), strings.NewReader(body)); got.status != http.StatusAccepted {
		t.Fatalf("answered %d", got.status)
	}
	s.receiver.secrets.mu.Lock()
	s.receiver.secrets.lookups = flowcontrol.NewFakeNeverRateLimiter()
	for _, answer := range s.receiver.secrets.known {
		answer.refusable = time.Time{} // as if its first request were long ago
	}
	s.receiver.secrets.mu.Unlock()

	missing := &corev1.Secret{}
	missing.Namespace, missing.Name = teamNamespace, "missing"
	for reason, secret := range map[string]*corev1.Secret{"a name that doesn't exist": missing, "a webhook whose token is guessed": known} {
		got := post(t, s.hookURL(secret, ""), nil, strings.NewReader(body))
		if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "1" ||
			got.body != `{"error": "too many requests that no webhook takes"}`+"\n" {
			t.Errorf("%s: answered %d %q, want 429 with Retry-After", reason, got.status, got.body)
		}
	}
	if got := post(t, s.hookURL(known, ""), signature(token, body), strings.NewReader(body)); got.status != http.StatusAccepted {
		t.Errorf("a webhook in use is answered %d, want 202", got.status)
	}
}
