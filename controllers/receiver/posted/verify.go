package posted

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Nexus signs with HMAC-SHA1 and nothing else; an HMAC doesn't need a hash without collisions
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"hash"
	"strings"
)

// Verifier reports whether a request shows that its sender knows the secret, which isn't empty.
type Verifier func(secret []byte, r Request) bool

// HeaderAuthorization is the header in which a secret may stand behind "Bearer ".
const HeaderAuthorization = "Authorization"

// SignedSHA256 verifies an HMAC-SHA256 of the body, in hex behind a prefix, in the first of the headers that was sent.
func SignedSHA256(prefix string, headers ...string) Verifier {
	return signed(sha256.New, prefix, headers...)
}

// SignedSHA1 is what Nexus does.
func SignedSHA1(headers ...string) Verifier { return signed(sha1.New, "", headers...) }

func signed(newHash func() hash.Hash, prefix string, headers ...string) Verifier {
	return func(secret []byte, r Request) bool {
		text, ok := strings.CutPrefix(first(r, headers), prefix)
		if !ok {
			return false
		}
		got, err := hex.DecodeString(text)
		if err != nil {
			return false
		}
		mac := hmac.New(newHash, secret)
		mac.Write(r.Body)
		return hmac.Equal(got, mac.Sum(nil))
	}
}

// SentIn verifies that a header holds the secret itself. In Authorization it may stand behind "Bearer ", which some
// consoles add and others leave to the user.
func SentIn(headers ...string) Verifier {
	return func(secret []byte, r Request) bool {
		for _, header := range headers {
			value := r.Header(header)
			if same(value, secret) {
				return true
			}
			scheme, token, _ := strings.Cut(value, " ")
			if header == HeaderAuthorization && strings.EqualFold(scheme, "Bearer") && same(strings.TrimSpace(token), secret) {
				return true
			}
		}
		return false
	}
}

// InURL verifies that the URL's last segment is the secret: what is left for providers that sign and send nothing.
func InURL(secret []byte, r Request) bool { return same(r.Token, secret) }

// AnyOf verifies what one of several verifiers accepts.
func AnyOf(verifiers ...Verifier) Verifier {
	return func(secret []byte, r Request) bool {
		for _, verify := range verifiers {
			if verify(secret, r) {
				return true
			}
		}
		return false
	}
}

// same compares in a time that tells neither where the two differ nor how long the secret is: what is compared are hashes.
func same(got string, secret []byte) bool {
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256(secret)
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// first is the value of the first of the headers that was sent.
func first(r Request, headers []string) string {
	for _, header := range headers {
		if value := r.Header(header); value != "" {
			return value
		}
	}
	return ""
}
