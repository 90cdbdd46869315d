package gitwriter

import (
	"crypto/tls"
	"crypto/x509"
)

// TLS is which servers are trusted, and which certificate is shown to them.
type TLS struct {
	// CA holds the certificates (PEM) that the server's one must lead to, in place of the system's.
	CA string
	// Certificate and Key (PEM) are shown to the server if it asks for a certificate.
	Certificate, Key string
}

// String hides the key from package fmt.
func (t TLS) String() string { return hidden }

// GoString hides the key from %#v.
func (t TLS) GoString() string { return hidden }

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
