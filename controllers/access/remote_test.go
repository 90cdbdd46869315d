package access_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/gitwriter"
)

const (
	httpsURL = "https://git.example.com/web-hook/config.git"
	sshURL   = "git@git.example.com:web-hook/config.git"
)

// gitCase is what the Secrets of a ConfigRepository hold, and what comes of it. NS stands for the namespace in err.
type gitCase struct {
	reason string
	url    string
	// secret and proxy are the keys and values of its two Secrets.
	secret, proxy []string
	want          gitwriter.Remote
	err           string
}

func TestRemote(t *testing.T) {
	t.Parallel()
	certificate, key := selfSigned(t)
	_, othersKey := selfSigned(t)
	identity, encrypted, known := sshKeys(t)
	app := appKey(t)
	runRemote(t, map[string]gitCase{
		"Password": {
			reason: "what every host has", secret: []string{"username", "fairlead", "password", "p\n"},
			want: gitwriter.Remote{Auth: gitwriter.Auth{Username: "fairlead", Password: "p"}},
		},
		"PasswordMissing": {
			reason: "half a credential is none", secret: []string{"username", "fairlead"},
			err: "Secret NS/git lacks the key password: it must hold username and password",
		},
		"UsernameMissing": {
			reason: "half a credential is none", secret: []string{"password", "p"},
			err: "Secret NS/git lacks the key username: it must hold username and password",
		},
		"BearerToken": {
			reason: "a file's last new line is no part of it", secret: []string{"bearerToken", "t0ken\n"},
			want: gitwriter.Remote{Auth: gitwriter.Auth{BearerToken: "t0ken"}},
		},
		"TwoKinds": {
			reason: "which counts would be a guess", secret: []string{"username", "a", "password", "b", "bearerToken", "c"},
			err: "Secret NS/git has more than one of the keys username, bearerToken and githubAppID: keep the one that counts",
		},
		"App": {
			reason: "a GitHub App of a server of one's own",
			secret: []string{"githubAppID", "12\n", "githubAppInstallationID", "34", "githubAppPrivateKey", app, "githubAppBaseURL", "https://github.example.com/api/v3"},
			want: gitwriter.Remote{Auth: gitwriter.Auth{App: &gitwriter.GitHubApp{
				ID: "12", InstallationID: "34", PrivateKey: app, BaseURL: "https://github.example.com/api/v3",
			}}},
		},
		"AppIncomplete": {
			reason: "the key is missing", secret: []string{"githubAppID", "12", "githubAppInstallationID", "34"},
			err: "Secret NS/git lacks the key githubAppPrivateKey: a GitHub App needs githubAppID, githubAppInstallationID and githubAppPrivateKey",
		},
		"AppKeyBroken": {
			reason: "it isn't repeated", secret: []string{"githubAppID", "12", "githubAppInstallationID", "34", "githubAppPrivateKey", "s3cret"},
			err: "Secret NS/git can't be used: the GitHub App's private key can't be read: write the RSA key as PEM, as it was downloaded from the app's settings",
		},
		"Certificates": {
			reason: "beside a password", secret: []string{"username", "a", "password", "b", "ca.crt", certificate, "tls.crt", certificate, "tls.key", key},
			want: gitwriter.Remote{
				Auth: gitwriter.Auth{Username: "a", Password: "b"}, TLS: gitwriter.TLS{CA: certificate, Certificate: certificate, Key: key},
			},
		},
		"AuthorityAlone": {
			reason: "an anonymous repository of a house", secret: []string{"ca.crt", certificate},
			want: gitwriter.Remote{TLS: gitwriter.TLS{CA: certificate}},
		},
		"AuthorityBroken": {
			reason: "the key is named", secret: []string{"username", "a", "password", "b", "ca.crt", "nonsense"},
			err: "Secret NS/git, ca.crt: the CA bundle holds no certificate that can be read: write PEM, -----BEGIN CERTIFICATE-----",
		},
		"AnothersKey": {
			reason: "it doesn't fit", secret: []string{"tls.crt", certificate, "tls.key", othersKey},
			err: "Secret NS/git, tls.crt and tls.key: the client certificate and its key can't be used together: write both as PEM, and the key that the certificate was made for",
		},
		"NoKey": {
			reason: "a Secret that was meant for something else", secret: []string{"token", "x"},
			err: "Secret NS/git has no key that is known: it must hold username and password, bearerToken, githubAppID with the app's other keys, ca.crt, or tls.crt and tls.key",
		},
		"Missing": {
			reason: "a Secret that is named must be there", secret: []string{},
			err: "Secret NS/git, which spec.secretRef names, doesn't exist: create it",
		},
		"SSH": {
			reason: "key and server", url: sshURL, secret: []string{"identity", identity, "known_hosts", known, "identity.pub", "x"},
			want: gitwriter.Remote{Auth: gitwriter.Auth{SSH: &gitwriter.SSH{Identity: identity, KnownHosts: known}}},
		},
		"SSHPassphrase": {
			reason: "as Flux names it", url: "ssh://git@git.example.com/x.git", secret: []string{"identity", encrypted, "known_hosts", known, "password", "open sesame\n"},
			want: gitwriter.Remote{Auth: gitwriter.Auth{SSH: &gitwriter.SSH{Identity: encrypted, KnownHosts: known, Passphrase: "open sesame"}}},
		},
		"SSHPassphraseMissing": {
			reason: "the key is encrypted", url: sshURL, secret: []string{"identity", encrypted, "known_hosts", known},
			err: "Secret NS/git can't be used: the identity is encrypted: give its passphrase",
		},
		"SSHUnknownHosts": {
			reason: "it is never optional", url: sshURL, secret: []string{"identity", identity},
			err: "Secret NS/git lacks the key known_hosts: for a url of ssh it must hold identity and known_hosts",
		},
		"SSHPassword": {
			reason: "a Secret for https", url: sshURL, secret: []string{"username", "a", "password", "b"},
			err: "Secret NS/git lacks the key identity: for a url of ssh it must hold identity and known_hosts",
		},
		"SSHKeyForHTTPS": {
			reason: "the url is of the other kind", secret: []string{"identity", identity, "known_hosts", known},
			err: "Secret NS/git has identity, a key for ssh, and the url is https: write the url as ssh://git@host/path, or keep username and password in the Secret",
		},
		"Proxy": {
			reason: "on the way there", proxy: []string{"address", "http://proxy.example.com:3128\n", "username", "pat", "password", "p"},
			want: gitwriter.Remote{Proxy: gitwriter.Proxy{Address: "http://proxy.example.com:3128", Username: "pat", Password: "p"}},
		},
		"ProxyWithoutAddress": {
			reason: "it is nowhere", proxy: []string{"username", "pat", "password", "p"},
			err: "Secret NS/proxy lacks the key address: write the proxy's URL there, like http://proxy.example.com:3128",
		},
		"ProxyWithoutUser": {
			reason: "half a credential is none", proxy: []string{"address", "http://proxy.example.com:3128", "password", "p"},
			err: "Secret NS/proxy has the key password without username: write both or neither",
		},
		"ProxyElsewhere": {
			reason: "it is no proxy", proxy: []string{"address", "ftp://proxy.example.com"},
			err: "Secret NS/proxy, address: the proxy's address has a scheme that isn't known: write http, https, socks5 or socks5h",
		},
	})
}

