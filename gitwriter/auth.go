package gitwriter

import (
	"crypto/x509"
	"errors"
	"net/http"
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

// Check reports what of the key or of the known hosts can't be used, as an *InputError.
func (s SSH) Check() error {
	if _, err := s.signer(); err != nil {
		return err
	}
	_, err := parseKnownHosts(s.KnownHosts)
	return err
}

// signer opens the key. The library's own words are left out: they can quote what it was given.
func (s SSH) signer() (ssh.Signer, error) { //nolint:ireturn // The library has no other type for it.
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
	return "the server refused " + kind + ": check the secret"
}
