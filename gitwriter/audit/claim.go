package audit

import (
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fairlead/fairlead/gitwriter"
	"github.com/fairlead/fairlead/gitwriter/edit"
)

// How much of a message is read: a squash of a few hundred commits is far below.
const (
	maxMessage = 1 << 20
	maxClaims  = 2_000
	maxTargets = 5_000
	maxTarget  = 2_048
	// maxSplits bounds in how many ways a target with several number signs is read.
	maxSplits = 4
)

// Place is one scalar in a file.
type Place struct {
	// File is slash-separated and relative to the repository's root.
	File string
	// Path is the key path in it.
	Path edit.Path
}

// String writes a place as messages do: "file#key.path".
func (p Place) String() string { return p.File + "#" + p.Path.String() }

// ParsePlace reads what String writes.
func ParsePlace(s string) (Place, error) {
	if places := parsePlaces(s); len(places) > 0 {
		return places[0], nil
	}
	return Place{}, &Error{Problem: "\"" + oneLine(s, maxValue) + "\" is no place: write it as FILE#KEYPATH, such as apps/webhooks/values.yaml#www.tag"}
}

// parsePlaces reads a target in every way that it can be meant: files and keys may hold number signs.
func parsePlaces(s string) []Place {
	var places []Place
	for at := 0; len(places) < maxSplits && len(s) <= maxTarget; {
		next := strings.IndexByte(s[at:], '#')
		if next < 0 {
			break
		}
		at += next + 1
		file := s[:at-1]
		if key, err := edit.ParsePath(s[at:]); err == nil && isFile(file) {
			places = append(places, Place{File: file, Path: key})
		}
	}
	return places
}

// isFile reports whether a name is that of a file in a tree.
func isFile(name string) bool {
	return name != "" && name != "." && name != ".." && path.Clean(name) == name && !path.IsAbs(name) && !strings.HasPrefix(name, "../") &&
		utf8.ValidString(name) && strings.IndexFunc(name, unicode.IsControl) < 0
}

// Claim is what a message says that its commit, or one that was squashed into it, wrote.
type Claim struct {
	// Policy is "namespace/name".
	Policy string
	// Places are where, in every way that the targets can be read.
	Places []Place
	// To is what was written.
	To Reference
	// Seen is when the tag was first seen; zero if the message doesn't say.
	Seen time.Time
}

// Reference tells one image of a repository from another. What isn't known is empty.
type Reference struct {
	Tag    string `json:"tag,omitempty"`
	Digest string `json:"digest,omitempty"`
	// Repository is given where a place holds it: alone, or before the tag.
	Repository string `json:"repository,omitempty"`
}

// Claims reads the claims in a message, in their order. Each begins with Image-Policy, and holds what follows of the other
// trailers up to the next one. It doesn't matter where they stand, nor whether they are indented: whoever squashes commits
// buries their messages in a new one. A claim without a policy, a target and an image is none.
func Claims(message string) []Claim {
	if len(message) > maxMessage {
		message = message[:maxMessage]
	}
	var claims []Claim
	targets := 0
	for line := range strings.Lines(message) {
		key, value, found := strings.Cut(strings.TrimSpace(line), ":")
		if !found || !strings.HasPrefix(key, "Image-") {
			continue
		}
		value = strings.TrimSpace(value)
		if key == gitwriter.TrailerPolicy {
			if len(claims) == maxClaims {
				break
			}
			claims = append(claims, Claim{Policy: value})
			continue
		}
		if len(claims) == 0 {
			continue
		}
		last := &claims[len(claims)-1]
		switch key {
		case gitwriter.TrailerTarget:
			targets++
			if targets <= maxTargets {
				last.Places = append(last.Places, parsePlaces(value)...)
			}
		case gitwriter.TrailerTo:
			last.To = parseTo(value)
		case gitwriter.TrailerSeen:
			if seen, err := time.Parse(time.RFC3339, value); err == nil {
				last.Seen = seen.UTC()
			}
		}
	}
	return complete(claims)
}

// complete leaves out what is no claim.
func complete(claims []Claim) []Claim {
	whole := claims[:0]
	for _, c := range claims {
		if isPolicy(c.Policy) && len(c.Places) > 0 && c.To != (Reference{}) {
			whole = append(whole, c)
		}
	}
	return whole
}

// maxPolicy is the longest name of a namespace and that of an object, with the slash between.
const maxPolicy = 63 + 1 + 253

// isPolicy reports whether a text is "namespace/name", each by RFC 1123, or a name alone.
func isPolicy(s string) bool {
	if s == "" || len(s) > maxPolicy || strings.Count(s, "/") > 1 || strings.HasPrefix(s, "/") || strings.HasSuffix(s, "/") {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '/'
	}) < 0
}

// parseTo reads "tag", "tag@digest" or "digest".
func parseTo(s string) Reference {
	if len(s) > maxValue || strings.IndexFunc(s, unicode.IsControl) >= 0 || strings.IndexFunc(s, unicode.IsSpace) >= 0 || !utf8.ValidString(s) {
		return Reference{}
	}
	tag, digest, found := strings.Cut(s, "@")
	if !found && strings.Contains(tag, ":") {
		tag, digest = "", s
	}
	return Reference{Tag: tag, Digest: digest}
}
