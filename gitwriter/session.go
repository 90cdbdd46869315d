package gitwriter

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"

	"github.com/go-git/go-git/v5/plumbing"
)

const (
	// maxSmallAnswer bounds every answer that isn't a pack.
	maxSmallAnswer = 16 << 20

	serviceUpload  = "git-upload-pack"
	serviceReceive = "git-receive-pack"
)

// session is one operation's talk with the server: it has the Remote as it was at the start, and counts the requests.
type session struct {
	remote Remote
	base   *url.URL
	wire   wire
	known  *advertisements
	// requests counts what was sent: HTTP requests, or commands over SSH.
	requests int
	// counted is told of requests in the end.
	counted func(int)
	// rewrites are the histories that were replaced by force, as far as this session noticed.
	rewrites []Rewrite
	// listed are the references that the last greeting of a server without version 2 named, until somebody uses them.
	listed map[string]plumbing.Hash
}

// close ends what the session has open, and tells what it took.
func (s *session) close() {
	s.wire.hangUp()
	s.counted(s.requests)
}

// within bounds one exchange with the server by the Remote's timeout.
func (s *session) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.remote.Timeout)
}

// greet opens a service and reads its advertisement.
func (s *session) greet(ctx context.Context, op, service string, read func(*packetReader) error) (at string, err error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	at, err = s.wire.greet(ctx, op, service, func(r io.Reader) error { return read(newPacketReader(r)) })
	if err != nil {
		return "", s.failure(ctx, op, err)
	}
	return at, nil
}

// call sends a request to a service and reads the answer.
func (s *session) call(ctx context.Context, c call, read func(io.Reader) error) error {
	ctx, cancel := s.within(ctx)
	defer cancel()
	if err := s.wire.call(ctx, c, read); err != nil {
		return s.failure(ctx, c.op, err)
	}
	return nil
}

// failure classifies what went wrong while sending a request or reading its answer.
func (s *session) failure(ctx context.Context, op string, err error) error {
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	if tooLarge, ok := errors.AsType[*tooLargeError](err); ok {
		return s.fault(op, ReasonTooLarge, err, tooLarge.Error())
	}
	if server, ok := errors.AsType[*serverError](err); ok {
		return s.fault(op, refusalOf(server.text, ReasonProtocol), err, "the server said: "+server.text)
	}
	if sent, ok := errors.AsType[*url.Error](err); ok {
		err = sent.Err // Its own text would repeat the whole URL.
	}
	if problem := certificateProblem(err); problem != "" {
		return s.fault(op, ReasonServerNotTrusted, err, problem)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded):
		return s.fault(op, ReasonUnavailable, err, fmt.Sprintf("no complete answer within %s", s.remote.Timeout))
	case errors.Is(err, context.Canceled) || ctx.Err() != nil:
		return s.fault(op, ReasonUnavailable, err, "stopped")
	case errors.Is(err, errPack), errors.Is(err, errPacketLength), errors.Is(err, errAnswer):
		return s.fault(op, ReasonProtocol, err, "the answer can't be read: "+oneLine(err.Error(), maxServerWords))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return s.fault(op, ReasonUnavailable, err, "the connection was closed before the answer was complete")
	}
	return s.fault(op, ReasonUnavailable, err, oneLine(err.Error(), maxServerWords))
}

// certificateProblem says why a certificate wasn't accepted, by either side; nothing if err isn't about one.
func certificateProblem(err error) string {
	if _, bad := errors.AsType[*tls.CertificateVerificationError](err); bad {
		what := err.Error()
		if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
			what = unknown.Error()
		}
		return "the server's certificate isn't trusted: " + oneLine(what, maxServerWords) + ": put the authority that signed it into the secret as ca.crt"
	}
	if alert, ok := errors.AsType[*net.OpError](err); ok && alert.Op == "remote error" {
		return "the server ended the handshake: " + oneLine(alert.Err.Error(), maxServerWords) + ": check the client certificate, tls.crt and tls.key of the secret"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "the server doesn't speak TLS at this port: check the url"
	}
	return ""
}

func (s *session) fault(op string, reason Reason, err error, message string) *Error {
	return &Error{Op: op, Host: s.base.Host, Reason: reason, Message: message, Err: err}
}

// errAnswer is an answer that breaks the protocol.
var errAnswer = errors.New("unexpected answer")

// boundedReader fails where an io.LimitedReader would pretend that the stream ended.
type boundedReader struct {
	r           io.Reader
	left, bound int64
}

func bounded(r io.Reader, limit int64) *boundedReader {
	return &boundedReader{r: r, left: limit, bound: limit}
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		if n, err := b.r.Read(make([]byte, 1)); n == 0 {
			return 0, err
		}
		return 0, &tooLargeError{bound: b.bound}
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
