package gitwriter

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

// maxRepository bounds a repository's name in bytes.
const maxRepository = 512

// repositoryPattern is a repository's name by the OCI distribution specification 1.1, "Pulling manifests", behind an optional
// host with an optional port: a name of RFC 1123, or an IPv6 address in brackets.
var repositoryPattern = regexp.MustCompile(
	`^(?:(?:` + hostLabel + `(?:\.` + hostLabel + `)*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/)?` + component + `(?:/` + component + `)*$`)

const (
	hostLabel = `[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?`
	component = `[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`
)

// check refuses what is no legal value of its part. A tag is a registry's word, and a registry may say anything.
func (v Value) check() error {
	legal, hint := false, ""
	switch v.Part {
	case PartTag:
		legal = isTag(v.Value)
		hint = "a tag has up to 128 letters, digits, dots, hyphens and underscores and begins with a letter, digit or underscore"
	case PartDigest:
		legal = isDigest(v.Value)
		hint = "a digest is an algorithm, a colon and the hash, such as sha256:..."
	case PartRepository:
		legal = isRepository(v.Value)
		hint = "write registry.example.com/name, the name in lower case, without tag"
	case PartImage:
		legal = isImage(v.Value)
		hint = "write registry.example.com/name:tag, the name in lower case, with or without @ and a digest"
	}
	if legal {
		return nil
	}
	return &edit.Error{Path: v.Path.String(), Problem: fmt.Sprintf("%s is no legal %s", quote(v.Value), v.Part), Hint: hint}
}

// No tag has a colon, and every digest has one.
func isTag(s string) bool    { return !strings.Contains(s, ":") && edit.CheckTagOrDigest(s) == nil }
func isDigest(s string) bool { return strings.Contains(s, ":") && edit.CheckTagOrDigest(s) == nil }

func isRepository(s string) bool { return len(s) <= maxRepository && repositoryPattern.MatchString(s) }

func isImage(s string) bool {
	r := parseImage(s)
	return isRepository(r.repository) && r.tag+r.digest != "" && (r.tag == "" || isTag(r.tag)) && (r.digest == "" || isDigest(r.digest)) && r.image() == s
}
