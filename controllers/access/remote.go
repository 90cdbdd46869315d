package access

import (
	"context"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/gitwriter"
)

// The keys of the Secret that spec.secretRef of a ConfigRepository names, beside those of keys for registries. Users of
// Flux have them already.
const (
	keyBearerToken = "bearerToken"
	keyIdentity    = "identity"
	keyKnownHosts  = "known_hosts"

	keyAppID           = "githubAppID"
	keyAppInstallation = "githubAppInstallationID"
	keyAppPrivateKey   = "githubAppPrivateKey"
	keyAppBaseURL      = "githubAppBaseURL"
)

// Remote is the Git remote of a ConfigRepository, with the credentials, the certificates and the proxy of its Secrets. Those
// are read anew each time, so that what was rotated counts at once.
func Remote(ctx context.Context, reader client.Reader, repository *v1alpha1.ConfigRepository) (gitwriter.Remote, error) {
	spec := repository.Spec
	remote := gitwriter.Remote{URL: spec.URL, Branch: spec.Branch, Insecure: spec.Insecure, Timeout: spec.Timeout.Duration}
	if spec.SecretRef != nil {
		found, err := secret(ctx, reader, repository.Namespace, spec.SecretRef.Name, "spec.secretRef")
		if err != nil {
			return remote, err
		}
		keys := gitKeys{found}
		if overSSH(spec.URL) {
			remote.Auth.SSH, err = keys.ssh()
		} else {
			remote.Auth, remote.TLS, err = keys.https()
		}
		if err != nil {
			return remote, err
		}
	}
	if spec.ProxySecretRef != nil {
		var err error
		if remote.Proxy, err = gitProxy(ctx, reader, repository.Namespace, spec.ProxySecretRef.Name); err != nil {
			return remote, err
		}
	}
	return remote, nil
}

// overSSH reports whether a URL that the schema admits is ssh://... or user@host:path.
func overSSH(url string) bool {
	return strings.HasPrefix(url, "ssh://") || !strings.Contains(url, "://")
}

// gitKeys reads the keys of a ConfigRepository's Secret.
type gitKeys struct{ *corev1.Secret }

// word is a value without the new line that one read from a file ends in; nothing that is one line begins or ends in blanks.
func (k gitKeys) word(key string) string { return strings.TrimSpace(string(k.Data[key])) }

// line is a value that may begin or end in blanks, without the new line of a file.
func (k gitKeys) line(key string) string { return strings.TrimRight(string(k.Data[key]), "\r\n") }

func (k gitKeys) text(key string) string { return string(k.Data[key]) }

func (k gitKeys) has(key string) bool { return len(k.Data[key]) > 0 }

func (k gitKeys) refuse(format string, args ...any) error {
	args = append([]any{k.Namespace, k.Name}, args...)
	return failf(v1alpha1.ReasonSecretNotUsable, false, "Secret %s/%s "+format, args...)
}

// ssh is the key to log in with, and the server's.
func (k gitKeys) ssh() (*gitwriter.SSH, error) {
	for _, key := range []string{keyIdentity, keyKnownHosts} {
		if !k.has(key) {
			return nil, k.refuse("lacks the key %s: for a url of ssh it must hold identity and known_hosts", key)
		}
	}
	auth := &gitwriter.SSH{Identity: k.text(keyIdentity), Passphrase: k.line(keyPassword), KnownHosts: k.text(keyKnownHosts)}
	if err := auth.Check(); err != nil {
		return nil, k.refuse("can't be used: %v", err)
	}
	return auth, nil
}

