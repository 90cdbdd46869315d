package gitwriter

import (
	"fmt"
	"io"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// maxHeadWords bounds each text of a Head: they come from people and end up in a status.
const maxHeadWords = 200

// decodeCommit reads a commit's bytes.
func decodeCommit(id plumbing.Hash, body []byte) (*object.Commit, error) {
	o := &plumbing.MemoryObject{}
	o.SetType(plumbing.CommitObject)
	if _, err := o.Write(body); err != nil {
		return nil, err
	}
	c := &object.Commit{}
	if err := c.Decode(o); err != nil {
		return nil, fmt.Errorf("%w: commit %s: %w", errAnswer, id, err)
	}
	return c, nil
}

// encodeCommit gives a commit's bytes and id.
func encodeCommit(c *object.Commit) (plumbing.Hash, []byte, error) {
	o := &plumbing.MemoryObject{}
	if err := c.Encode(o); err != nil {
		return plumbing.ZeroHash, nil, fmt.Errorf("write a commit: %w", err)
	}
	r, err := o.Reader()
	if err != nil {
		return plumbing.ZeroHash, nil, fmt.Errorf("write a commit: %w", err)
	}
	body, err := io.ReadAll(r)
	if err != nil {
		return plumbing.ZeroHash, nil, fmt.Errorf("write a commit: %w", err)
	}
	return plumbing.ComputeHash(plumbing.CommitObject, body), body, nil
}

// headOf describes a commit for people.
func headOf(id plumbing.Hash, c *object.Commit) Head {
	subject, _, _ := strings.Cut(strings.TrimLeft(c.Message, "\n"), "\n")
	return Head{
		Revision: id.String(),
		Author:   oneLine(c.Author.Name, maxHeadWords),
		Email:    oneLine(c.Author.Email, maxHeadWords),
		Subject:  oneLine(subject, maxHeadWords),
		Time:     c.Committer.When,
	}
}

// commit reads a commit of the store. Commits never leave it while the head reaches them.
func (s *store) commit(id plumbing.Hash) (*object.Commit, bool, error) {
	body, ok := s.get(plumbing.CommitObject, id)
	if !ok {
		return nil, false, nil
	}
	c, err := decodeCommit(id, body)
	return c, err == nil, err
}

// descends reports whether id is in the history of tip, looking at no more than limit commits.
func (s *store) descends(tip, id plumbing.Hash, limit int) bool {
	seen := map[plumbing.Hash]bool{tip: true}
	queue := []plumbing.Hash{tip}
	for len(queue) > 0 && len(seen) <= limit {
		next := queue[0]
		queue = queue[1:]
		if next == id {
			return true
		}
		c, ok, err := s.commit(next)
		if err != nil || !ok {
			continue
		}
		for _, parent := range c.ParentHashes {
			if !seen[parent] {
				seen[parent] = true
				queue = append(queue, parent)
			}
		}
	}
	return false
}
