// Package posted verifies that somebody who posts to a webhook knows its secret, in the ways in which registries and Git
// hosts show it.
//
// It knows headers, HMACs and comparisons in constant time. It must never know a payload, nor who in particular signs how.
package posted

// Request is what was posted.
type Request struct {
	// Header returns the first value of a header, or "" if it wasn't sent. Names are those of HTTP, in any case.
	Header func(name string) string
	// Body is the whole body.
	Body []byte
	// Token is the last segment of the URL, for providers that can send nothing else; "" if there is none.
	Token string
}

// Statuses of an Error, as in RFC 9110.
const (
	// StatusBadRequest: the request was verified, and can't be read.
	StatusBadRequest = 400
	// StatusUnauthorized: the request can't be verified.
	StatusUnauthorized = 401
)

// Error says why a request is refused. It holds neither a secret nor anything that the request said.
type Error struct {
	// Status is StatusUnauthorized or StatusBadRequest.
	Status int
	// Problem is the whole message.
	Problem string
}

// Error returns the message.
func (e *Error) Error() string { return e.Problem }

// Unverified is the error for a request that doesn't show what it must. It doesn't say what was sent.
func Unverified(wants string) *Error {
	return &Error{Status: StatusUnauthorized, Problem: "the request isn't verified: " + wants}
}

// Unreadable is the error for a payload that isn't its provider's. It says nothing of what stands in it.
func Unreadable(provider string) *Error {
	return &Error{Status: StatusBadRequest, Problem: "the body isn't the JSON that " + provider + " sends"}
}
