package registry

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// dockerAuth is one entry of a file of credentials.
type dockerAuth struct {
	Auth          string `json:"auth"`
	Username      string `json:"username"`
	Password      string `json:"password"`
	IdentityToken string `json:"identitytoken"`
	RegistryToken string `json:"registrytoken"`
}

// The words that errors call the two files by: the keys that Secrets hold them under, without the dot.
const (
	dockerConfigJSON = "dockerconfigjson"
	dockercfg        = "dockercfg"
)

// ParseDockerConfig reads a dockerconfigjson: what "docker login" and "kubectl create secret docker-registry" write. A key
// is a registry, with or without a scheme, a port and a path that its repositories begin with; a host may hold "*" for
// one label or a part of it, as the kubelet reads it. Entries without a credential, which a logout and credential
// helpers leave, are passed over, and so are keys that name no registry. The error is an *InputError and holds nothing of
// the file but its keys.
func ParseDockerConfig(data []byte) (*Keychain, error) {
	var file struct {
		Auths       map[string]json.RawMessage `json:"auths"`
		CredsStore  json.RawMessage            `json:"credsStore"`
		CredHelpers json.RawMessage            `json:"credHelpers"`
	}

	// The decoder's own words can quote the file.
	if json.Unmarshal(data, &file) != nil {
		return nil, &InputError{Problem: `dockerconfigjson can't be read: write it like {"auths": {"registry.example.com": {"username": "...", "password": "..."}}}`}
	}

	keychain, err := parseAuths(dockerConfigJSON, file.Auths)
	if err != nil {
		return nil, err
	}

	switch {
	case len(keychain.entries) == 0 && (file.CredsStore != nil || file.CredHelpers != nil):
		return nil, &InputError{
			Problem: `dockerconfigjson leaves its credentials to a credential helper, which can't be asked here: write the credential itself, like ` +
				`{"auths": {"registry.example.com": {"username": "...", "password": "..."}}}`,
		}
	case file.Auths == nil:
		return nil, &InputError{
			Problem: `dockerconfigjson has no "auths": write it like {"auths": {"registry.example.com": {"username": "...", "password": "..."}}}`,
		}
	default:
		return keychain, nil
	}
}

// ParseDockercfg reads a dockercfg, the form before dockerconfigjson: the same entries, without "auths" around them. It
// is as strict as ParseDockerConfig.
func ParseDockercfg(data []byte) (*Keychain, error) {
	var auths map[string]json.RawMessage

	if json.Unmarshal(data, &auths) != nil || auths == nil {
		return nil, &InputError{Problem: `dockercfg can't be read: write it like {"registry.example.com": {"username": "...", "password": "..."}}`}
	}

	if _, found := auths["auths"]; found {
		return nil, &InputError{Problem: `dockercfg has "auths", which makes it a dockerconfigjson: put it into a Secret of that type`}
	}

	return parseAuths(dockercfg, auths)
}

// parseAuths reads the entries of a file of this format.
func parseAuths(format string, auths map[string]json.RawMessage) (*Keychain, error) {
	k := &Keychain{}

	// In order, so that of two keys for the same place the same one always wins.
	for _, key := range slices.Sorted(maps.Keys(auths)) {
		cred, problem := parseAuth(auths[key])
		if problem != "" {
			return nil, &InputError{Problem: fmt.Sprintf("%s: %q: %s", format, abbreviate(withoutUser(key)), problem)}
		}

		if host, prefix := splitKey(key); host != "" && cred != (Credential{}) {
			k.entries = append(k.entries, entry{host: host, path: prefix, cred: cred})
		}
	}

	slices.SortStableFunc(k.entries, moreSpecific)

	return k, nil
}

// parseAuth reads one entry. The problem quotes nothing of it.
func parseAuth(data json.RawMessage) (cred Credential, problem string) {
	var auth dockerAuth
	if json.Unmarshal(data, &auth) != nil {
		return Credential{}, `this entry can't be read: write it like {"username": "...", "password": "..."}`
	}

	cred = Credential{
		Username: auth.Username, Password: auth.Password,
		IdentityToken: auth.IdentityToken, RegistryToken: auth.RegistryToken,
	}

	if auth.Auth != "" {
		username, password, ok := decodeAuth(auth.Auth)
		if !ok {
			return Credential{}, `auth isn't base64 of "username:password": write it anew, or write username and password`
		}

		cred.Username, cred.Password = username, password
	}

	return cred, ""
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
	host, prefix = withoutUser(host), strings.Trim(prefix, "/")

	if version, rest, _ := strings.Cut(prefix, "/"); version == "v1" || version == "v2" {
		prefix = rest
	}

	return canonicalHost(host), prefix
}

// withoutUser leaves out what stands before an "@", which could be a password.
func withoutUser(key string) string {
	return key[strings.LastIndex(key, "@")+1:]
}
