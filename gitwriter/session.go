package gitwriter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// maxSmallAnswer bounds every answer that isn't a pack.
	maxSmallAnswer = 16 << 20
	// maxRedirects is how often a request may be sent on, inside the same host.
	maxRedirects = 5
	// maxDrained is how much of an unread answer costs less than a new connection.
	maxDrained = 256 << 10
	// maxErrorBody is how much of an error page is read to find the server's words.
	maxErrorBody = 4 << 10
	// maxRetryAfter bounds what a server may ask for.
	maxRetryAfter = time.Hour

	serviceUpload  = "git-upload-pack"
	serviceReceive = "git-receive-pack"
)

// session is one operation's talk with the server: it has the Remote as it was at the start, and counts the requests.
type session struct {
	remote   Remote
	base     *url.URL
	client   *http.Client
	known    *advertisements
	now      func() time.Time
	requests int
}

// get asks for an advertisement of a service.
func (s *session) get(ctx context.Context, op, service string, read func(io.Reader, *url.URL) error) error {
	u := *s.base
	u.Path += "/info/refs"
	u.RawQuery = "service=" + service
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return invalidRemote(s.base.Host, "the url can't be used")
	}
	return s.do(request, op, "application/x-"+service+"-advertisement", maxSmallAnswer, read)
}

// post calls a service. at is where the service's advertisement was found.
func (s *session) post(ctx context.Context, op, at, service string, body []byte, limit int64, read func(io.Reader) error) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, at+"/"+service, bytes.NewReader(body))
	if err != nil {
		return invalidRemote(s.base.Host, "the url can't be used")
	}
	request.Header.Set("Content-Type", "application/x-"+service+"-request")
	return s.do(request, op, "application/x-"+service+"-result", limit, func(r io.Reader, _ *url.URL) error { return read(r) })
}

// do sends one request and reads its answer, within the Remote's timeout.
func (s *session) do(request *http.Request, op, mediaType string, limit int64, read func(io.Reader, *url.URL) error) error {
	ctx, cancel := context.WithTimeout(request.Context(), s.remote.Timeout)
	defer cancel()
	request = request.WithContext(ctx)
	request.Header.Set("User-Agent", "git/fairlead") // Some hosts take only what begins like this for a Git client.
	request.Header.Set("Accept", mediaType)
	if !strings.Contains(mediaType, serviceReceive) {
		request.Header.Set("Git-Protocol", "version=2")
	}
	if s.remote.Username != "" || s.remote.Password != "" {
		request.SetBasicAuth(s.remote.Username, s.remote.Password)
	}
	s.requests++
	response, err := s.client.Do(request)
	if err != nil {
		return s.failure(op, err)
	}
	defer response.Body.Close()
	if err := s.checkStatus(op, response); err != nil {
		return err
	}
	if got := response.Header.Get("Content-Type"); got != mediaType {
		return s.fault(op, ReasonProtocol, nil, "the answer is "+quote(got)+" and not of the Git protocol: check the url")
	}
	if err := read(&boundedReader{r: response.Body, left: limit, bound: limit}, response.Request.URL); err != nil {
		return s.failure(op, err)
	}
	// What is left is read away, so that the connection can be used again.
	_, _ = io.CopyN(io.Discard, response.Body, maxDrained)
	return nil
}

// checkStatus turns an HTTP status into an error.
func (s *session) checkStatus(op string, response *http.Response) error {
	status := response.StatusCode
	said := serverSaid(response)
	switch {
	case status == http.StatusOK:
		return nil
	case status == http.StatusUnauthorized && s.remote.Username == "" && s.remote.Password == "":
		return s.fault(op, ReasonAuthentication, nil, "the server wants credentials and there are none: name a secret with username and password"+said)
	case status == http.StatusUnauthorized:
		return s.fault(op, ReasonAuthentication, nil, "the server refused username and password: check the secret"+said)
	case status == http.StatusForbidden:
		e := s.fault(op, ReasonAuthentication, nil, "the credentials may not do this: give them the right to read and write the repository"+said)
		e.retryAfter = retryAfter(response.Header, s.now())
		return e
	case status == http.StatusNotFound || status == http.StatusGone:
		return s.fault(op, ReasonRepositoryMissing, nil, "no such repository, or none that these credentials may see: check the url"+said)
	case status >= 300 && status < 400:
		return s.fault(op, ReasonRedirected, nil, "the server redirects the request: update the url"+said)
	case status == http.StatusTooManyRequests || status >= 500:
		e := s.fault(op, ReasonUnavailable, nil, "the server answered "+strconv.Itoa(status)+": it is asked again later"+said)
		e.retryAfter = retryAfter(response.Header, s.now())
		return e
	default:
		return s.fault(op, ReasonProtocol, nil, "the server answered "+strconv.Itoa(status)+said)
	}
}

