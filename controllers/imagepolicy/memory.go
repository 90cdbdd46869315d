package imagepolicy

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/registry/selection"
	"github.com/fairlead/fairlead/registry/webhook"
)

// memory is what is kept of each policy between two scans. Losing it costs requests and nothing else. It is safe for
// concurrent use.
type memory struct {
	mu       sync.Mutex
	policies map[types.NamespacedName]*remembered
}

// remembered is what is kept of one policy.
type remembered struct {
	// running: a scan is under way; again: something asked for another one since it began.
	running, again bool
	// renewed is when a listing began that has other tags, and that another policy made during a scan of this one.
	renewed time.Time
	// found is what a scan came to that isn't recorded yet.
	found *scan
	// began is when the last scan did, and consumed when its listing did; source is what was listed.
	began, consumed time.Time
	source          origin
	// hinted is when somebody last said that there may be something new, pushed what; echoes counts the scans that were
	// repeated because they didn't find it.
	hinted time.Time
	pushed webhook.Push
	echoes int
	// asked is the word of the reconcile-at annotation that the last scan obeyed.
	asked string
	// scans counts scans, failures those that failed since the last that didn't.
	scans, failures int
	// facts are what is known of tags from looking at them.
	facts map[string]selection.Fact
}

func newMemory() *memory {
	return &memory{policies: map[types.NamespacedName]*remembered{}}
}

// with runs f on what is kept of a policy.
func (m *memory) with(key types.NamespacedName, f func(*remembered)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.policies[key]
	if !ok {
		known = &remembered{}
		m.policies[key] = known
	}
	f(known)
}

// begin says that a scan begins, unless one is under way, and returns what is known at its beginning.
func (m *memory) begin(key types.NamespacedName, now time.Time) (known remembered, ok bool) {
	m.with(key, func(r *remembered) {
		if r.running {
			r.again = true
			return
		}
		r.running, r.began = true, now
		known, ok = *r, true
	})
	return known, ok
}

// take returns what a scan came to, once.
func (m *memory) take(key types.NamespacedName) (found *scan) {
	m.with(key, func(r *remembered) { found, r.found = r.found, nil })
	return found
}

// forget drops a policy.
func (m *memory) forget(key types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.policies, key)
}
