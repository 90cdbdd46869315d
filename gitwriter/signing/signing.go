package signing

import "fmt"

// Signer signs with one private key. It is safe for concurrent use, and printing it doesn't show the key.
type Signer struct {
	sign func(payload []byte) (armored string, err error)
	// name is the public name of the key.
	name string
}

// Sign returns the signature of a payload, armored as git-commit(1) stores it. The error is a *KeyError if the key can't be
// used any more: OpenPGP's expire.
func (s *Signer) Sign(payload []byte) (armored string, err error) { return s.sign(payload) }

// Name is what git verify-commit(1) names the key by: the fingerprint of the OpenPGP key that signs, in hex, or the SHA-256
// fingerprint of the SSH key as ssh-keygen(1) shows it.
func (s *Signer) Name() string { return s.name }

// String names the key.
func (s *Signer) String() string { return s.name }

// GoString hides the key from %#v.
func (s *Signer) GoString() string { return s.name }

// KeyError says why a key can't sign.
type KeyError struct {
	// Problem says what was found and what to do. It holds no part of the key or the passphrase.
	Problem string
	// Passphrase is set if it is the passphrase that is missing or wrong, not the key.
	Passphrase bool
}

// Error is the problem.
func (e *KeyError) Error() string { return e.Problem }

// Terminal reports true: only another key or passphrase helps.
func (e *KeyError) Terminal() bool { return true }

func keyErrorf(format string, args ...any) *KeyError {
	return &KeyError{Problem: fmt.Sprintf(format, args...)}
}

// Both formats fail in these ways.
func errNoKey() *KeyError { return &KeyError{Problem: "it is empty: it must hold a private key"} }

func errPassphraseMissing() *KeyError {
	return &KeyError{Problem: "the key is encrypted, and there is no passphrase", Passphrase: true}
}

func errPassphraseWrong() *KeyError {
	return &KeyError{Problem: "the passphrase doesn't open the key", Passphrase: true}
}
