package gitwriter

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Mirror is one branch of one repository.
type Mirror struct{}

// Option changes how a Mirror works.
type Option func(*Mirror)

// WithTransport makes a Mirror send its requests through rt.
func WithTransport(http.RoundTripper) Option { return func(*Mirror) {} }

// WithClock makes a Mirror take the time of its commits from now.
func WithClock(func() time.Time) Option { return func(*Mirror) {} }

// NewMirror makes a Mirror. No request is made.
func NewMirror(Remote, ...Option) *Mirror { return &Mirror{} }

// SetRemote replaces the Remote from the next operation on.
func (m *Mirror) SetRemote(Remote) {}

// Refresh asks the remote for its head, and fetches it if it moved.
func (m *Mirror) Refresh(context.Context) (Head, error) { return Head{}, errors.ErrUnsupported }

// Head is the head last seen; false if none was. No request is made.
func (m *Mirror) Head() (Head, bool) { return Head{}, false }

// Snapshot is the tree of a revision of the branch's history.
func (m *Mirror) Snapshot(context.Context, string) (*Snapshot, error) { return nil, errors.ErrUnsupported }

// Write commits what differs and pushes it.
func (m *Mirror) Write(context.Context, WriteRequest) (WriteResult, error) {
	return WriteResult{}, errors.ErrUnsupported
}
