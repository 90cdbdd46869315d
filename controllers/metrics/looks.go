package metrics

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// kindOfLook is what is looked at.
type kindOfLook int

const (
	scanned kindOfLook = iota
	checked
)

// look is a look at one object.
type look struct {
	kind kindOfLook
	key  types.NamespacedName
}

// looks are the times of the last looks that were answered. No status tells them: at rest nothing is written. What is still noted of
// an object that is gone isn't shown.
type looks struct {
	mu    sync.Mutex
	times map[look]time.Time
}

func newLooks() *looks { return &looks{times: map[look]time.Time{}} }

func (l *looks) note(kind kindOfLook, key types.NamespacedName, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.times[look{kind, key}] = at
}

func (l *looks) last(kind kindOfLook, key types.NamespacedName) (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.times[look{kind, key}]
	return at, ok
}

func (l *looks) forget(kind kindOfLook, key types.NamespacedName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.times, look{kind, key})
}