// https is as whom the server is asked, and which servers are trusted.
func (k gitKeys) https() (gitwriter.Auth, gitwriter.TLS, error) {
	auth, err := k.credentials()
	if err != nil {
		return gitwriter.Auth{}, gitwriter.TLS{}, err
	}
	authority := gitwriter.TLS{CA: k.text(keyCA)}
	own := gitwriter.TLS{Certificate: k.text(corev1.TLSCertKey), Key: k.text(corev1.TLSPrivateKeyKey)}
	if auth == (gitwriter.Auth{}) && authority == (gitwriter.TLS{}) && own == (gitwriter.TLS{}) {
		if k.has(keyIdentity) {
			return auth, own, k.refuse("has %s, a key for ssh, and the url is https: write the url as ssh://git@host/path, or keep username and password in the Secret", keyIdentity)
		}
		return auth, own, k.refuse("has no key that is known: it must hold username and password, bearerToken, githubAppID with the app's other keys, ca.crt, or tls.crt and tls.key")
	}
	if err := authority.Check(); err != nil {
		return auth, own, unusable(k.Secret, keyCA, err)
	}
	if err := own.Check(); err != nil {
		return auth, own, unusable(k.Secret, corev1.TLSCertKey+" and "+corev1.TLSPrivateKeyKey, err)
	}
	own.CA = authority.CA
	return auth, own, nil
}

// credentials are of one kind, or none: two would leave open which of them counts.
func (k gitKeys) credentials() (gitwriter.Auth, error) {
	kinds := 0
	for _, key := range []string{keyAppID, keyBearerToken, keyUsername} {
		if k.has(key) {
			kinds++
		}
	}
	if kinds > 1 {
		return gitwriter.Auth{}, k.refuse("has more than one of the keys %s, %s and %s: keep the one that counts", keyUsername, keyBearerToken, keyAppID)
	}
	switch {
	case k.has(keyAppID) || k.has(keyAppInstallation) || k.has(keyAppPrivateKey):
		return k.app()
	case k.has(keyBearerToken):
		return gitwriter.Auth{BearerToken: k.word(keyBearerToken)}, nil
	case k.has(keyUsername) != k.has(keyPassword):
		lacking := keyUsername
		if k.has(keyUsername) {
			lacking = keyPassword
		}
		return gitwriter.Auth{}, k.refuse("lacks the key %s: it must hold username and password", lacking)
	default:
		return gitwriter.Auth{Username: k.line(keyUsername), Password: k.line(keyPassword)}, nil
	}
}

func (k gitKeys) app() (gitwriter.Auth, error) {
	for _, key := range []string{keyAppID, keyAppInstallation, keyAppPrivateKey} {
		if !k.has(key) {
			return gitwriter.Auth{}, k.refuse("lacks the key %s: a GitHub App needs githubAppID, githubAppInstallationID and githubAppPrivateKey", key)
		}
	}
	app := &gitwriter.GitHubApp{
		ID: k.word(keyAppID), InstallationID: k.word(keyAppInstallation), PrivateKey: k.text(keyAppPrivateKey), BaseURL: k.word(keyAppBaseURL),
	}
	if err := app.Check(); err != nil {
		return gitwriter.Auth{}, k.refuse("can't be used: %v", err)
	}
	return gitwriter.Auth{App: app}, nil
}

// gitProxy is the proxy on the way to the Git server.
func gitProxy(ctx context.Context, reader client.Reader, namespace, name string) (gitwriter.Proxy, error) {
	found, err := secret(ctx, reader, namespace, name, "spec.proxySecretRef")
	if err != nil {
		return gitwriter.Proxy{}, err
	}
	keys := gitKeys{found}
	proxy := gitwriter.Proxy{Address: keys.word(keyAddress), Username: keys.line(keyUsername), Password: keys.line(keyPassword)}
	switch {
	case proxy.Address == "":
		return proxy, keys.refuse("lacks the key %s: write the proxy's URL there, like http://proxy.example.com:3128", keyAddress)
	case proxy.Username == "" && proxy.Password != "":
		return proxy, keys.refuse("has the key %s without %s: write both or neither", keyPassword, keyUsername)
	}
	if err := proxy.Check(); err != nil {
		return proxy, unusable(found, keyAddress, err)
	}
	return proxy, nil
}
