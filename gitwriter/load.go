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
		if _, err := m.loadByID(ctx, s, commit, missing, withoutBlobs); err != nil {
			return err
		}
	}
	return s.fault(opFetch, ReasonProtocol, nil, "the server didn't send all trees of "+commit.String())
}

// loadBlobs brings those blobs of a commit that aren't here yet, in one request, and gives what that brought: the store may be
// compacted at any time by whoever has the turn, so who doesn't have it takes what was asked for from there.
func (m *Mirror) loadBlobs(ctx context.Context, s *session, commit plumbing.Hash, ids []plumbing.Hash) (fetched, error) {
	missing := slices.DeleteFunc(slices.Clone(ids), func(id plumbing.Hash) bool { return m.objects.has(plumbing.BlobObject, id) })
	if len(missing) == 0 {
		return fetched{}, nil
	}
	brought, err := m.loadByID(ctx, s, commit, missing, everything)
	if err != nil {
		return nil, err
	}
	for _, id := range missing {
		if _, ok := brought.get(plumbing.BlobObject, id); !ok {
			return nil, s.fault(opFetch, ReasonProtocol, nil, "the server didn't send the blob "+id.String()+" of "+commit.String())
		}
	}
	return brought, nil
}

// fetched are the objects that one answer brought. They are in the store as well, for as long as it keeps them.
type fetched map[plumbing.Hash]*stored

// get gives an object's content, which mustn't be changed, if it came and is of that type.
func (f fetched) get(t plumbing.ObjectType, id plumbing.Hash) ([]byte, bool) {
	o, ok := f[id]
	if !ok || o.kind != t {
		return nil, false
	}
	return o.body, true
}

// loadByID fetches objects by their ids. A server that gives only what a branch points to is asked for the commit instead,
// with all that it holds and nothing of what was before it.
func (m *Mirror) loadByID(ctx context.Context, s *session, commit plumbing.Hash, ids []plumbing.Hash, leaveOut filter) (fetched, error) {
	objects, err := s.fetch(ctx, request{wants: ids, leaveOut: leaveOut})
	if _, denied := errors.AsType[*serverError](err); denied {
		objects, err = s.fetch(ctx, request{wants: []plumbing.Hash{commit}, leaveOut: leaveOut, shallow: true, whole: true})
	}
	if err != nil {
		return nil, err
	}
	m.objects.put(objects)
	return objects, nil
}
