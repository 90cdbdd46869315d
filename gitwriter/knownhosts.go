package gitwriter

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // The format of hashed host names asks for it.
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net"
	"path"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// defaultSSHPort is left out of the names in known_hosts.
const defaultSSHPort = "22"

// knownHosts are the lines of a known_hosts file, "SSH_KNOWN_HOSTS FILE FORMAT" in sshd(8).
type knownHosts []knownHost

// knownHost is one line.
type knownHost struct {
	patterns []string
	key      ssh.PublicKey
	revoked  bool
	// authority: the key signs those of hosts, and is none itself.
	authority bool
}

// parseKnownHosts reads the lines. At least one must hold a key. Errors are *InputError.
func parseKnownHosts(text string) (knownHosts, error) {
	var known knownHosts
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		marker, hosts, key, _, _, err := ssh.ParseKnownHosts([]byte(line))
		if err != nil {
			return nil, &InputError{Problem: fmt.Sprintf("line %d of known_hosts can't be read: write it as ssh-keyscan does, host, type and key", number)}
		}
		known = append(known, knownHost{patterns: hosts, key: key, revoked: marker == "revoked", authority: marker == "cert-authority"})
	}
	if len(known) == 0 {
		return nil, &InputError{Problem: "known_hosts holds no key, without which no server can be told from an impostor: " +
			"write what ssh-keyscan prints, and compare it with what the server's operator publishes"}
	}
	return known, nil
}

// of gives the lines for a host and port.
func (k knownHosts) of(address string) knownHosts {
	return slices.DeleteFunc(slices.Clone(k), func(h knownHost) bool { return !h.matches(address) })
}

// check is nil if the key is one of the host's, or a certificate for it that one of its authorities has signed.
func (k knownHosts) check(address string, key ssh.PublicKey) error {
	if certificate, ok := key.(*ssh.Certificate); ok {
		return k.checkCertificate(address, certificate)
	}
	var others []string
	found := false
	for _, h := range k.of(address) {
		same := bytes.Equal(h.key.Marshal(), key.Marshal())
		switch {
		case same && h.revoked:
			return &hostKeyError{problem: fmt.Sprintf("the server shows the %s key %s, which known_hosts marks as revoked", key.Type(), ssh.FingerprintSHA256(key))}
		case h.authority:
		case same:
			found = true
		case !h.revoked:
			others = append(others, h.key.Type()+" "+ssh.FingerprintSHA256(h.key))
		}
	}
	shown := fmt.Sprintf("the server shows the %s key %s", key.Type(), ssh.FingerprintSHA256(key))
	switch {
	case found:
		return nil
	case len(others) == 0:
		return &hostKeyError{problem: shown + ", and known_hosts has no key of " + nameInKnownHosts(address) +
			": if the server's operator publishes this fingerprint, add the key to the secret"}
	default:
		slices.Sort(others)
		return &hostKeyError{problem: shown + ", and known_hosts has for " + nameInKnownHosts(address) + " " +
			oneLine(strings.Join(slices.Compact(others), ", "), maxServerWords) + ": somebody may be in between; if the server's operator says that its key changed, correct the secret"}
	}
}

// hostKeyError is a server that isn't known to be the right one.
type hostKeyError struct{ problem string }

func (e *hostKeyError) Error() string { return e.problem }

// algorithms orders the kinds of host keys so that a server that has several shows one that is known.
func (k knownHosts) algorithms(address string) []string {
	var certificates, first []string
	for _, h := range k.of(address) {
		switch {
		case h.revoked:
		case h.authority:
			certificates = certificateAlgorithms()
		case h.key.Type() == ssh.KeyAlgoRSA:
			first = append(first, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		default:
			first = append(first, h.key.Type())
		}
	}
	all := []string{ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	ordered := certificates
	for _, algorithm := range append(first, all...) {
		if slices.Contains(all, algorithm) && !slices.Contains(ordered, algorithm) {
			ordered = append(ordered, algorithm)
		}
	}
	return ordered
}

// nameInKnownHosts is how known_hosts writes a host and port.
func nameInKnownHosts(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if port == defaultSSHPort {
		return host
	}
	return "[" + host + "]:" + port
}

// matches reports whether a line is about a host: one of its patterns is, and none that begins with "!".
func (h knownHost) matches(address string) bool {
	name, found := strings.ToLower(nameInKnownHosts(address)), false
	for _, pattern := range h.patterns {
		pattern, negated := strings.CutPrefix(pattern, "!")
		if !matchesPattern(pattern, name) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

func matchesPattern(pattern, name string) bool {
	if salted, ok := strings.CutPrefix(pattern, "|1|"); ok {
		encodedSalt, encodedHash, _ := strings.Cut(salted, "|")
		salt, saltErr := base64.StdEncoding.DecodeString(encodedSalt)
		hash, hashErr := base64.StdEncoding.DecodeString(encodedHash)
		mac := hmac.New(sha1.New, salt)
		mac.Write([]byte(name))
		return saltErr == nil && hashErr == nil && subtle.ConstantTimeCompare(mac.Sum(nil), hash) == 1
	}
	// Of path.Match only * and ? are wanted: brackets are part of a name here, and names hold no slash.
	escaped := strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`).Replace(strings.ToLower(pattern))
	matched, err := path.Match(escaped, name)
	return matched && err == nil
}
