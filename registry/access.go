package registry

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net/url"
	"strings"
)

// Access is how a registry is reached, and as whom. The zero value is anonymous, over TLS that the system trusts, by
// way of the proxy that the environment names. Two equal values are the same access. It is never printed: every way to
// format it gives a fixed text.
type Access struct {
	// Credential is sent to the registry, or to the token server that it names.
	Credential Credential
	// CABundle holds the certificates (PEM) that the registry's one must lead to, in place of the system's. Other hosts
	// that the registry names, a token server or a store of blobs, may have one that leads to either.
	CABundle string
	// ClientCertificate and ClientKey (PEM) are shown to the registry if it asks for a certificate, and to nobody else.
	ClientCertificate, ClientKey string
	// Proxy is the URL of a proxy (http, https, socks5 or socks5h), with the credentials that it wants. It replaces the
	// environment's, NO_PROXY included.
	Proxy string
}

// String hides the secrets from package fmt.
func (a Access) String() string {
	if a == (Access{Credential: a.Credential}) {
		return a.Credential.String()
	}

	return "access (hidden)"
}

// GoString hides the secrets from %#v.
func (a Access) GoString() string { return a.String() }

// MarshalText hides the secrets from encoders and structured logs.
func (a Access) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// Check reports what can't be used, as an *InputError without anything secret: PEM that can't be read, a key that
// isn't the certificate's, a URL that is no proxy's.
func (a Access) Check() error {
	if a.CABundle != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(a.CABundle)) {
		return &InputError{Problem: "the CA bundle holds no certificate that can be read: write PEM, -----BEGIN CERTIFICATE-----"}
	}

	if _, err := a.certificates(); err != nil {
		return err
	}

	_, err := a.proxy()

	return err
}

// certificates returns the client's certificate, if there is one.
func (a Access) certificates() ([]tls.Certificate, error) {
	switch {
	case a.ClientCertificate == "" && a.ClientKey == "":
		return nil, nil
	case a.ClientKey == "":
		return nil, &InputError{Problem: "the client certificate comes without its key: give both"}
	case a.ClientCertificate == "":
		return nil, &InputError{Problem: "the client key comes without its certificate: give both"}
	}

	// The library's own words can quote what it was given.
	pair, err := tls.X509KeyPair([]byte(a.ClientCertificate), []byte(a.ClientKey))
	if err != nil {
		return nil, &InputError{
			Problem: "the client certificate and its key can't be used together: write both as PEM, and the key that the certificate was made for",
		}
	}

	return []tls.Certificate{pair}, nil
}

// proxy returns the proxy's URL, nil if there is none.
func (a Access) proxy() (*url.URL, error) {
	if a.Proxy == "" {
		return nil, nil //nolint:nilnil // no proxy is no error.
	}

	u, err := url.Parse(a.Proxy)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, &InputError{Problem: "the proxy's address is no URL of a proxy: write it like http://proxy.example.com:3128"}
	}

	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return u, nil
	default:
		return nil, &InputError{Problem: "the proxy's address has a scheme that isn't known: write http, https, socks5 or socks5h"}
	}
}

// secrets returns everything that must not appear in an error.
func (a Access) secrets() []string {
	secrets := a.Credential.secrets()

	u, err := url.Parse(a.Proxy)
	if err != nil || u.User == nil {
		return secrets
	}

	password, _ := u.User.Password()
	pair := u.User.Username() + ":" + password

	return append(secrets, password, base64.StdEncoding.EncodeToString([]byte(pair)))
}
