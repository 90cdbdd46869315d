package gitwriter

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// maxStore is the size that the store may reach before it is compacted. Half as much again has to be added before it is
// done once more, so that a head that needs more than this doesn't compact at every step.
const maxStore = 64 << 20

// Mirror is one branch of one repository: its objects in memory, and its head. It is safe for concurrent use; one Refresh
// or Write runs at a time, the others wait in line (until their context ends), and reading goes on meanwhile.
type Mirror struct {
	now     func() time.Time
	bound   int64
	links   links
	objects *store
	// before is the head that was known before this Mirror was made; empty if none was.
	before string
	// history is read and changed by whoever has the turn.
	history history
	// counted is told how many requests each operation took.
	counted func(requests int)
	// turn holds one token: who has it may move the head.
	turn chan struct{}

	mu     sync.RWMutex
	remote Remote
	head   *tip
}

// tip is the head and the tree that it has.
type tip struct {
	Head

	id, tree plumbing.Hash
}

// Option changes how a Mirror works.
type Option func(*Mirror)

// WithClock makes a Mirror take the time of its commits from now.
func WithClock(now func() time.Time) Option { return func(m *Mirror) { m.now = now } }

// WithKnownHead tells a Mirror the revision that an earlier one of the same branch, in a process that ended, knew as its head.
// If the first head doesn't descend from it, Head.Replaces says so.
func WithKnownHead(revision string) Option { return func(m *Mirror) { m.before = revision } }

// WithRequestCount has each operation, as it ends, tell how many HTTP requests, or commands over SSH, it took.
func WithRequestCount(counted func(requests int)) Option {
	return func(m *Mirror) { m.counted = counted }
}

// NewMirror makes a Mirror of a branch. It makes no request: a Remote that can't be used is an error of the first operation.
func NewMirror(r Remote, options ...Option) *Mirror {
	m := &Mirror{
		now:     time.Now,
		counted: func(int) {},
		bound:   maxStore,
		links:   links{idle: sshIdle},
		objects: newStore(),
		turn:    make(chan struct{}, 1),
		remote:  r.withDefaults(),
	}
	for _, option := range options {
		option(m)
	}
	m.links.now = m.now
	return m
}

// SetRemote takes over all of r from the next operation on, but URL and branch, which stay those of NewMirror: another
// branch is another Mirror.
func (m *Mirror) SetRemote(r Remote) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r.URL, r.Branch = m.remote.URL, m.remote.Branch
	m.remote = r.withDefaults()
}

// Head is the head last seen or pushed; false if there was none yet. It makes no request.
func (m *Mirror) Head() (Head, bool) {
	t := m.current()
	if t == nil {
		return Head{}, false
	}
	return t.Head, true
}

func (m *Mirror) current() *tip {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.head
}

// Refresh asks the remote for the branch's head, and fetches its commits and trees if it moved, wherever it moved to: a
// history rewritten by force is followed. An unchanged head costs one request. Errors are *Error, or the context's.
func (m *Mirror) Refresh(ctx context.Context) (Head, error) {
	release, err := m.takeTurn(ctx)
	if err != nil {
		return Head{}, err
	}
	defer release()
	s, err := m.open()
	if err != nil {
		return Head{}, err
	}
	defer s.close()
	t, err := m.refresh(ctx, s)
	if err != nil {
		return Head{}, err
	}
	return t.Head, nil
}

// takeTurn waits until nobody else moves the head.
func (m *Mirror) takeTurn(ctx context.Context) (release func(), err error) {
	select {
	case m.turn <- struct{}{}:
		return func() { <-m.turn }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for another writer of the same branch: %w", ctx.Err())
	}
}

// open begins to talk to the server as the Remote says now. The session must be closed.
func (m *Mirror) open() (*session, error) {
	m.mu.RLock()
	remote := m.remote
	m.mu.RUnlock()
	l, err := m.links.to(remote)
	if err != nil {
		return nil, err
	}
	s := &session{remote: remote, base: l.base, known: &l.known, counted: m.counted}
	if l.ssh != nil {
		s.wire = &sshWire{connection: l.ssh, path: l.base.Path, ran: &s.requests}
	} else {
		s.wire = &httpWire{remote: remote, link: l, now: m.now, sent: &s.requests}
	}
	return s, nil
}

// refresh brings the head up to date. The caller has the turn.
func (m *Mirror) refresh(ctx context.Context, s *session) (*tip, error) {
	id, err := s.readHead(ctx)
	if err != nil {
		return nil, err
	}
	return m.advance(ctx, s, id)
}

// advance makes id the head, after everything that it needs is here. The caller has the turn.
func (m *Mirror) advance(ctx context.Context, s *session, id plumbing.Hash) (*tip, error) {
	old := m.current()
	if old != nil && old.id == id {
		return old, nil
	}
	if err := m.loadHistory(ctx, s, id, old); err != nil {
		return nil, err
	}
	c, ok, err := m.objects.commit(id)
	if err != nil || !ok {
		return nil, s.fault(opFetch, ReasonProtocol, err, "the server didn't send the commit "+id.String())
	}
	var trusted plumbing.Hash
	if old != nil {
		trusted = old.tree
	}
	if err := m.loadTrees(ctx, s, id, c.TreeHash, trusted); err != nil {
		return nil, err
	}
	moved := &tip{Head: headOf(id, c), id: id, tree: c.TreeHash}
	if moved.Replaces = m.replacedBy(id, old); moved.Replaces != "" {
		s.rewrites = append(s.rewrites, Rewrite{From: moved.Replaces, To: moved.Revision})
	}
	return m.move(moved), nil
}

// replacedBy names the head known before, if the new one doesn't descend from it. Of the first head, all that it reaches is
// here, and nothing else.
func (m *Mirror) replacedBy(id plumbing.Hash, old *tip) string {
	switch {
	case old == nil && plumbing.IsHash(m.before) && !m.objects.has(plumbing.CommitObject, plumbing.NewHash(m.before)):
		return m.before
	case old != nil && !m.objects.descends(id, old.id, math.MaxInt):
		return old.Revision
	default:
		return ""
	}
}

// move publishes a new head whose objects are all here. The caller has the turn.
func (m *Mirror) move(t *tip) *tip {
	m.mu.Lock()
	m.head = t
	m.mu.Unlock()
	m.trim()
	return t
}

// trim compacts the store if it has grown. The caller has the turn, and gets again what it still needs of older commits.
func (m *Mirror) trim() {
	if t := m.current(); t != nil && m.objects.grown(m.bound) {
		m.objects.compact(m.objects.reach(t.id))
	}
}
