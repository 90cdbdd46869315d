package gitwriter

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

var errTreeGone = errors.New("a folder of the head isn't in the store")

// builder makes the objects of a plan's commits, stacked on one another and on the head. Only what the last commit needs is
// kept in full; what lies in between exists as differences in the pack.
type builder struct {
	store *store
	thin  bool
	when  time.Time

	author, committer object.Signature
	template          *MessageTemplate
	signer            Signer

	root, parent plumbing.Hash
	pack         []packObject
	packed       map[plumbing.Hash]struct{}
	// fresh are the new objects that the newest commit needs, chain how many differences each lies above a full object.
	fresh map[plumbing.Hash]*stored
	chain map[plumbing.Hash]int
	// last is the head that the commits so far come to.
	last *tip
}

func newBuilder(s *store, on *tip, req WriteRequest, now time.Time, thin bool) *builder {
	author, committer := req.Author, req.Committer
	if author == (Signature{}) {
		author = DefaultSignature()
	}
	if committer == (Signature{}) {
		committer = author
	}
	now = now.Truncate(time.Second)
	return &builder{
		store: s, thin: thin, when: now, author: author.at(now), committer: committer.at(now), template: req.Template,
		signer: req.Signer,
		root:   on.tree, parent: on.id, last: on,
		packed: map[plumbing.Hash]struct{}{}, fresh: map[plumbing.Hash]*stored{}, chain: map[plumbing.Hash]int{},
	}
}

// at is the signature with a time, without what would break a commit's header.
func (s Signature) at(when time.Time) object.Signature {
	clean := func(text, instead string) string {
		if text = oneLine(strings.NewReplacer("<", "", ">", "").Replace(text), maxHeadWords); text == "" {
			return instead
		}
		return text
	}
	d := DefaultSignature()
	return object.Signature{Name: clean(s.Name, d.Name), Email: clean(s.Email, d.Email), When: when}
}

// add makes a step's commit and gives its id.
func (b *builder) add(s step) (plumbing.Hash, error) {
	message, err := b.template.message(s)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	for _, f := range s.files {
		if b.root, err = b.replace(b.root, strings.Split(f.path, "/"), f.body); err != nil {
			return plumbing.ZeroHash, fmt.Errorf("write %s: %w", f.path, err)
		}
	}
	c := &object.Commit{
		Author: b.author, Committer: b.committer, Message: message, TreeHash: b.root, ParentHashes: []plumbing.Hash{b.parent},
	}
	if c.PGPSignature, err = b.sign(c); err != nil {
		return plumbing.ZeroHash, err
	}
	id, body, err := encodeCommit(c)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	b.pack = append(b.pack, packObject{id: id, kind: plumbing.CommitObject, body: body})
	b.fresh[id] = &stored{kind: plumbing.CommitObject, body: body}
	b.parent = id
	b.last = &tip{Head: headOf(id, c), id: id, tree: b.root}
	return id, nil
}

// sign gives the signature of a commit that has none yet; none if nobody signs.
func (b *builder) sign(c *object.Commit) (string, error) {
	if b.signer == nil {
		return "", nil
	}
	_, payload, err := encodeCommit(c)
	if err != nil {
		return "", err
	}
	signature, err := b.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign the commit: %w", err)
	}
	return signature, nil
}

// replace gives the tree in which the file at path has another content; modes and all other entries stay.
func (b *builder) replace(tree plumbing.Hash, path []string, body []byte) (plumbing.Hash, error) {
	old, ok := b.get(plumbing.TreeObject, tree)
	if !ok {
		return tree, errTreeGone
	}
	e, ok, err := treeEntryOf(old, path[0])
	if err != nil || !ok {
		return tree, errors.Join(errTreeGone, err)
	}
	var id plumbing.Hash
	if len(path) == 1 {
		id = b.put(plumbing.BlobObject, e.id, body)
	} else if id, err = b.replace(e.id, path[1:], body); err != nil {
		return tree, err
	}
	return b.put(plumbing.TreeObject, tree, withEntry(old, e, id)), nil
}

func (b *builder) get(kind plumbing.ObjectType, id plumbing.Hash) ([]byte, bool) {
	if o, ok := b.fresh[id]; ok && o.kind == kind {
		return o.body, true
	}
	return b.store.get(kind, id)
}

// put adds the object that replaces old, as its difference from old where that is worth it.
func (b *builder) put(kind plumbing.ObjectType, old plumbing.Hash, body []byte) plumbing.Hash {
	id := plumbing.ComputeHash(kind, body)
	if _, known := b.packed[id]; !known {
		b.packed[id] = struct{}{}
		b.pack = append(b.pack, b.encode(id, kind, old, body))
	}
	if kind == plumbing.BlobObject && id != old {
		delete(b.fresh, old) // Large, and at worst fetched again if an equal file stands elsewhere. Trees are still needed.
	}
	o := &stored{kind: kind, body: body}
	o.used.Store(true) // The next decision reads it.
	b.fresh[id] = o
	return id
}

func (b *builder) encode(id plumbing.Hash, kind plumbing.ObjectType, old plumbing.Hash, body []byte) packObject {
	before, ok := b.get(kind, old)
	// What the server may have already (a value that is taken back and put again) is sent in full: as a difference, it
	// could be one from something that is a difference from it.
	if ok && !b.store.has(kind, id) && len(before) > 0 && b.thin && b.chain[old] < maxDeltaChain {
		if d := delta(before, body); len(d) < len(body) {
			b.chain[id] = b.chain[old] + 1
			return packObject{id: id, kind: kind, body: d, base: old}
		}
	}
	return packObject{id: id, kind: kind, body: body}
}
