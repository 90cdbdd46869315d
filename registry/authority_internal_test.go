package registry

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"testing"
	"time"
)

// quiet takes what servers say about clients that went away, which is what tests make them do.
var quiet = log.New(io.Discard, "", 0)

// Authority issues certificates to the servers and clients of a test.
type Authority struct {
	// Bundle is its own certificate, as PEM.
	Bundle string

	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes one that nobody knows yet.
func NewAuthority(t *testing.T) *Authority {
	t.Helper()

	a := &Authority{}
	a.cert, a.key = issue(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil)
	a.Bundle = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))

	return a
}

// Issue returns a certificate for names and addresses, with its key, as PEM. Without any it is a client's.
func (a *Authority) Issue(t *testing.T, names ...string) (certificate, key string) {
	t.Helper()

	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "subject"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}

	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}

	cert, private := issue(t, template, a)

	encoded, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}

	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})),
		string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded}))
}

// Server returns what a server of these names and addresses shows.
func (a *Authority) Server(t *testing.T, names ...string) *tls.Config {
	t.Helper()

	pair, err := tls.X509KeyPair(toBytes(a.Issue(t, names...)))
	if err != nil {
		t.Fatal(err)
	}

	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
}

func toBytes(one, two string) (first, second []byte) { return []byte(one), []byte(two) }

// issue makes a certificate; without an authority it vouches for itself.
func issue(t *testing.T, template *x509.Certificate, by *Authority) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}

	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)

	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}

	raw, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}

	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}

	return cert, key
}
