package signing

import (
	"bytes"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
)

const (
	// sshMagic begins both what is signed and the signature, sshVersion is the signature's, sshNamespace what git verifies.
	sshMagic     = "SSHSIG"
	sshVersion   = 1
	sshNamespace = "git"
	sshHash      = "sha512"
	// sshLine is how long the lines of ssh-keygen(1) are.
	sshLine = 70
)

// SSH returns a Signer for a private key in OpenSSH's format, PKCS #8 or the older PEM: ed25519, ECDSA or RSA. The passphrase
// is used if the key is encrypted. The error is a *KeyError.
func SSH(key, passphrase []byte) (*Signer, error) {
	private, err := parseSSH(key, passphrase)
	if err != nil {
		return nil, err
	}
	algorithm, err := sshAlgorithm(private.PublicKey())
	if err != nil {
		return nil, err
	}
	algorithmic, ok := private.(ssh.AlgorithmSigner)
	if !ok {
		return nil, keyErrorf("a key of the type %s can't sign commits: make one with ssh-keygen -t ed25519", private.PublicKey().Type())
	}
	return &Signer{
		name: ssh.FingerprintSHA256(private.PublicKey()),
		sign: func(payload []byte) (string, error) { return signSSH(algorithmic, algorithm, payload) },
	}, nil
}

// parseSSH reads a private key.
func parseSSH(key, passphrase []byte) (ssh.Signer, error) { //nolint:ireturn // The library has no other type for it.
	key = bytes.TrimSpace(key)
	block, _ := pem.Decode(key)
	switch {
	case len(key) == 0:
		return nil, errNoKey()
	case bytes.HasPrefix(key, []byte("PuTTY-User-Key-File-")):
		return nil, keyErrorf("it is a key of PuTTY: convert it with puttygen -O private-openssh")
	case isPublicSSH(key):
		return nil, keyErrorf("it is a public key, which can't sign: the private one is in the file without .pub")
	case block == nil:
		return nil, keyErrorf("it isn't a private key as ssh-keygen writes it: it must begin with -----BEGIN OPENSSH PRIVATE KEY----- and end with a line of that kind")
	}
	private, err := ssh.ParsePrivateKey(key)
	if missing := (*ssh.PassphraseMissingError)(nil); errors.As(err, &missing) {
		if len(passphrase) == 0 {
			return nil, errPassphraseMissing()
		}
		if private, err = ssh.ParsePrivateKeyWithPassphrase(key, passphrase); err != nil {
			return nil, errPassphraseWrong()
		}
	}
	if err != nil {
		return nil, keyErrorf("its %q can't be read as an SSH key: make one with ssh-keygen -t ed25519", bounded(block.Type))
	}
	return private, nil
}

// isPublicSSH reports whether a text is a public key: OpenSSH's line, or PEM.
func isPublicSSH(key []byte) bool {
	_, _, _, _, err := ssh.ParseAuthorizedKey(key) //nolint:dogsled // Only whether it is one matters.
	return err == nil || bytes.Contains(key, []byte("-----BEGIN PUBLIC KEY-----")) || bytes.Contains(key, []byte("-----BEGIN SSH2 PUBLIC KEY-----"))
}

// sshAlgorithm is what a key signs with. PROTOCOL.sshsig forbids ssh-rsa, which hashes with SHA-1.
func sshAlgorithm(public ssh.PublicKey) (string, error) {
	switch kind := public.Type(); kind {
	case ssh.KeyAlgoRSA:
		return ssh.KeyAlgoRSASHA512, nil
	case ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521:
		return kind, nil
	default:
		return "", keyErrorf("a key of the type %s can't sign commits: make one with ssh-keygen -t ed25519", kind)
	}
}

// signSSH makes a signature as PROTOCOL.sshsig describes it.
func signSSH(key ssh.AlgorithmSigner, algorithm string, payload []byte) (string, error) {
	hash := sha512.Sum512(payload)
	signature, err := key.SignWithAlgorithm(rand.Reader, ssh.Marshal(struct {
		Magic                     [len(sshMagic)]byte
		Namespace, Reserved, Algo string
		Hash                      []byte
	}{[len(sshMagic)]byte([]byte(sshMagic)), sshNamespace, "", sshHash, hash[:]}), algorithm)
	if err != nil {
		return "", fmt.Errorf("sign with an SSH key: %w", err)
	}
	blob := ssh.Marshal(struct {
		Magic                     [len(sshMagic)]byte
		Version                   uint32
		Public                    []byte
		Namespace, Reserved, Algo string
		Signature                 []byte
	}{
		[len(sshMagic)]byte([]byte(sshMagic)), sshVersion, key.PublicKey().Marshal(), sshNamespace, "", sshHash, ssh.Marshal(signature),
	})
	var armored strings.Builder
	armored.WriteString("-----BEGIN SSH SIGNATURE-----\n")
	text := base64.StdEncoding.EncodeToString(blob)
	for len(text) > sshLine {
		armored.WriteString(text[:sshLine] + "\n")
		text = text[sshLine:]
	}
	armored.WriteString(text + "\n-----END SSH SIGNATURE-----\n")
	return armored.String(), nil
}
