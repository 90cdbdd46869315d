package gitwriter

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
)

const (
	// searchFirst is how many commits the search for the one that took something back loads at first, searchAtOnce how many
	// each time after that.
	searchFirst  = 64
	searchAtOnce = maxBlobsAtOnce
	// maxSearched bounds the commits that one search loads, and maxLine those that it may lead through.
	maxSearched = 4096
	maxLine     = 100_000
)

// errSearchedEnough ends a search that goes too far back.
var errSearchedEnough = errors.New("the commit lies too far back")

// takenBack remembers what a search found.
type takenBack struct {
	// head is where the search began, written what was taken back, and current what stands there instead.
	head    plumbing.Hash
	written string
	current []string
	// by is the commit that took it back; nil if it wasn't found.
	by *Commit
}

// search looks for the commit that took back what was written to a target.
type search struct {
	mirror  *Mirror
	past    *past
	session *session
	target  Target
	current []string
	// line are the commits between the write and the head that descend from the write, the newest first.
	line []plumbing.Hash
	on   map[plumbing.Hash]bool
	// loaded counts the commits that were loaded, step is how many are loaded next.
	loaded, step int
}

// whoTookBack names the commit that replaced what was last written to a target by what stands there at a head: the newest
// one that put that there, among those that descend from the write. Nil if it isn't found within the bounds, or if what it
// takes can't be fetched: who it was explains a decision, and mustn't stand in its way.
//
// known is what an earlier search found, which isn't repeated: only the commits since are looked at.
func (p *past) whoTookBack(ctx context.Context, s *session, head plumbing.Hash, t Target, at Standing, known takenBack) *Commit {
	m := p.mirror
	written := at.Written[0].Revision
	if known.written != written || !slices.Equal(known.current, at.Current) {
		known = takenBack{}
	}
	if known.head == head {
		m.history.found[t.key()] = known
		return known.by
	}
	b := &search{mirror: m, past: p, session: s, target: t, current: at.Current, step: searchFirst}
	id, err := b.follow(ctx, head, plumbing.NewHash(written), known.head)
	if err != nil && !errors.Is(err, errSearchedEnough) {
		return nil
	}
	found := takenBack{head: head, written: written, current: at.Current}
	if id == known.head {
		found.by = known.by
	} else if c, here, bad := m.objects.commit(id); err == nil && here && bad == nil {
		h := headOf(id, c)
		found.by = &Commit{Revision: h.Revision, Author: h.Author, Email: h.Email, Subject: h.Subject, Time: h.Time}
	}
	m.history.found[t.key()] = found
	return found.by
}

// follow goes down from the head as long as a parent holds the same, and gives the commit at which that ends; or known, if
// it comes by there.
func (b *search) follow(ctx context.Context, head, written, known plumbing.Hash) (plumbing.Hash, error) {
	if !b.between(head, written) {
		return head, errSearchedEnough
	}
	at := head
	for at != known {
		body, _ := b.mirror.objects.get(plumbing.CommitObject, at)
		next := plumbing.ZeroHash
		for _, parent := range scanCommit(body).parents {
			if !b.on[parent] {
				continue
			}
			same, err := b.same(ctx, parent)
			if err != nil {
				return at, err
			}
			if same {
				next = parent
				break
			}
		}
		if next.IsZero() {
			return at, nil
		}
		at = next
	}
	return at, nil
}

// same reports whether a commit holds in the target what the head holds.
func (b *search) same(ctx context.Context, commit plumbing.Hash) (bool, error) {
	kind, id := b.mirror.find(fileAt{commit, b.target.File})
	if kind != plumbing.InvalidObject && !b.past.knows(b.target.File, id) && !b.mirror.objects.has(kind, id) {
		if err := b.load(ctx, commit); err != nil {
			return false, err
		}
	}
	values, ok := b.past.valuesAt(commit, b.target)
	return ok && slices.Equal(values, b.current), nil
}

// load brings the file at a commit, and at those that come after it on the way down.
func (b *search) load(ctx context.Context, commit plumbing.Hash) error {
	b.step = min(b.step, b.mirror.filesAtOnce([]fileAt{{commit, b.target.File}}))
	if b.loaded += b.step; b.loaded > maxSearched {
		return errSearchedEnough
	}
	b.mirror.trim()
	first := max(0, slices.Index(b.line, commit))
	var files []fileAt
	for _, id := range b.line[first:min(first+b.step, len(b.line))] {
		files = append(files, fileAt{id, b.target.File})
	}
	b.step = searchAtOnce
	return b.mirror.loadFiles(ctx, b.session, files)
}

// between finds the commits that a head reaches and that descend from the write; false if there are too many. A line that
// left before the write and came back later hasn't taken back anything: the merge that preferred it has.
func (b *search) between(head, written plumbing.Hash) bool {
	h := &b.mirror.history
	oldest := h.order[written]
	b.on = map[plumbing.Hash]bool{}
	type commit struct {
		id      plumbing.Hash
		parents []plumbing.Hash
	}
	var all []commit
	seen := map[plumbing.Hash]bool{head: true}
	for stack := []plumbing.Hash{head}; len(stack) > 0; {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		body, _ := b.mirror.objects.get(plumbing.CommitObject, id)
		parents := scanCommit(body).parents
		all = append(all, commit{id, parents})
		for _, parent := range parents {
			if !seen[parent] && h.order[parent] > oldest {
				seen[parent] = true
				stack = append(stack, parent)
			}
		}
		if len(all) > maxLine {
			return false
		}
	}
	slices.SortFunc(all, func(x, y commit) int { return cmp.Compare(h.order[x.id], h.order[y.id]) })
	for _, c := range all { // Parents come before their children.
		if slices.ContainsFunc(c.parents, func(parent plumbing.Hash) bool { return parent == written || b.on[parent] }) {
			b.on[c.id] = true
			b.line = append(b.line, c.id)
		}
	}
	slices.Reverse(b.line)
	return true
}