func runRemote(t *testing.T, cases map[string]gitCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := &v1alpha1.ConfigRepository{Spec: v1alpha1.ConfigRepositorySpec{URL: httpsURL, Branch: "main", Timeout: metav1.Duration{Duration: time.Minute}}}
			if tc.url != "" {
				made.Spec.URL = tc.url
			}
			var objects []client.Object
			if tc.secret != nil {
				made.Spec.SecretRef = ref("git")
			}
			if len(tc.secret) > 0 {
				objects = append(objects, opaque("git", tc.secret...))
			}
			if tc.proxy != nil {
				made.Spec.ProxySecretRef = ref("proxy")
				objects = append(objects, opaque("proxy", tc.proxy...))
			}
			made.Namespace = namespace(t, objects)
			got, err := access.Remote(t.Context(), api, made)
			if diff := cmp.Diff(tc.err, strings.ReplaceAll(text(err), made.Namespace+"/", "NS/")); diff != "" {
				t.Fatalf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if err != nil {
				if refused := (*access.Error)(nil); !errors.As(err, &refused) || refused.Reason != v1alpha1.ReasonSecretNotUsable || refused.Final {
					t.Errorf("\n%s\n%#v: the reason must be SecretNotUsable, and mending a Secret, which isn't watched, must be found out by itself", tc.reason, err)
				}
				return
			}
			tc.want.URL, tc.want.Branch, tc.want.Timeout = made.Spec.URL, "main", time.Minute
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// sshKeys are a key, one with the passphrase "open sesame", and a line of known_hosts.
func sshKeys(t *testing.T) (identity, encrypted, known string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	plain, plainErr := ssh.MarshalPrivateKey(private, "")
	locked, lockedErr := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("open sesame"))
	signer, signerErr := ssh.NewSignerFromKey(private)
	if err := errors.Join(err, plainErr, lockedErr, signerErr); err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(plain)), string(pem.EncodeToMemory(locked)), "git.example.com " + string(ssh.MarshalAuthorizedKey(signer.PublicKey()))
}

// appKey is a private key as GitHub gives it.
func appKey(t *testing.T) string {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)}))
}

// TestRepositoryOfSSH: the two spellings of one place are one place, as Argo CD has it.
func TestRepositoryOfSSH(t *testing.T) {
	t.Parallel()
	repositories := []v1alpha1.ConfigRepository{repository("config", sshURL, "main"), repository("other", "ssh://git@git.example.com/other.git", "main")}
	for _, url := range []string{sshURL, "ssh://git@git.example.com/web-hook/config.git", "git@git.example.com:/web-hook/config"} {
		found, err := access.RepositoryOf(new(application("fairlead", v1alpha1.ApplicationSource{RepoURL: url})), slices.Clone(repositories))
		if err != nil || found.Name != "config" {
			t.Errorf("%s: %v, %v", url, found, err)
		}
	}
}
