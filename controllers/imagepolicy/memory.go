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
	// found is what a scan came to that isn't recorded yet; settling: it is being recorded.
	found    *scan
	settling bool
	// began is when the last scan did, and consumed when its listing did; source is what was listed.
	began, consumed time.Time
	source          origin
	// hinted is when somebody last said that there may be something new, pushed what, and due when the scan begins that this
	// causes; echoes counts the scans that were repeated because they didn't find it.
	hinted time.Time
	due    time.Time
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
	m.with(key, func(r *remembered) { found, r.found, r.settling = r.found, nil, r.found != nil })
	return found
}

// settled says that what was taken is recorded.
func (m *memory) settled(key types.NamespacedName) {
	m.with(key, func(r *remembered) { r.settling = false })
}

// expects says whether a policy in the namespace is about to record what a scan came to, or is being scanned because of a hint
// that was given since then. A scan that is put off, because the one before it began just now, isn't waited for.
func (m *memory) expects(namespace string, since, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, r := range m.policies {
		hinted := r.hinted.After(r.consumed) && r.hinted.After(since) && !r.due.After(now)
		if key.Namespace == namespace && (hinted || r.settling || r.found != nil) {
			return true
		}
	}
	return false
}

// forget drops a policy.
func (m *memory) forget(key types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.policies, key)
}
