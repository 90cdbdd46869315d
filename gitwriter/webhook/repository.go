package webhook

import (
	"regexp"
	"strings"
)

// maxName bounds a host, a path and a branch.
const maxName = 1024

// Repository is what URLs of the same repository have in common.
type Repository struct {
	// Host in lower case, without a user and a port: the same repository has several of them. It is empty where the payload
	// tells no URL: then any host matches, and Path may be the end of the other path.
	Host string
	// Path in lower case, without a slash at either end and without ".git".
	Path string
}

// ParseRepository takes a URL of any scheme, or user@host:path, for what it has in common with the others. It is false for
// what names no repository.
func ParseRepository(text string) (Repository, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if len(text) > maxName {
		return Repository{}, false
	}
	_, rest, found := strings.Cut(text, "://")
	if !found {
		// user@host:path, where the path may begin at the user's home or at the root.
		host, path, short := strings.Cut(text, ":")
		if !short || strings.Contains(host, "/") || !strings.Contains(host, "@") {
			return Repository{}, false
		}
		rest = host + "/" + strings.TrimPrefix(path, "/")
	}
	authority, path, _ := strings.Cut(rest, "/")
	r := Repository{Host: canonicalHost(authority[strings.LastIndexByte(authority, '@')+1:]), Path: trimPath(path)}
	return r, hostName.MatchString(r.Host) && r.Path != "" && !strings.ContainsAny(r.Path, "?#\x00")
}

// hostName is what a host may be made of, an IPv6 address among them.
var hostName = regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])$`)

// trimPath leaves out what is written differently in the same path.
func trimPath(path string) string {
	return strings.Trim(strings.TrimSuffix(strings.TrimRight(path, "/"), ".git"), "/")
}

// canonicalHost is what a host is compared by, given perhaps with a port. Some have another name for SSH on the port of HTTPS.
func canonicalHost(host string) string {
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		host = host[:colon]
	}
	switch host = strings.TrimSuffix(host, "."); host {
	case "ssh.github.com", "www.github.com":
		return "github.com"
	case "altssh.gitlab.com":
		return "gitlab.com"
	case "altssh.bitbucket.org":
		return "bitbucket.org"
	default:
		return host
	}
}

// is reports whether a repository of a payload is the one of a URL.
func (r Repository) is(other Repository) bool {
	if r.Host == "" {
		return r.Path == other.Path || strings.HasSuffix(other.Path, "/"+r.Path)
	}
	return r == other
}

// repositories are the names that URLs have, each once.
func repositories(urls ...string) []Repository {
	var found []Repository
	seen := map[Repository]bool{}
	for _, text := range urls {
		if r, ok := ParseRepository(text); ok && !seen[r] {
			seen[r] = true
			found = append(found, r)
		}
	}
	return found
}

// belowAnyHost is a repository of which only the end of its path is known.
func belowAnyHost(project, name string) []Repository {
	path := trimPath(strings.ToLower(project + "/" + name))
	if project == "" || name == "" || len(path) > maxName {
		return nil
	}
	return []Repository{{Path: path}}
}

// revisionName is the id of a commit: SHA-1 or SHA-256.
var revisionName = regexp.MustCompile(`^[0-9a-f]{40}(?:[0-9a-f]{24})?$`)

// branchOf is the short name of a reference; false if it is no branch.
func branchOf(reference string) (string, bool) {
	branch, ok := strings.CutPrefix(reference, "refs/heads/")
	return branch, ok && branch != ""
}

// distinct returns the pushes that name a repository, one for each branch: the last of them, in the order of the first.
func distinct(pushes []Push) []Push {
	var kept []Push
	at := map[string]int{}
	for _, push := range pushes {
		if len(push.Repositories) == 0 || len(push.Branch) > maxName {
			continue
		}
		if !revisionName.MatchString(push.Revision) || strings.Trim(push.Revision, "0") == "" { // zeros: it was deleted
			push.Revision = ""
		}
		if i, known := at[push.Branch]; known {
			kept[i] = push
			continue
		}
		if len(kept) < MaxPushes {
			at[push.Branch] = len(kept)
			kept = append(kept, push)
		}
	}
	return kept
}
