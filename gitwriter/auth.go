package gitwriter

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Auth is as whom a server is asked. At most one kind counts: SSH over ssh, else App, else BearerToken, else Username and
// Password. What is sent goes to the host of the Remote's URL and to no other.
type Auth struct {
	// Username and Password are sent by HTTP basic authentication.
	Username, Password string
	// BearerToken is sent as it is, RFC 6750.
	BearerToken string
	// SSH is the key to log in with.
	SSH *SSH
	// App asks for a token of an installation, again before it runs out.
	App *GitHubApp
}

// SSH is how to log in by SSH, and how to know that it is the right server.
type SSH struct {
	// Identity is the private key, as OpenSSH or PEM: ed25519, ECDSA or RSA. Passphrase opens it if it is encrypted.
	Identity, Passphrase string
	// KnownHosts are the lines of a known_hosts file, sshd(8). A server that isn't in it isn't talked to.
	KnownHosts string
}

// GitHubApp is an app that is installed where the repository is.
type GitHubApp struct {
	// ID of the app, or its client id; InstallationID of its installation.
	ID, InstallationID string
	// PrivateKey is one of the app's keys, RSA as PEM.
	PrivateKey string
	// BaseURL of the API; empty means DefaultGitHubAPI. GitHub Enterprise Server has it at https://host/api/v3.
	BaseURL string
}

// TLS is which servers are trusted, and which certificate is shown to them.
type TLS struct {
	// CA holds the certificates (PEM) that the server's one must lead to, in place of the system's.
	CA string
	// Certificate and Key (PEM) are shown to the server if it asks for a certificate.
	Certificate, Key string
}

// Proxy is an HTTP proxy that is asked to connect to the server.
type Proxy struct {
	// Address is its URL: http or https; over HTTP also socks5 and socks5h.
	Address string
	// Username and Password are sent to it, and to nobody else.
	Username, Password string
}

// InputError is a credential, a certificate or an address that can't be used. It shows nothing secret.
type InputError struct {
	// Problem is for a person: what was found and what to do.
	Problem string
}

// Error implements error.
func (e *InputError) Error() string { return e.Problem }

// Terminal reports true: what can't be read now can't be read later.
func (e *InputError) Terminal() bool { return true }

func problemOf(errs ...error) string {
	for _, err := range errs {
		if err != nil {
			return err.Error()
		}
	}
	return ""
}

const hidden = "(hidden)"

// String hides the secrets from package fmt.
func (a Auth) String() string { return hidden }

// GoString hides the secrets from %#v.
func (a Auth) GoString() string { return hidden }

// MarshalText hides the secrets from encoders and structured logs.
func (a Auth) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// String hides the key from package fmt.
func (s SSH) String() string { return hidden }

// GoString hides the key from %#v.
func (s SSH) GoString() string { return hidden }

// String hides the key from package fmt.
func (a GitHubApp) String() string { return hidden }

// GoString hides the key from %#v.
func (a GitHubApp) GoString() string { return hidden }

// String hides the key from package fmt.
func (t TLS) String() string { return hidden }

// GoString hides the key from %#v.
func (t TLS) GoString() string { return hidden }

// String hides the password from package fmt.
func (p Proxy) String() string { return hidden }

// GoString hides the password from %#v.
func (p Proxy) GoString() string { return hidden }

// Check reports what of the key or of the known hosts can't be used, as an *InputError.
func (s SSH) Check() error {
	if _, err := s.signer(); err != nil {
		return err
	}
	_, err := parseKnownHosts(s.KnownHosts)
	return err
}

// signer opens the key. The library's own words are left out: they can quote what it was given.
func (s SSH) signer() (ssh.Signer, error) {
	if strings.TrimSpace(s.Identity) == "" {
		return nil, &InputError{Problem: "the identity is empty: write a private key, such as ssh-keygen -t ed25519 makes"}
	}
	var (
		signer ssh.Signer
		err    error
	)
	if s.Passphrase == "" {
		signer, err = ssh.ParsePrivateKey([]byte(s.Identity))
	} else {
		signer, err = ssh.ParsePrivateKeyWithPassphrase([]byte(s.Identity), []byte(s.Passphrase))
	}
	if _, missing := errors.AsType[*ssh.PassphraseMissingError](err); missing {
		return nil, &InputError{Problem: "the identity is encrypted: give its passphrase"}
	}
	if errors.Is(err, x509.IncorrectPasswordError) {
		return nil, &InputError{Problem: "the passphrase doesn't open the identity"}
	}
	if err != nil && s.Passphrase != "" {
		if plain, plainErr := ssh.ParsePrivateKey([]byte(s.Identity)); plainErr == nil { // A passphrase that isn't needed does no harm.
			return plain, nil
		}
	}
	if err != nil {
		return nil, &InputError{Problem: "the identity is no private key that can be read: write an ed25519, ECDSA or RSA key, as ssh-keygen makes it"}
	}
	return signer, nil
}

