package registry_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/fairlead/fairlead/registry"
)

// TestHeldBack counts what arrives at a host that asked to be left alone, and at another one.
func TestHeldBack(t *testing.T) {
	t.Parallel()

	limited, other := newWire(t, "", ""), newWire(t, "", "")
	for _, w := range []*wire{limited, other} {
		w.push(t, registry.Credential{}, "www", "v1.0.0")
		w.push(t, registry.Credential{}, "api", "v1.0.0")
	}

	clock := &registry.Clock{}
	c := registry.NewClient(registry.WithClock(clock))
	one, two := limited.repository(t, "www"), limited.repository(t, "api")

	limited.answer(respond(429, `{"errors":[{"code":"TOOMANYREQUESTS","message":"41 left"}]}`, "Retry-After", "30"))

	_, err := c.ListTags(t.Context(), one, registry.Access{})
	checkMessage(t, "the first is answered",
		"list tags of %[1]s/www: %[1]s answered 429 Too Many Requests: ask less often, or with a credential that may ask more often", limited.host, err)
	limited.answer(nil)

	type ask func() (int, error)

	list := func(repo name.Repository, access registry.Access) ask {
		return func() (int, error) {
			listing, err := c.ListTags(t.Context(), repo, access)

			return listing.Requests, err
		}
	}

	cases := map[string]struct {
		reason, want string
		ask          ask
	}{
		"Same": {
			reason: "it isn't asked again, and the message is the same", ask: list(one, registry.Access{}),
			want: "list tags of %[1]s/www: %[1]s answered 429 Too Many Requests: ask less often, or with a credential that may ask more often",
		},
		"Everything": {
			reason: "nor for another repository with a credential", ask: list(two, registry.Access{Credential: registry.Credential{Username: "a", Password: "b"}}),
			want: "list tags of %[1]s/api: %[1]s answered 429 Too Many Requests: ask less often, or with a credential that may ask more often",
		},
		"Digest": {
			reason: "nor for a digest", ask: func() (int, error) {
				_, requests, err := c.Digest(t.Context(), one.Tag("v1.0.0"), registry.Access{})

				return requests, err
			},
			want: "resolve %[1]s/www:v1.0.0: %[1]s answered 429 Too Many Requests: ask less often, or with a credential that may ask more often",
		},
		"Inspect": {
			reason: "nor for platforms", ask: func() (int, error) {
				_, requests, err := c.Inspect(t.Context(), two.Tag("v1.0.0"), registry.Access{})

				return requests, err
			},
			want: "inspect %[1]s/api:v1.0.0: %[1]s answered 429 Too Many Requests: ask less often, or with a credential that may ask more often",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var (
				requests int
				err      error
			)

			arrived := limited.cost(func() { requests, err = tc.ask() })

			checkMessage(t, tc.reason, tc.want, limited.host, err)

			if diff := cmp.Diff([]int{0, 0}, []int{requests, arrived}); diff != "" {
				t.Errorf("%s: requests, arrived (-want +got):\n%s", tc.reason, diff)
			}

			var waiting interface{ RetryAfter() time.Duration }
			if !errors.As(err, &waiting) || waiting.RetryAfter() <= 0 || waiting.RetryAfter() > 30*time.Second {
				t.Errorf("%s: the error doesn't say when to ask again: %#v", tc.reason, err)
			}
		})
	}

	if listing, err := c.ListTags(t.Context(), other.repository(t, "www"), registry.Access{}); err != nil || listing.Requests != 1 {
		t.Errorf("another host: %d requests, %v; want 1", listing.Requests, err)
	}

	clock.Advance(30 * time.Second)

	if listing, err := c.ListTags(t.Context(), one, registry.Access{}); err != nil || listing.Requests != 1 {
		t.Errorf("when the time is over: %d requests, %v; want 1", listing.Requests, err)
	}
}

// TestHostConcurrency checks how many requests a host has at a time, and that a host which doesn't answer keeps nobody
// from another one.
func TestHostConcurrency(t *testing.T) {
	t.Parallel()

	const (
		slots = 2
		calls = 6
	)

	slow, other := newWire(t, "", ""), newWire(t, "", "")
	other.push(t, registry.Credential{}, "www", "v1.0.0")

	var now, most atomic.Int64

	arrived, release := make(chan struct{}, calls), make(chan struct{})
	slow.answer(func(rw http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		arrived <- struct{}{}
		<-release
		now.Add(-1)

		respond(http.StatusOK, `{"tags":[]}`)(rw, r)
	})

	c := registry.NewClient(registry.WithHostConcurrency(slots))

	var all sync.WaitGroup
	for i := range calls {
		repo := slow.repository(t, "www"+string(rune('a'+i)))

		all.Go(func() {
			if _, err := c.ListTags(t.Context(), repo, registry.Access{}); err != nil {
				t.Error(err)
			}
		})
	}

	for range slots {
		<-arrived
	}

	if _, err := c.ListTags(t.Context(), other.repository(t, "www"), registry.Access{}); err != nil {
		t.Errorf("a slow host held up another: %v", err)
	}

	past, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()

	listing, err := c.ListTags(past, slow.repository(t, "late"), registry.Access{})
	checkMessage(t, "waiting for a slot ends with the context",
		"list tags of %[1]s/late: %[1]s: no whole answer in time: context deadline exceeded: check that the registry is reachable, or give it more time",
		slow.host, err)

	if diff := cmp.Diff(registry.Listing{}, listing); diff != "" {
		t.Errorf("listing of who waited (-want +got):\n%s", diff)
	}

	close(release)
	all.Wait()

	if diff := cmp.Diff(int64(slots), most.Load()); diff != "" {
		t.Errorf("requests at a time (-want +got):\n%s", diff)
	}
}
