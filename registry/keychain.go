package registry

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Keychain holds credentials and for what they are. It is immutable and safe for concurrent use; a nil one holds none.
type Keychain struct {
	// entries are ordered from the most to the least specific.
	entries []entry
}

// entry is one key of a file and its credential.
type entry struct {
	host, path string
	cred       Credential
}

// For returns the credential of the most specific key that covers a repository: the longest path first, a host
// without "*" before one with it. It is the zero value, anonymous, if no key does.
//
// Docker and the kubelet choose so, too. The kubelet then tries the others where the first one is refused; here the one
// that is meant for the repository is the one that counts, so that a broken credential is seen.
func (k *Keychain) For(repo name.Repository) Credential {
	if k == nil {
		return Credential{}
	}

	host := canonicalHost(repo.RegistryStr())

	for _, e := range k.entries {
		if matchHost(e.host, host) && hasPath(repo.RepositoryStr(), e.path) {
			return e.cred
		}
	}

	return Credential{}
}

// Join returns a keychain with the entries of both, as the kubelet reads several Secrets: the most specific key counts,
// whichever holds it, and of two that are equally specific that of k.
func (k *Keychain) Join(more *Keychain) *Keychain {
	joined := &Keychain{}

	for _, part := range []*Keychain{k, more} {
		if part != nil {
			joined.entries = append(joined.entries, part.entries...)
		}
	}

	slices.SortStableFunc(joined.entries, moreSpecific)

	return joined
}

// canonicalHost gives the names of one registry one form.
func canonicalHost(host string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ":443")

	switch host {
	case "docker.io", "registry-1.docker.io", "registry.hub.docker.com":
		return name.DefaultRegistry
	default:
		return host
	}
}

// matchHost compares label by label, so that "*" never stands for more than one, nor for a port.
func matchHost(pattern, host string) bool {
	if !strings.Contains(pattern, "*") {
		return pattern == host
	}

	pattern, port := splitPort(pattern)
	host, hostPort := splitPort(host)
	patterns, labels := strings.Split(pattern, "."), strings.Split(host, ".")

	if port != hostPort || len(patterns) != len(labels) {
		return false
	}

	for i := range patterns {
		if matched, err := path.Match(patterns[i], labels[i]); err != nil || !matched {
			return false
		}
	}

	return true
}

// splitPort returns a host, an IPv6 address in its brackets, and the port behind it; empty if there is none.
func splitPort(host string) (bare, port string) {
	colon := strings.LastIndex(host, ":")
	if colon < 0 || colon < strings.LastIndex(host, "]") {
		return host, ""
	}

	return host[:colon], host[colon+1:]
}

// hasPath reports whether a repository lies below a path, by whole parts.
func hasPath(repository, prefix string) bool {
	return prefix == "" || repository == prefix || strings.HasPrefix(repository, prefix+"/")
}

// moreSpecific orders entries as For tries them: by path, then those without "*" first, then by how much of the host is
// written out.
func moreSpecific(a, b entry) int {
	order := cmp.Or(
		cmp.Compare(len(b.path), len(a.path)),
		cmp.Compare(strings.Count(a.host, "*"), strings.Count(b.host, "*")),
	)

	if order == 0 && strings.Contains(a.host, "*") {
		return cmp.Compare(len(b.host), len(a.host))
	}

	return order
}