// Check reports what of the app can't be used, as an *InputError.
func (a GitHubApp) Check() error {
	if a.ID == "" || a.InstallationID == "" {
		return &InputError{Problem: "the GitHub App's id or the id of its installation is missing: give both"}
	}
	if strings.ContainsFunc(a.InstallationID, func(r rune) bool { return r < '0' || r > '9' }) {
		return &InputError{Problem: "the installation id is no number: it is the last part of the installation's URL"}
	}
	if _, err := a.key(); err != nil {
		return err
	}
	_, err := a.api()
	return err
}

// key reads the private key in the forms that GitHub and openssl give it.
func (a GitHubApp) key() (*rsa.PrivateKey, error) {
	unusable := &InputError{Problem: "the GitHub App's private key can't be read: write the RSA key as PEM, as it was downloaded from the app's settings"}
	block, _ := pem.Decode([]byte(a.PrivateKey))
	if block == nil {
		return nil, unusable
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, unusable
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, unusable
	}
	return key, nil
}

// DefaultGitHubAPI is the API of a GitHubApp that names none.
const DefaultGitHubAPI = "https://api.github.com"

// api is the URL of the API, without a slash at its end.
func (a GitHubApp) api() (string, error) {
	if a.BaseURL == "" {
		return DefaultGitHubAPI, nil
	}
	u, err := url.Parse(a.BaseURL)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != schemeHTTPS {
		return "", &InputError{Problem: "the base URL of the GitHub App's API can't be used: write it like https://github.example.com/api/v3"}
	}
	return strings.TrimSuffix(u.String(), "/"), nil
}

// Check reports what can't be used, as an *InputError: PEM that can't be read, a key that isn't the certificate's.
func (t TLS) Check() error {
	_, err := t.config()
	return err
}

func (t TLS) config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CA != "" {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(t.CA)) {
			return nil, &InputError{Problem: "the CA bundle holds no certificate that can be read: write PEM, -----BEGIN CERTIFICATE-----"}
		}
	}
	switch {
	case t.Certificate == "" && t.Key == "":
		return c, nil
	case t.Key == "":
		return nil, &InputError{Problem: "the client certificate comes without its key: give both"}
	case t.Certificate == "":
		return nil, &InputError{Problem: "the client key comes without its certificate: give both"}
	}
	pair, err := tls.X509KeyPair([]byte(t.Certificate), []byte(t.Key))
	if err != nil { // Not with the library's words: they can quote what it was given.
		return nil, &InputError{
			Problem: "the client certificate and its key can't be used together: write both as PEM, and the key that the certificate was made for",
		}
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}

// Check reports an address that is no proxy's, as an *InputError.
func (p Proxy) Check() error {
	_, err := p.url()
	return err
}

// url is the proxy's URL with its credentials; nil if there is no proxy.
func (p Proxy) url() (*url.URL, error) {
	if p.Address == "" {
		return nil, nil //nolint:nilnil // No proxy is no error.
	}
	u, err := url.Parse(p.Address)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, &InputError{Problem: "the proxy's address is no URL of a proxy: write it like http://proxy.example.com:3128"}
	}
	switch u.Scheme {
	case schemeHTTP, schemeHTTPS, "socks5", "socks5h":
	default:
		return nil, &InputError{Problem: "the proxy's address has a scheme that isn't known: write http, https, socks5 or socks5h"}
	}
	if p.Username != "" || p.Password != "" {
		u.User = url.UserPassword(p.Username, p.Password)
	}
	return u, nil
}

// authorize puts the credentials on a request to the Remote's host.
func (a Auth) authorize(request *http.Request, token string) {
	switch {
	case token != "":
		request.SetBasicAuth("x-access-token", token)
	case a.BearerToken != "":
		request.Header.Set("Authorization", "Bearer "+a.BearerToken)
	case a.Username != "" || a.Password != "":
		request.SetBasicAuth(a.Username, a.Password)
	}
}

// anonymous reports that nothing is sent by HTTP.
func (a Auth) anonymous() bool {
	return a.Username == "" && a.Password == "" && a.BearerToken == "" && a.App == nil
}

// refusedWords say what to mend when the server refuses these credentials.
func (a Auth) refusedWords() string {
	kind := "username and password"
	switch {
	case a.App != nil:
		kind = "the token of the GitHub App's installation"
	case a.BearerToken != "":
		kind = "the bearer token"
	}
	return fmt.Sprintf("the server refused %s: check the secret", kind)
}
