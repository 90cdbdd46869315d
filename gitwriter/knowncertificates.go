package gitwriter

import (
	"bytes"
	"fmt"
	"slices"

	"golang.org/x/crypto/ssh"
)

// certificateAlgorithms are asked for where known_hosts names an authority for the host, and else not: a server that has both
// would show a certificate that nobody can check.
func certificateAlgorithms() []string {
	return []string{
		ssh.CertAlgoED25519v01, ssh.CertAlgoECDSA256v01, ssh.CertAlgoECDSA384v01, ssh.CertAlgoECDSA521v01,
		ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01,
	}
}

// checkCertificate is nil if an authority of the host has signed the certificate, it is valid now and for this host, and neither
// of the two keys is revoked. A certificate of another authority is no more than the key in it, as for OpenSSH.
func (k knownHosts) checkCertificate(address string, certificate *ssh.Certificate) error {
	about := k.of(address)
	if about.has(certificate.SignatureKey, func(h knownHost) bool { return h.revoked }) {
		return &hostKeyError{problem: fmt.Sprintf("the server shows a certificate signed by the %s key %s, which known_hosts marks as revoked",
			certificate.SignatureKey.Type(), ssh.FingerprintSHA256(certificate.SignatureKey))}
	}
	if !about.has(certificate.SignatureKey, func(h knownHost) bool { return h.authority }) || about.has(certificate.Key, func(h knownHost) bool { return h.revoked }) {
		return k.check(address, certificate.Key)
	}
	checker := ssh.CertChecker{IsHostAuthority: func(ssh.PublicKey, string) bool { return true }}
	if err := checker.CheckHostKey(address, nil, certificate); err != nil {
		return &hostKeyError{problem: fmt.Sprintf("the server shows a certificate for the %s key %s that isn't valid for %s: %s: have its operator renew it",
			certificate.Key.Type(), ssh.FingerprintSHA256(certificate.Key), nameInKnownHosts(address), oneLine(err.Error(), maxServerWords))}
	}
	return nil
}

// has reports whether a line of this kind has the key.
func (k knownHosts) has(key ssh.PublicKey, kind func(knownHost) bool) bool {
	return slices.ContainsFunc(k, func(h knownHost) bool { return kind(h) && bytes.Equal(h.key.Marshal(), key.Marshal()) })
}
