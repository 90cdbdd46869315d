package gitwriter

import (
	"context"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

const (
	// maxWritten is how many writes before the last one a Standing tells of where that can matter.
	maxWritten = 16
	// maxProvenValue bounds what is remembered of a file in bytes: whatever is written is far shorter.
	maxProvenValue = 4 << 10
)

// witness says what was written to targets before, from the history and from trees. Trees that aren't here aren't fetched
// while it is asked: it notes what it needs, and is asked again once that is here.
type witness struct {
	mirror *Mirror
	past   *past
	head   plumbing.Hash
	// needs are the commits that have to be looked at before an answer can be given.
	needs []need
	// asked are the targets that it was asked about, with the newest commit that claims each.
	asked map[string]testimony
}

// need is a commit to look at for a target.
type need struct {
	target Target
	claim  *claimed
}

// testimony is what an answer about a target rests on.
type testimony struct {
	target Target
	newest plumbing.Hash
}

func newWitness(p *past, head plumbing.Hash) *witness {
	return &witness{mirror: p.mirror, past: p, head: head, asked: map[string]testimony{}}
}

// before tells what was written to a target that holds certain values now. false: not known yet.
func (w *witness) before(t Target, current []string) ([]Written, bool) {
	w.mirror.history.read(w.mirror.objects, w.head)
	claims, key := w.mirror.history.of(t), t.key()
	if len(claims) > 0 {
		w.asked[key] = testimony{target: t, newest: claims[0].id}
	} else {
		w.asked[key] = testimony{target: t}
	}
	var found []Written
	for i, c := range claims {
		proof, proven := c.proven[key]
		if !proven {
			w.ask(t, claims[i:], len(found))
			return nil, false
		}
		if proof == nil {
			continue
		}
		found = append(found, *proof)
		if len(found) == maxWritten || slices.Equal(found[0].Values, current) || !t.tellsDigests(found[0].Values, current) {
			break
		}
	}
	return found, true
}

// tellsDigests reports whether a target says a digest, before or now: only then what was written before the last time tells
// more than that.
func (t Target) tellsDigests(before, now []string) bool {
	return referenceOf(t.Values, before).digest != "" || referenceOf(t.Values, now).digest != ""
}

// ask notes the next commits to look at: usually one is enough.
func (w *witness) ask(t Target, claims []*claimed, found int) {
	limit := 1
	if found > 0 {
		limit = maxWritten - found
	}
	for _, c := range claims[:min(limit, len(claims))] {
		if _, proven := c.proven[t.key()]; !proven {
			w.needs = append(w.needs, need{target: t, claim: c})
		}
	}
}

// holds reports whether all answers would be the same at another head.
func (w *witness) holds(head plumbing.Hash) bool {
	if len(w.asked) > 0 {
		w.mirror.history.read(w.mirror.objects, head)
	}
	for _, a := range w.asked {
		if w.mirror.history.newest(a.target) != a.newest {
			return false
		}
	}
	return true
}

// look fetches and judges what is needed, so that it can be asked again.
func (w *witness) look(ctx context.Context, s *session) error {
	files := w.filesOf(w.needs)
	if err := w.mirror.loadFolders(ctx, s, files); err != nil {
		return err
	}
	for needs := range slices.Chunk(w.needs, max(1, w.mirror.filesAtOnce(files)/2)) {
		w.mirror.trim()
		if err := w.mirror.loadFiles(ctx, s, w.filesOf(needs)); err != nil {
			return err
		}
		for _, n := range needs {
			n.claim.proven[n.target.key()] = w.past.prove(n.claim, n.target)
		}
	}
	w.needs = nil
	return nil
}

// filesOf are the files to look at: at the commits, and at their parents.
func (w *witness) filesOf(needs []need) []fileAt {
	var files []fileAt
	for _, n := range needs {
		files = append(files, fileAt{n.claim.id, n.target.File})
		if parent, ok := w.mirror.parentOf(n.claim.id); ok {
			files = append(files, fileAt{parent, n.target.File})
		}
	}
	return files
}

// prove gives what a commit wrote to a target, if one of its claims is what it did: what the claim says to have written
// stands in its tree, and what it says to have replaced in its first parent's. A text that was forged, squashed or
// carried over to another place in the history says something else.
func (p *past) prove(c *claimed, t Target) *Written {
	parent, ok := p.mirror.parentOf(c.id)
	if !ok {
		return nil
	}
	now, ok := p.valuesAt(c.id, t)
	if !ok {
		return nil
	}
	old, ok := p.valuesAt(parent, t)
	if !ok || slices.Equal(old, now) || slices.ContainsFunc(now, func(v string) bool { return len(v) > maxProvenValue }) {
		return nil
	}
	places := t.places()
	is, was := referenceOf(t.Values, now), referenceOf(t.Values, old)
	started := false
	var made *claim
	for i := range c.says {
		from, about := c.says[i].names(places)
		if !about {
			continue
		}
		started = started || was.told(from)
		if (reference{tag: c.says[i].tag, digest: c.says[i].digest}).tells(is) {
			made = &c.says[i]
		}
	}
	if !started || made == nil {
		return nil
	}
	return &Written{
		Tag: made.tag, Digest: made.digest, Values: now, Policy: made.policy,
		Revision: c.id.String(), Time: time.Unix(c.when, 0).UTC(),
	}
}

// parentOf is a commit's first parent.
func (m *Mirror) parentOf(id plumbing.Hash) (plumbing.Hash, bool) {
	body, ok := m.objects.get(plumbing.CommitObject, id)
	if !ok {
		return plumbing.ZeroHash, false
	}
	parents := scanCommit(body).parents
	if len(parents) == 0 || !m.objects.has(plumbing.CommitObject, parents[0]) {
		return plumbing.ZeroHash, false
	}
	return parents[0], true
}

// tells reports whether what a target holds is all from r, and is anything at all.
func (r reference) tells(held reference) bool {
	return held.tag+held.digest != "" && (held.tag == "" || held.tag == r.tag) && (held.digest == "" || held.digest == r.digest)
}

// told reports whether a trailer TrailerFrom can have been written about r. The target may have consisted of other parts
// then, so only what both speak of has to agree.
func (r reference) told(from string) bool {
	is := r.oneLine()
	if is.version() == from {
		return true
	}
	said := parseVersion(from)
	sameTag, sameDigest := said.tag == is.tag, said.digest == is.digest
	bothTag, bothDigest := said.tag != "" && is.tag != "", said.digest != "" && is.digest != ""
	return (bothTag || bothDigest) && (sameTag || !bothTag) && (sameDigest || !bothDigest)
}
