package gitwriter

import (
	"context"
	"errors"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
)

// maxRounds is how often what is still missing is asked for again: a server that sends a part each time isn't followed for ever.
const maxRounds = 3

// loadHistory brings a commit and all before it. The first time that is commits only, then those that are new, with the
// trees that they changed.
func (m *Mirror) loadHistory(ctx context.Context, s *session, id plumbing.Hash, old *tip) error {
	if m.objects.has(plumbing.CommitObject, id) {
		return nil // Moved back to a commit that is here: commits come with all that is before them.
	}
	var have plumbing.Hash
	leaveOut := commitsOnly
	if old != nil {
		have, leaveOut = old.id, withoutBlobs
	}
	want := request{wants: []plumbing.Hash{id}, have: have, leaveOut: leaveOut}
	objects, err := s.fetch(ctx, want)
	for _, less := range []filter{withoutBlobs, everything} {
		if refusedFilter(err) {
			want.leaveOut = less
			objects, err = s.fetch(ctx, want)
		}
	}
	if err != nil {
		return err
	}
	m.objects.put(objects)
	return nil
}

// loadTrees brings all the trees of a commit that aren't here yet.
func (m *Mirror) loadTrees(ctx context.Context, s *session, commit, root, trusted plumbing.Hash) error {
	for range maxRounds {
		missing, err := m.objects.missingTrees(root, trusted)
		if err != nil {
			return s.fault(opFetch, ReasonProtocol, err, err.Error())
		}
		if len(missing) == 0 {
			return nil
		}
		if err := m.loadByID(ctx, s, commit, missing, withoutBlobs); err != nil {
			return err
		}
	}
	return s.fault(opFetch, ReasonProtocol, nil, "the server didn't send all trees of "+commit.String())
}

// loadBlobs brings those blobs of a commit that aren't here yet, in one request.
func (m *Mirror) loadBlobs(ctx context.Context, s *session, commit plumbing.Hash, ids []plumbing.Hash) error {
	missing := slices.DeleteFunc(slices.Clone(ids), func(id plumbing.Hash) bool { return m.objects.has(plumbing.BlobObject, id) })
	if len(missing) == 0 {
		return nil
	}
	if err := m.loadByID(ctx, s, commit, missing, everything); err != nil {
		return err
	}
	for _, id := range missing {
		if !m.objects.has(plumbing.BlobObject, id) {
			return s.fault(opFetch, ReasonProtocol, nil, "the server didn't send the blob "+id.String()+" of "+commit.String())
		}
	}
	return nil
}

// loadByID fetches objects by their ids. A server that gives only what a branch points to is asked for the commit instead,
// with all that it holds and nothing of what was before it.
func (m *Mirror) loadByID(ctx context.Context, s *session, commit plumbing.Hash, ids []plumbing.Hash, leaveOut filter) error {
	objects, err := s.fetch(ctx, request{wants: ids, leaveOut: leaveOut})
	if _, denied := errors.AsType[*serverError](err); denied {
		objects, err = s.fetch(ctx, request{wants: []plumbing.Hash{commit}, leaveOut: leaveOut, shallow: true, whole: true})
	}
	if err != nil {
		return err
	}
	m.objects.put(objects)
	return nil
}
