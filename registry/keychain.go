package registry

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Keychain holds the credentials of a dockerconfigjson. It is immutable and safe for concurrent use.
type Keychain struct {
	// entries are ordered from the most to the least specific.
	entries []entry
}

// entry is one key of the file and its credential.
type entry struct {
	host, path string
	cred       Credential
}

// ParseDockerConfig reads a dockerconfigjson: what "docker login" and "kubectl create secret docker-registry" write. A key
// is a registry, with or without a scheme, a port and a path that its repositories begin with; a host may hold "*" for
// one label or a part of it, as the kubelet reads it. The error is an *InputError and holds nothing of the file but
// its keys.
func ParseDockerConfig(data []byte) (*Keychain, error) {
	var file struct {
		Auths map[string]struct {
			Auth          string `json:"auth"`
			Username      string `json:"username"`
			Password      string `json:"password"`
			IdentityToken string `json:"identitytoken"`
			RegistryToken string `json:"registrytoken"`
		} `json:"auths"`
	}

	// The decoder's own words can quote the file.
	if json.Unmarshal(data, &file) != nil {
		return nil, &InputError{Problem: `dockerconfigjson can't be read: write it like {"auths": {"registry.example.com": {"username": "...", "password": "..."}}}`}
	}

	if file.Auths == nil {
		return nil, &InputError{Problem: `dockerconfigjson has no "auths": credential helpers can't be used here, write the credential itself`}
	}

	k := &Keychain{}

	// In order, so that of two keys for the same place the same one always wins.
	for _, key := range slices.Sorted(maps.Keys(file.Auths)) {
		auth := file.Auths[key]
		cred := Credential{
			Username: auth.Username, Password: auth.Password,
			IdentityToken: auth.IdentityToken, RegistryToken: auth.RegistryToken,
		}

		if auth.Auth != "" {
			username, password, ok := decodeAuth(auth.Auth)
			if !ok {
				return nil, &InputError{Problem: fmt.Sprintf(
					`dockerconfigjson: auth of %q isn't base64 of "username:password": write it anew, or write username and password`, abbreviate(key))}
			}

			cred.Username, cred.Password = username, password
		}

		host, prefix := splitKey(key)
		k.entries = append(k.entries, entry{host: host, path: prefix, cred: cred})
	}

	slices.SortStableFunc(k.entries, moreSpecific)

	return k, nil
}

// For returns the credential of the most specific key that covers a repository: the longest path first, a host
// without "*" before one with it. It is the zero value, anonymous, if no key does.
func (k *Keychain) For(repo name.Repository) Credential {
	host := canonicalHost(repo.RegistryStr())

	for _, e := range k.entries {
		if matchHost(e.host, host) && hasPath(repo.RepositoryStr(), e.path) {
			return e.cred
		}
	}

	return Credential{}
}

// decodeAuth reads base64 of "username:password", padded or not. Docker trims NUL bytes from the password, with which
// an identity token leaves it empty.
func decodeAuth(auth string) (username, password string, ok bool) {
	raw := strings.TrimRight(strings.TrimSpace(auth), "=")

	decoded, err := base64.RawStdEncoding.DecodeString(raw)
	if err != nil {
		return "", "", false
	}

	username, password, ok = strings.Cut(string(decoded), ":")

	return username, strings.Trim(password, "\x00"), ok
}

// splitKey reads a key of the file as host and path. Docker writes "/v1/" or "/v2/" behind a host, for the protocol.
func splitKey(key string) (host, prefix string) {
	if _, rest, found := strings.Cut(key, "://"); found {
		key = rest
	}

	host, prefix, _ = strings.Cut(key, "/")
	prefix = strings.Trim(prefix, "/")

	if prefix == "v1" || prefix == "v2" {
		prefix = ""
	}

	return canonicalHost(host), prefix
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

// matchHost compares label by label, so that "*" never stands for more than one.
func matchHost(pattern, host string) bool {
	if !strings.Contains(pattern, "*") {
		return pattern == host
	}

	patterns, labels := strings.Split(pattern, "."), strings.Split(host, ".")
	if len(patterns) != len(labels) {
		return false
	}

	for i := range patterns {
		if matched, err := path.Match(patterns[i], labels[i]); err != nil || !matched {
			return false
		}
	}

	return true
}

// hasPath reports whether a repository lies below a path, by whole parts.
func hasPath(repository, prefix string) bool {
	return prefix == "" || repository == prefix || strings.HasPrefix(repository, prefix+"/")
}

// moreSpecific orders entries as For tries them.
func moreSpecific(a, b entry) int {
	if a.path != b.path {
		return len(b.path) - len(a.path)
	}

	return strings.Count(a.host, "*") - strings.Count(b.host, "*")
}
