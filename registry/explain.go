package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/google/go-containerregistry/pkg/name"
)

// operation is what a call was meant to do.
type operation struct {
	verb   string
	repo   name.Repository
	tag    string
	access Access
}

// failed turns what the layers below returned into an Error. The chain below it is left behind: its texts hold what
// servers sent, addresses of sockets and times of day.
func (o operation) failed(record *call, err error) *Error {
	failure := &Error{
		Op: o.verb, Registry: o.repo.RegistryStr(), Repository: o.repo.RepositoryStr(), Tag: o.tag,
		Host: o.repo.RegistryStr(),
	}

	var (
		answer  *refusal
		waiting *held
		broken  *violation
		silent  *unanswered
		input   *InputError
	)

	switch {
	case errors.Is(err, context.DeadlineExceeded):
		failure.Err = fmt.Errorf("no whole answer in time: %w", context.DeadlineExceeded)
		failure.Hint = "check that the registry is reachable, or give it more time"
	case errors.Is(err, context.Canceled):
		failure.Err, failure.Hint = context.Canceled, "try again"
	case errors.As(err, &answer):
		failure.Host, failure.Status, failure.wait = clean(answer.host), answer.status, answer.wait
		failure.Code, failure.Message = withhold(answer.code, record.hidden()), withhold(answer.message, record.hidden())
		failure.Hint = o.hint(answer.status)
	case errors.As(err, &waiting):
		failure.Host, failure.Status, failure.wait = clean(waiting.host), waiting.status, waiting.wait
		failure.Hint = o.hint(waiting.status)
	case errors.As(err, &broken):
		failure.Err, failure.Hint = errors.New(broken.problem), broken.hint
	case errors.As(err, &silent):
		failure.Host, failure.Err = clean(silent.host), errors.New(withhold(cause(silent.err), record.hidden()))
		failure.Hint = unreachableHint(silent.err)
	case errors.As(err, &input):
		failure.Err, failure.Hint = input, "check what was given to reach the registry by"
	default:
		failure.Err, failure.Hint = errors.New(withhold(firstLine(err), record.hidden())), "check the registry's configuration"
	}

	return failure
}

// hint says what to do about a status.
func (o operation) hint(status int) string {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		if o.access == (Access{}) {
			return "give a credential that may pull, or check the image's name"
		}

		return "check the credential, and that it may pull this image"
	case status == http.StatusNotFound && o.tag != "":
		return "check that the tag still exists"
	case status == http.StatusNotFound:
		return "check the image's name, or push its first tag"
	case status == http.StatusProxyAuthRequired:
		return proxyHint(status)
	case status == http.StatusTooManyRequests:
		return "ask less often, or with a credential that may ask more often"
	case status >= http.StatusInternalServerError:
		return "check the registry; it is asked again"
	default:
		return "check the image's name, and that this is a registry"
	}
}

// errCertificate is why there is no answer from a server that wants to see another certificate of the client's.
var errCertificate = errors.New("it asked for the client's certificate, and closed the connection")

// refusesCertificate reports whether a server refused the client's certificate, or that there was none. It says so by an
// alert (RFC 8446, section 6.2), whose number package crypto/tls keeps to itself. The alert follows the handshake, and
// may be lost with the connection: asked tells that this had just been made, and that a certificate was asked for.
func refusesCertificate(err error, asked bool) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		switch op.Op {
		case "remote error":
			return slices.Contains([]string{
				"tls: bad certificate", "tls: unknown certificate authority", "tls: certificate required",
			}, op.Err.Error())
		case "read", "write":
			return asked
		}
	}

	return asked && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		strings.Contains(err.Error(), "http2: client conn could not be established"))
}

// unreachableHint says what to do when there was no answer.
func unreachableHint(err error) string {
	var (
		noTLS   tls.RecordHeaderError
		unknown x509.UnknownAuthorityError
		other   x509.HostnameError
		op      *net.OpError
	)

	switch {
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return "check the proxy's address, and that it is running and reachable"
	case errors.As(err, &noTLS):
		return "set insecure if it is meant to be asked over plain HTTP"
	case errors.As(err, &unknown):
		return "give its CA certificate, or use a certificate that the system trusts"
	case errors.As(err, &other):
		return "give it a certificate for this name, or ask it by a name that its certificate has"
	case errors.Is(err, errCertificate):
		return "give a client certificate that it accepts, or check the registry"
	default:
		return "check the address, and that the registry is running and reachable"
	}
}

// socket matches what the texts of package net hold about our end of a connection, which differs each time.
var socket = regexp.MustCompile(`\S+->`)

// cause returns the reason of a network failure without what differs from one time to the next.
func cause(err error) string {
	var (
		expired x509.CertificateInvalidError
		unknown x509.UnknownAuthorityError
		noTLS   tls.RecordHeaderError
		op      *net.OpError
	)

	switch {
	case errors.As(err, &expired) && expired.Reason == x509.Expired:
		return "its certificate has expired or isn't valid yet"
	case errors.As(err, &unknown):
		return "its certificate is signed by an unknown authority"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection lost: it was closed in the middle"
	case errors.As(err, &op) && (op.Op == "read" || op.Op == "write"):
		return "connection lost: " + op.Err.Error()
	case errors.As(err, &noTLS):
		return "it doesn't speak TLS"
	default:
		return socket.ReplaceAllString(err.Error(), "")
	}
}

// firstLine returns the first line of an error without the address that package net/http puts before it. What the
// transport quotes of a token server's answer begins in the second line.
func firstLine(err error) string {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}

	line, _, _ := strings.Cut(err.Error(), "\n")

	return strings.TrimSuffix(line, ":")
}

// withhold cleans a server's words, and drops them altogether if they repeat a secret: cutting out a short secret
// would show where it was.
func withhold(words string, secrets []string) string {
	for _, secret := range secrets {
		if secret == "" {
			continue
		}

		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if strings.Contains(words, form) {
				return "words withheld, they repeat a secret"
			}
		}
	}

	return clean(words)
}

// maxQuoted bounds what is quoted of anything that isn't ours, in characters.
const maxQuoted = 200

// clean makes a foreign text fit for one line of a message.
func clean(text string) string {
	runes := make([]rune, 0, min(len(text), maxQuoted))

	for _, r := range text {
		if len(runes) == maxQuoted {
			return string(runes) + "..."
		}

		if !unicode.IsPrint(r) {
			r = ' '
		}

		runes = append(runes, r)
	}

	return strings.TrimSpace(string(runes))
}

// abbreviate bounds what is quoted of an input; quoting itself makes it fit for one line.
func abbreviate(text string) string {
	if runes := []rune(text); len(runes) > maxQuoted {
		return string(runes[:maxQuoted]) + "..."
	}

	return text
}
