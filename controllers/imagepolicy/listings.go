package imagepolicy

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/registry"
	"github.com/fairlead/fairlead/registry/selection"
)

// jitter is the part of an interval by which the next scan may come later, so that sources that were declared together
// don't go on asking their registry together. It never comes earlier: a registry is asked once an interval at most.
const jitter = 0.04

// origin is what is listed. Policies with equal ones share their scans; other credentials are another source.
type origin struct {
	repository name.Repository
	access     registry.Access
	// follow is the one tag that matters to a policy that follows it: then nothing is listed.
	follow string
}

// lister is the registry as listings need it.
type lister interface {
	ListTags(ctx context.Context, repository name.Repository, access registry.Access) (registry.Listing, error)
}

// listing is what one request for the tags of a source came to. It is shared, and only its looks change.
type listing struct {
	tags *selection.Tags
	// published are the tags as the registry sent them.
	published []string
	// started is when the registry was asked: whatever was pushed before is in it.
	started time.Time
	// late is the factor by which the next one comes later than the interval.
	late float64
	// requests that it took.
	requests int
	err      error

	mu    sync.Mutex
	looks map[lookKey]*look
}

// lookKey is a tag, and whether its platforms are asked for.
type lookKey struct {
	tag       string
	platforms bool
}

// look is what is known of one tag since the listing.
type look struct {
	once sync.Once
	fact selection.Fact
	err  error
}

// look asks for a tag once for all who share the listing.
func (l *listing) look(key lookKey, ask func() (selection.Fact, error)) (selection.Fact, error) {
	l.mu.Lock()
	known, ok := l.looks[key]
	if !ok {
		known = &look{}
		l.looks[key] = known
	}
	l.mu.Unlock()
	known.once.Do(func() { known.fact, known.err = ask() })
	if known.err != nil {
		// Whose time ran out must not speak for the others.
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.looks[key] == known {
			delete(l.looks, key)
		}
	}
	return known.fact, known.err
}

// listings keeps the last listing of each source that a policy uses. It is safe for concurrent use.
type listings struct {
	registry lister
	now      func() time.Time
	// changed is told the policies of a source when its tags did, and when the listing began that says so.
	changed func(policies []types.NamespacedName, listed time.Time)

	mu      sync.Mutex
	entries map[origin]*listed
	// using is the source of each policy.
	using map[types.NamespacedName]origin
}

// listed is a source.
type listed struct {
	// turn is held by who lists.
	turn chan struct{}
	last *listing
	// users are the policies that share it.
	users map[types.NamespacedName]bool
}

func newListings(client lister, now func() time.Time, changed func([]types.NamespacedName, time.Time)) *listings {
	return &listings{
		registry: client, now: now, changed: changed,
		entries: map[origin]*listed{}, using: map[types.NamespacedName]origin{},
	}
}

// get returns a listing that began later than after, and makes one if there is none. Whoever needs one while it is made waits
// for it. fresh says that it was made for this call. The error of the registry is in the listing; that which is returned is
// the context's.
func (l *listings) get(ctx context.Context, policy types.NamespacedName, from origin, after time.Time) (found *listing, fresh bool, err error) {
	entry := l.use(policy, from)
	select {
	case entry.turn <- struct{}{}:
		defer func() { <-entry.turn }()
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	if entry.last != nil && entry.last.started.After(after) {
		return entry.last, false, nil
	}
	made := l.make(ctx, from, entry.last)
	if errors.Is(made.err, context.DeadlineExceeded) || errors.Is(made.err, context.Canceled) {
		return made, true, nil // Whose time ran out must not speak for the others.
	}
	news := entry.last != nil && made.err == nil && made.tags != entry.last.tags
	entry.last = made
	if news {
		l.changed(l.others(entry, policy), made.started)
	}
	return made, true, nil
}

// make asks the registry. Where the tags are the same as before, so is the list, with all that was parsed of it.
func (l *listings) make(ctx context.Context, from origin, last *listing) *listing {
	made := &listing{
		started: l.now(), late: 1 + jitter*rand.Float64(), //nolint:gosec // no secret
		looks: map[lookKey]*look{},
	}
	made.published = []string{from.follow}
	if from.follow == "" {
		var answer registry.Listing
		answer, made.err = l.registry.ListTags(ctx, from.repository, from.access)
		made.published, made.requests = answer.Tags, answer.Requests
	}
	switch {
	case last != nil && last.tags != nil && (made.err != nil || slices.Equal(made.published, last.published)):
		made.tags, made.published = last.tags, last.published
	case made.err == nil:
		made.tags = selection.NewTags(made.published)
	}
	return made
}

// use notes that a policy uses a source, and returns it.
func (l *listings) use(policy types.NamespacedName, from origin) *listed {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, ok := l.using[policy]; ok && before != from {
		l.drop(policy, before)
	}
	l.using[policy] = from
	entry, ok := l.entries[from]
	if !ok {
		entry = &listed{turn: make(chan struct{}, 1), users: map[types.NamespacedName]bool{}}
		l.entries[from] = entry
	}
	entry.users[policy] = true
	return entry
}

// forget drops a policy, and its source with the last policy that used it.
func (l *listings) forget(policy types.NamespacedName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from, ok := l.using[policy]; ok {
		l.drop(policy, from)
		delete(l.using, policy)
	}
}

func (l *listings) drop(policy types.NamespacedName, from origin) {
	if entry, ok := l.entries[from]; ok {
		delete(entry.users, policy)
		if len(entry.users) == 0 {
			delete(l.entries, from)
		}
	}
}

// others are the policies that share a source with this one.
func (l *listings) others(entry *listed, policy types.NamespacedName) []types.NamespacedName {
	l.mu.Lock()
	defer l.mu.Unlock()
	others := make([]types.NamespacedName, 0, len(entry.users))
	for user := range entry.users {
		if user != policy {
			others = append(others, user)
		}
	}
	return others
}