// failure classifies what went wrong while sending a request or reading its answer.
func (s *session) failure(op string, err error) error {
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	if tooLarge, ok := errors.AsType[*tooLargeError](err); ok {
		return s.fault(op, ReasonTooLarge, err, tooLarge.Error())
	}
	if server, ok := errors.AsType[*serverError](err); ok {
		return s.fault(op, ReasonProtocol, err, "the server said: "+server.text)
	}
	if sent, ok := errors.AsType[*url.Error](err); ok {
		err = sent.Err // Its own text would repeat the whole URL.
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return s.fault(op, ReasonUnavailable, err, fmt.Sprintf("no complete answer within %s", s.remote.Timeout))
	case errors.Is(err, context.Canceled):
		return s.fault(op, ReasonUnavailable, err, "stopped")
	case errors.Is(err, errPack), errors.Is(err, errPacketLength), errors.Is(err, errAnswer):
		return s.fault(op, ReasonProtocol, err, "the answer can't be read: "+oneLine(err.Error(), maxServerWords))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return s.fault(op, ReasonUnavailable, err, "the connection was closed before the answer was complete")
	}
	return s.fault(op, ReasonUnavailable, err, oneLine(err.Error(), maxServerWords))
}

func (s *session) fault(op string, reason Reason, err error, message string) *Error {
	return &Error{Op: op, Host: s.base.Host, Reason: reason, Message: message, Err: err}
}

// errAnswer is an answer that breaks the protocol.
var errAnswer = errors.New("unexpected answer")

// checkRedirect lets a GET be sent on inside its host, and nothing else: credentials go nowhere else, and a POST that is
// sent on would lose its body.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	same := next.URL.Host == first.Host && next.URL.Scheme == first.Scheme
	upgraded := next.URL.Hostname() == first.Hostname() && first.Scheme == "http" && next.URL.Scheme == "https"
	switch {
	case via[0].Method != http.MethodGet:
		return http.ErrUseLastResponse
	case !same && !upgraded:
		target := url.URL{Scheme: next.URL.Scheme, Host: next.URL.Host, Path: strings.TrimSuffix(next.URL.Path, "/info/refs")}
		return &Error{
			Op: "find the repository", Host: first.Host, Reason: ReasonRedirected,
			Message: "the server redirects to " + oneLine(target.String(), maxServerWords) + ", where the credentials mustn't follow: update the url if this is right",
		}
	case len(via) > maxRedirects:
		return &Error{Op: "find the repository", Host: first.Host, Reason: ReasonRedirected, Message: "the server redirects in circles: check the url"}
	}
	return nil
}

// serverSaid is what a text answer to a failed request says, to be put behind a message.
func serverSaid(response *http.Response) string {
	if response.StatusCode == http.StatusOK || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain") {
		return ""
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	text := oneLine(string(body), maxServerWords)
	if err != nil || text == "" {
		return ""
	}
	return "; the server said: " + text
}

// retryAfter reads a Retry-After header, RFC 9110 section 10.2.3.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return max(0, min(time.Duration(min(seconds, int(maxRetryAfter/time.Second)))*time.Second, maxRetryAfter))
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, min(at.Sub(now), maxRetryAfter))
	}
	return 0
}

// boundedReader fails where an io.LimitedReader would pretend that the stream ended.
type boundedReader struct {
	r           io.Reader
	left, bound int64
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
