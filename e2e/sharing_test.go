package e2e_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/e2e/stack"
)

const (
	// sharers is how many policies share one repository, half of them with each of two accounts.
	sharers = 250
	// sharedInterval is the shortest that policies may have.
	sharedInterval = 5 * time.Second
	// sharedScans is how many scans are counted with each account.
	sharedScans = 3
)

// sharedPolicy is one of the policies: name, image, interval, Secret.
const sharedPolicy = `apiVersion: fairlead.dev/v1alpha1
kind: ImagePolicy
metadata: {name: shared-%[1]d, namespace: fairlead}
spec:
  image: %[2]s
  interval: %[3]s
  registry: {secretRef: {name: %[4]s}, insecure: true}
  select: {semver: {range: ">=1.0.0"}}
  targets:
  - repositoryRef: {name: config}
    file: shared.yaml
    tag: tags.t%[1]d
---
`

// TestSharing has 250 policies watch one repository with two accounts. In each interval the registry is asked for its tags
// twice, once with each, and never sooner again; a tag that appears reaches all of them by those same requests.
func TestSharing(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	s, err := stack.Start(ctx, stack.Options{Controller: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	declareSharers(ctx, t, s)
	awaitShared(ctx, t, s, "v1.0.0")

	seen := &scans{}
	s.Registry.Observe(seen.note)
	seen.await(ctx, t, s, 2) // Those that were declared first have been listing alone until here.
	seen.forget()
	if _, err := s.Registry.PushImage(ctx, "web-hook/shared", "v1.0.1"); err != nil {
		t.Fatal(err)
	}
	seen.await(ctx, t, s, sharedScans)
	byUser, digests := seen.all()
	awaitShared(ctx, t, s, "v1.0.1")
	for user, times := range byUser {
		for i := 1; i < len(times); i++ {
			if gap := times[i].Sub(times[i-1]); gap < sharedInterval {
				t.Errorf("%s listed the tags again after %s: want one request in %s", user, gap, sharedInterval)
			}
		}
		t.Logf("%s: %d lists in %s", user, len(times), times[len(times)-1].Sub(times[0]).Round(time.Millisecond))
	}
	if len(byUser) != 2 {
		t.Errorf("listed with %d accounts, want 2", len(byUser))
	}
	if digests != 2 {
		t.Errorf("the digest of the new tag was asked for %d times, want once with each account", digests)
	}
}

// declareSharers writes the tags into Git, and declares everything.
func declareSharers(ctx context.Context, t *testing.T, s *stack.Stack) {
	t.Helper()
	var tags, policies strings.Builder
	tags.WriteString("tags:\n")
	image := s.Registry.Repository("web-hook/shared")
	for i := range sharers {
		fmt.Fprintf(&tags, "  t%d: v1.0.0\n", i)
		fmt.Fprintf(&policies, sharedPolicy, i, image, sharedInterval, []string{"registry", "registry-other"}[i%2])
	}
	if _, err := s.Repository.HumanCommit(ctx, "Add what shares an image", stack.WriteFile("shared.yaml", tags.String())); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Registry.PushImage(ctx, "web-hook/shared", "v1.0.0"); err != nil {
		t.Fatal(err)
	}
	if err := s.ApplyYAML(ctx, s.Secrets()+"---\n"+s.ConfigRepository(time.Hour)+"---\n"+policies.String()); err != nil {
		t.Fatal(err)
	}
}

// awaitShared waits until all policies have selected a tag.
func awaitShared(ctx context.Context, t *testing.T, s *stack.Stack, tag string) {
	t.Helper()
	err := s.WaitFor(ctx, "all policies at "+tag, func(ctx context.Context) (bool, string) {
		var policies v1alpha1.ImagePolicyList
		if err := s.Client.List(ctx, &policies, client.InNamespace(stack.Namespace)); err != nil {
			return false, err.Error()
		}
		there := 0
		for i := range policies.Items {
			if latest := policies.Items[i].Status.Latest; latest != nil && latest.Tag == tag {
				there++
			}
		}
		return there == sharers, fmt.Sprintf("%d of %d", there, sharers)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// scans are the requests that the registry has answered.
type scans struct {
	mu      sync.Mutex
	lists   map[string][]time.Time
	digests int
}

func (s *scans) note(e stack.Exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e.Kind {
	case http.MethodGet + " " + stack.KindTags:
		if s.lists == nil {
			s.lists = map[string][]time.Time{}
		}
		s.lists[e.User] = append(s.lists[e.User], e.Start)
	case http.MethodHead + " " + stack.KindManifest:
		s.digests++
	}
}

func (s *scans) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists, s.digests = nil, 0
}

// all returns when each user listed, and how many digests were asked for.
func (s *scans) all() (lists map[string][]time.Time, digests int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.lists), s.digests
}

// await waits until both accounts have listed n times.
func (s *scans) await(ctx context.Context, t *testing.T, on *stack.Stack, n int) {
	t.Helper()
	err := on.WaitFor(ctx, fmt.Sprintf("%d lists with each of two accounts", n), func(context.Context) (bool, string) {
		lists, _ := s.all()
		enough := len(lists) == 2
		for _, times := range lists {
			enough = enough && len(times) >= n
		}
		return enough, fmt.Sprint(lists)
	})
	if err != nil {
		t.Fatal(err)
	}
}
