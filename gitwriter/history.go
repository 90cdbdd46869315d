package gitwriter

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// keptClaims is how many commits that claim a place are kept for it: the newest.
const keptClaims = 64

// history is what the trailers of a branch's commits say: for every place, the last commits that claim to have written it.
// It is read from the commits in the store alone, so a restart finds the same. Whoever uses it has the Mirror's turn.
//
//	empty ──read──▶ holds what head reaches ──read of a later head──▶ only the new commits are read
//	                        ▲                └─read of a head that doesn't descend──┐
//	                        └──────────── everything is read anew ◀─────────────────┘
type history struct {
	head plumbing.Hash
	// order of every commit that the head reaches: its time, or one more than its newest parent's if that is later. It
	// grows along every line of descent whatever the clocks said, and depends on nothing but the commit and what is before it.
	order map[plumbing.Hash]int64
	// claims by place, the oldest first.
	claims map[string][]*claimed
	// found remembers which commits took back what was written, by target.
	found map[string]takenBack
}

// claimed is a commit with trailers.
type claimed struct {
	id    plumbing.Hash
	order int64
	when  int64
	says  []claim
	// proven remembers by target what the commit really wrote there; nil if nothing.
	proven map[string]*Written
}

// read brings the history to a head whose commits are all in the store.
func (h *history) read(s *store, head plumbing.Hash) {
	if h.head == head {
		return
	}
	_, known := h.order[head]
	if known || h.head.IsZero() || !h.walk(s, head) {
		h.order, h.claims = map[plumbing.Hash]int64{}, map[string][]*claimed{}
		h.walk(s, head)
	}
	h.head = head
}

// visit is a commit on the way down to the root, with those of its parents that weren't visited yet.
type visit struct {
	id      plumbing.Hash
	text    commitText
	parents []plumbing.Hash
}

// walk reads all commits that a head reaches and that weren't read yet, and reports whether it met the one that was the
// head. What was read before is all that the old head reaches, so it is met at once, or the new head doesn't descend from it.
func (h *history) walk(s *store, head plumbing.Hash) (descends bool) {
	touched := map[string]struct{}{}
	open := func(id plumbing.Hash) visit {
		body, _ := s.get(plumbing.CommitObject, id)
		text := scanCommit(body)
		return visit{id: id, text: text, parents: text.parents}
	}
	for stack := []visit{open(head)}; len(stack) > 0; {
		top := &stack[len(stack)-1]
		if len(top.parents) > 0 {
			next := top.parents[0]
			top.parents = top.parents[1:]
			descends = descends || next == h.head
			if _, read := h.order[next]; !read {
				stack = append(stack, open(next))
			}
			continue
		}
		h.add(top, touched)
		stack = stack[:len(stack)-1]
	}
	for place := range touched {
		h.claims[place] = newestClaims(h.claims[place])
	}
	return descends
}

// add notes a commit all of whose parents are noted.
func (h *history) add(v *visit, touched map[string]struct{}) {
	order := v.text.when
	for _, parent := range v.text.parents {
		order = max(order, h.order[parent]+1)
	}
	h.order[v.id] = order
	says := parseClaims(v.text.message)
	if len(says) == 0 {
		return
	}
	c := &claimed{id: v.id, order: order, when: v.text.when, says: says, proven: map[string]*Written{}}
	for i := range says {
		for _, place := range says[i].targets {
			if all := h.claims[place]; len(all) == 0 || all[len(all)-1] != c {
				h.claims[place] = append(all, c)
				touched[place] = struct{}{}
			}
		}
	}
}

// newestClaims orders claims and keeps the newest.
func newestClaims(all []*claimed) []*claimed {
	slices.SortFunc(all, compareClaims)
	if len(all) > keptClaims {
		all = slices.Clone(all[len(all)-keptClaims:])
	}
	return all
}

func compareClaims(a, b *claimed) int {
	return cmp.Or(cmp.Compare(a.order, b.order), bytes.Compare(a.id[:], b.id[:]))
}

// of gives the commits that claim a target, the newest first.
func (h *history) of(t Target) []*claimed {
	found := map[*claimed]struct{}{}
	for _, place := range t.places() {
		for _, c := range h.claims[place] {
			found[c] = struct{}{}
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b *claimed) int { return compareClaims(b, a) })
}

// newest names the newest commit that claims a target; zero if none does.
func (h *history) newest(t Target) plumbing.Hash {
	if all := h.of(t); len(all) > 0 {
		return all[0].id
	}
	return plumbing.ZeroHash
}

// key names a target with all that it consists of, so that what was proven of it isn't taken for a proof of another.
func (t Target) key() string {
	parts := make([]string, 0, 1+2*len(t.Values))
	parts = append(parts, t.File)
	for _, v := range t.Values {
		parts = append(parts, string(v.Part), v.Path.String())
	}
	return strings.Join(parts, "\x00")
}

// remember takes over what was just pushed, so that nothing of it has to be fetched to be proven.
func (m *Mirror) remember(b *builder, steps []step, revisions []plumbing.Hash) {
	h := &m.history
	if base, ok := m.parentOf(revisions[0]); !ok || base != h.head {
		return
	}
	if slices.ContainsFunc(steps, func(s step) bool { return s.change.Message != "" }) {
		return // A person's commit may take back anything.
	}
	for key, found := range h.found {
		if found.head == h.head { // The commits are known, and leave alone what is taken back.
			found.head = b.last.id
			h.found[key] = found
		}
	}
	h.read(m.objects, b.last.id)
	for i, s := range steps {
		for _, w := range s.written {
			claims := h.of(w.target)
			if at := slices.IndexFunc(claims, func(c *claimed) bool { return c.id == revisions[i] }); at >= 0 {
				claims[at].proven[w.target.key()] = proofOf(s.change, w, revisions[i], b.when)
			}
		}
	}
}

// proofOf is what a commit that was just made wrote to a target: what prove would find.
func proofOf(c *Change, w written, revision plumbing.Hash, when time.Time) *Written {
	if slices.Equal(w.previous, w.target.wanted()) {
		return nil
	}
	return &Written{
		Tag: c.Tag, Digest: c.Digest, Values: w.target.wanted(), Policy: oneLine(c.Policy, maxField),
		Revision: revision.String(), Time: when.UTC(),
	}
}
