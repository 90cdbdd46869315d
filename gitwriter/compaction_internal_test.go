package gitwriter

import "time"

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
