package stack

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// pki is a certificate authority: of a control plane, or of a registry. Elliptic keys are made in a millisecond; letting the API server
// make its own RSA ones costs half a second of each start.
type pki struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newPKI writes the certificate and the key of a new authority into the folder: ca.{crt,key}.
func newPKI(dir, name string) (*pki, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make certificates: %w", err)
	}
	p := &pki{dir: dir}
	ca := template(name, nil)
	ca.IsCA, ca.BasicConstraintsValid = true, true
	ca.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	if err := p.issue("ca", ca); err != nil {
		return nil, err
	}
	return p, nil
}

// newClusterPKI writes apiserver.{crt,key}, admin.{crt,key} and service-accounts.{crt,key} besides.
func newClusterPKI(dir string) (*pki, error) {
	p, err := newPKI(dir, "fairlead-e2e-ca")
	if err != nil {
		return nil, err
	}
	if err := p.issue("apiserver", serverTemplate("kube-apiserver", "localhost", "kubernetes.default.svc")); err != nil {
		return nil, err
	}
	if err := p.issue("admin", clientTemplate("admin", "system:masters")); err != nil {
		return nil, err
	}
	if err := p.issue("service-accounts", template("service-accounts", nil)); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *pki) file(name string) string { return filepath.Join(p.dir, name) }

func template(name string, groups []string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		Subject:      pkix.Name{CommonName: name, Organization: groups},
		SerialNumber: big.NewInt(now.UnixNano()),
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(0, 0, 30),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

// serverTemplate is of a server on loopback, which may have names besides.
func serverTemplate(name string, hosts ...string) *x509.Certificate {
	server := template(name, nil)
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	server.DNSNames = hosts
	return server
}

func clientTemplate(name string, groups ...string) *x509.Certificate {
	client := template(name, groups)
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return client
}

// issue signs a certificate with a key of its own; the first one is the authority, which signs itself.
func (p *pki) issue(name string, cert *x509.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make the key of %s: %w", name, err)
	}
	if p.cert == nil {
		p.cert, p.key = cert, key
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, p.cert, key.Public(), p.key)
	if err != nil {
		return fmt.Errorf("sign the certificate of %s: %w", name, err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode the key of %s: %w", name, err)
	}
	if err := writePEM(p.file(name+".crt"), "CERTIFICATE", der); err != nil {
		return err
	}
	return writePEM(p.file(name+".key"), "EC PRIVATE KEY", keyDER)
}

func writePEM(file, kind string, der []byte) error {
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", kind, err)
	}
	return nil
}
