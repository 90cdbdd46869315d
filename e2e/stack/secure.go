package stack

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

// SecureFront is a Front that speaks TLS with a certificate of an authority that nobody else knows, and asks for one of that
// authority.
type SecureFront struct {
	*Front

	// CA is the authority's certificate (PEM).
	CA string
	// Certificate and Key (PEM) are what a client may show.
	Certificate, Key string
}

// newSecureFront makes an authority and its certificates in a folder.
func newSecureFront(server http.Handler, classify func(*http.Request) (string, error), dir string) (*SecureFront, error) {
	authority, err := newPKI(dir, "fairlead-e2e-registry-ca")
	if err != nil {
		return nil, err
	}
	if err := authority.issue("server", serverTemplate("registry")); err != nil {
		return nil, err
	}
	if err := authority.issue("client", clientTemplate("fairlead")); err != nil {
		return nil, err
	}
	own, err := tls.LoadX509KeyPair(authority.file("server.crt"), authority.file("server.key"))
	if err != nil {
		return nil, fmt.Errorf("load the registry's certificate: %w", err)
	}
	s := &SecureFront{}
	for name, into := range map[string]*string{"ca.crt": &s.CA, "client.crt": &s.Certificate, "client.key": &s.Key} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("load the certificates of the registry's clients: %w", err)
		}
		*into = string(data)
	}
	known := x509.NewCertPool()
	known.AppendCertsFromPEM([]byte(s.CA))
	if s.Front, err = newTLSFront(server, classify, &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: known,
	}); err != nil {
		return nil, err
	}
	return s, nil
}
