package gitwriter

import (
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// Compact does at once what a Mirror does when its store has grown, for the tests outside.
func (m *Mirror) Compact() {
	if t := m.current(); t != nil {
		m.objects.compact(m.objects.reach(t.id))
	}
}

// StoreSize is about how many bytes the store holds.
func (m *Mirror) StoreSize() int64 {
	m.objects.mu.RLock()
	defer m.objects.mu.RUnlock()
	return m.objects.size
}

// WithSSHIdle sets how long a connection stays open that nobody uses.
func WithSSHIdle(idle time.Duration) Option { return func(m *Mirror) { m.links.idle = idle } }

// WithStoreBound sets the size at which the store is compacted.
func WithStoreBound(bytes int64) Option { return func(m *Mirror) { m.bound = bytes } }

// StoreHolds counts the objects of a kind, and about the bytes that they take.
func (m *Mirror) StoreHolds(kind string) (objects int, bytes int64) {
	wanted, err := plumbing.ParseObjectType(kind)
	if err != nil {
		panic(err)
	}
	m.objects.mu.RLock()
	defer m.objects.mu.RUnlock()
	for _, o := range m.objects.objects {
		if o.kind == wanted {
			objects++
			bytes += o.cost()
		}
	}
	return objects, bytes
}
