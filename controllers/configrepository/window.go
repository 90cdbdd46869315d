package configrepository

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Gathering says how the selections of several policies gather for one push.
type Gathering struct {
	// Limit is how long a selection waits at most for others, counted from the first; 0: none waits.
	Limit time.Duration
	// Expects says whether policies in a namespace are likely to select in a moment.
	Expects func(namespace string) bool
}

const (
	// quietFirst is how long nothing must have arrived before a push. It is what a lone change waits, and short against a push.
	quietFirst = 15 * time.Millisecond
	// expectEvery is how often it is asked whether changes are still expected.
	expectEvery = 5 * time.Millisecond
	// windowFirst is how long the first changes of a burst wait at most.
	windowFirst = time.Second
	// maxRounds bounds how far both grow: by then the limit is reached, whatever it is.
	maxRounds = 10
)

// window is the time in which changes of one repository gather for one push. A burst of releases is longer than a window if
// changes arrive while the push of those before is under way: then the next window of the same burst is twice as long, and
// the quiet that ends it before four times, so that the number of pushes grows with the logarithm of the burst's length.
//
//	nothing --arrived--> open --closed, begun--> running, nothing arrived --ended--> nothing
//	                      ^                          |
//	                      +---------- ended ---- running, open in the next round
//
// The zero value is that of nothing. It is a value: each method returns what comes of it.
type window struct {
	// first and last are when the first and the last change arrived; zero: none has.
	first, last time.Time
	// running: the changes before are being written.
	running bool
	// round counts the windows of the burst before this one.
	round int
}

// arrived adds a change.
func (w window) arrived(now time.Time) window {
	if w.first.IsZero() {
		w.first = now
		if w.running {
			w.round = min(w.round+1, maxRounds)
		}
	}
	w.last = now
	return w
}

// wait is how long the window stays open still: until it was quiet, and no change is expected from what is known to be under
// way, but no longer than the limit from the first change.
func (w window) wait(now time.Time, limit time.Duration, expected bool) time.Duration {
	if w.first.IsZero() {
		return 0
	}
	last := w.first.Add(min(limit, windowFirst<<w.round)).Sub(now)
	quiet := w.last.Add(quietFirst << (2 * w.round)).Sub(now)
	if expected {
		quiet = max(quiet, expectEvery)
	}
	return max(0, min(quiet, last))
}

// begun closes the window: what has arrived is being written.
func (w window) begun() window { return window{running: true, round: w.round} }

// ended notes that it has been written. If nothing arrived meanwhile, the burst is over.
func (w window) ended() window {
	if w.first.IsZero() {
		return window{}
	}
	w.running = false
	return w
}

// windows are those of all repositories. They are safe for concurrent use.
type windows struct {
	Gathering

	mu   sync.Mutex
	open map[types.NamespacedName]window
}

func newWindows(gathering Gathering) *windows {
	return &windows{Gathering: gathering, open: map[types.NamespacedName]window{}}
}

// arrived notes a change of a repository, and returns how far off the run is that may take it.
func (ws *windows) arrived(key types.NamespacedName, now time.Time) time.Duration {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	w := ws.open[key].arrived(now)
	ws.open[key] = w
	return w.wait(now, ws.Limit, false)
}

// begin begins a run, unless changes are still gathering: then it returns how long that goes on.
func (ws *windows) begin(key types.NamespacedName, now time.Time) time.Duration {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	w := ws.open[key]
	if wait := w.wait(now, ws.Limit, !w.first.IsZero() && ws.Expects(key.Namespace)); wait > 0 {
		return wait
	}
	ws.open[key] = w.begun()
	return 0
}

// end notes that a run is over.
func (ws *windows) end(key types.NamespacedName) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	w := ws.open[key].ended()
	if w == (window{}) {
		delete(ws.open, key)
		return
	}
	ws.open[key] = w
}
