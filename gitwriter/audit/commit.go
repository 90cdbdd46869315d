package audit

import (
	"bytes"
	"strconv"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// commit is a commit as its bytes say, read no further than is needed: a history has many.
type commit struct {
	tree              plumbing.Hash
	parents           []plumbing.Hash
	author, committer signature
	message           []byte
}

// signature is who did something, and when.
type signature struct {
	name, email string
	when        time.Time
}

// header takes the next header of a commit off body; at the end of the headers, or of what can be read, key is empty.
func header(body []byte) (key string, value, rest []byte) {
	line, rest, _ := bytes.Cut(body, []byte{'\n'})
	name, value, found := bytes.Cut(line, []byte{' '})
	if !found {
		return "", nil, rest
	}
	return string(name), value, rest
}

// parseCommit reads a commit. Signatures and headers that it doesn't know are skipped; continued lines begin with a space.
func parseCommit(id plumbing.Hash, body []byte) (*commit, error) {
	c := &commit{}
	seen := false
	for len(body) > 0 && body[0] != '\n' {
		if body[0] == ' ' {
			_, body, _ = bytes.Cut(body, []byte{'\n'})
			continue
		}
		var key string
		var value []byte
		key, value, body = header(body)
		switch key {
		case "tree":
			c.tree, seen = plumbing.NewHash(string(value)), len(value) == 2*len(plumbing.ZeroHash)
		case "parent":
			c.parents = append(c.parents, plumbing.NewHash(string(value)))
		case "author":
			c.author = parseSignature(value)
		case "committer":
			c.committer = parseSignature(value)
		}
	}
	if !seen {
		return nil, malformed(plumbing.CommitObject, id)
	}
	c.message = bytes.TrimPrefix(body, []byte{'\n'})
	return c, nil
}

// maxSeconds keeps times within the years that RFC 3339 can write.
const maxSeconds = 253402300799

// parseSignature reads "Name <email> seconds zone". A part that can't be read stays empty.
func parseSignature(line []byte) signature {
	var s signature
	opening, closing := bytes.IndexByte(line, '<'), bytes.LastIndexByte(line, '>')
	if opening < 0 || closing < opening {
		s.name = oneLine(string(line), maxName)
		return s
	}
	s.name, s.email = oneLine(string(line[:opening]), maxName), oneLine(string(line[opening+1:closing]), maxName)
	fields := bytes.Fields(line[closing+1:])
	if len(fields) > 0 {
		if seconds, err := strconv.ParseInt(string(fields[0]), 10, 64); err == nil && seconds >= 0 && seconds <= maxSeconds {
			s.when = time.Unix(seconds, 0).UTC()
		}
	}
	return s
}

// subject is the first line of the message.
func (c *commit) subject() string {
	line, _, _ := bytes.Cut(bytes.TrimLeft(c.message, "\n"), []byte{'\n'})
	return oneLine(string(line), maxSubject)
}
