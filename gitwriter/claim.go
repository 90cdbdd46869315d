package gitwriter

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

const (
	// maxClaimsInCommit bounds how many sets of trailers one commit's message may have: a squash merge repeats those of all
	// its commits.
	maxClaimsInCommit = 4096
	// maxCommitTime bounds the time that a commit may say, so that adding to it can't overflow: the year 36812.
	maxCommitTime = 1 << 40
)

// claim is one set of trailers in a commit's message: what it says that it wrote. Anybody can write such text, and a squash
// merge repeats that of other commits, so a claim counts only if the trees bear it out (see witness.go).
type claim struct {
	policy string
	// targets are the places, "file#path", and froms what is said to have stood there: one for each, or one for all, or none.
	targets, froms []string
	tag, digest    string
}

// names reports whether the claim is about one of the places, and what it says stood there before.
func (c *claim) names(places []string) (from string, ok bool) {
	for i, target := range c.targets {
		if !slices.Contains(places, target) {
			continue
		}
		switch len(c.froms) {
		case 0:
			return "", true
		case 1:
			return c.froms[0], true
		case len(c.targets):
			return c.froms[i], true
		default:
			return "", false
		}
	}
	return "", false
}

// parseClaims finds the trailers anywhere in a message, indented or not: a squash merge hides them in its middle.
func parseClaims(message []byte) []claim {
	if !bytes.Contains(message, []byte(TrailerTarget+":")) {
		return nil
	}
	var claims []claim
	var open *claim
	for raw := range bytes.Lines(message) {
		key, value, ok := strings.Cut(strings.TrimSpace(string(raw)), ":")
		if !ok || !strings.HasPrefix(key, "Image-") {
			continue
		}
		value = strings.TrimSpace(value)
		switch {
		case key == TrailerPolicy:
			open = &claim{policy: value}
		case open == nil:
		case key == TrailerTarget:
			open.targets = append(open.targets, value)
		case key == TrailerFrom:
			open.froms = append(open.froms, value)
		case key == TrailerTo:
			open.tag, open.digest, _ = strings.Cut(value, "@")
			if len(open.targets) > 0 && isTag(open.tag) && len(claims) < maxClaimsInCommit {
				claims = append(claims, *open)
			}
			open = nil
		}
	}
	return claims
}

// placeName is a place as TrailerTarget spells it.
func placeName(file string, v Value) string {
	return oneLine(file, maxField) + "#" + oneLine(v.Path.String(), maxField)
}

// places are the places of a target as TrailerTarget spells them.
func (t Target) places() []string {
	places := make([]string, len(t.Values))
	for i, v := range t.Values {
		places[i] = placeName(t.File, v)
	}
	return places
}

// commitText is what a history is read from: a commit's parents, its time in seconds since 1970, and its message.
type commitText struct {
	parents []plumbing.Hash
	when    int64
	message []byte
}

// scanCommit takes a commit's bytes apart. It is lenient, and ten times as fast as decoding all of it: tens of thousands
// of commits are read at once.
func scanCommit(body []byte) commitText {
	var c commitText
	for len(body) > 0 {
		line, rest, _ := bytes.Cut(body, []byte{'\n'})
		body = rest
		if len(line) == 0 {
			c.message = rest
			break
		}
		key, value, _ := bytes.Cut(line, []byte{' '})
		switch string(key) {
		case "parent":
			var id plumbing.Hash
			if n, err := hex.Decode(id[:], value[:min(len(value), hex.EncodedLen(len(id)))]); err == nil && n == len(id) {
				c.parents = append(c.parents, id)
			}
		case "committer":
			c.when = commitTime(value)
		}
	}
	return c
}

// commitTime reads the seconds of "Name <address> 1234567890 +0100".
func commitTime(signature []byte) int64 {
	fields := bytes.Fields(signature[bytes.LastIndexByte(signature, '>')+1:])
	if len(fields) == 0 {
		return 0
	}
	when, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return max(0, min(when, maxCommitTime))
}
