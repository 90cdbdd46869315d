package gitwriter

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/fairlead/fairlead/failpoint"
)

const (
	// maxRedirects is how often a request may be sent on, inside the same host.
	maxRedirects = 5
	// maxDrained is how much of an unread answer costs less than a new connection.
	maxDrained = 256 << 10
	// maxErrorBody is how much of an error page is read to find the server's words.
	maxErrorBody = 4 << 10
	// maxRetryAfter bounds what a server may ask for.
	maxRetryAfter = time.Hour
)

// httpWire is the smart HTTP protocol, gitprotocol-http(5).
type httpWire struct {
	remote Remote
	link   *link
	now    func() time.Time
	// sent counts the requests.
	sent *int
}

// hangUp has nothing to end: a request is over when it is answered.
func (w *httpWire) hangUp() {}

func (w *httpWire) greet(ctx context.Context, op, service string, read func(io.Reader) error) (string, error) {
	u := *w.link.base
	u.Path += "/info/refs"
	u.RawQuery = "service=" + service
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return "", invalidRemote(w.link.base.Host, "the url can't be used")
	}
	var at string
	err = w.do(request, op, "application/x-"+service+"-advertisement", maxSmallAnswer, func(r io.Reader, found *url.URL) error {
		at = serviceBase(found)
		return read(r)
	})
	return at, err
}

// call finds the service anew, once, if it moved since it was found.
func (w *httpWire) call(ctx context.Context, c call, read func(io.Reader) error) error {
	err := w.post(ctx, c, read)
	if moved, ok := errors.AsType[*Error](err); !ok || moved.Reason != ReasonRedirected {
		return err
	}
	w.link.known.forget()
	at, greetErr := w.greet(ctx, c.op, c.service, func(io.Reader) error { return nil })
	if greetErr != nil {
		return greetErr
	}
	if at == c.at {
		return err
	}
	c.at = at
	return w.post(ctx, c, read)
}

func (w *httpWire) post(ctx context.Context, c call, read func(io.Reader) error) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.at+"/"+c.service, bytes.NewReader(c.body))
	if err != nil {
		return invalidRemote(w.link.base.Host, "the url can't be used")
	}
	request.Header.Set("Content-Type", "application/x-"+c.service+"-request")
	if c.service == serviceReceive {
		request.Body = failpoint.Halfway(failpoint.DuringPush, request.Body, request.ContentLength)
	}
	return w.do(request, c.op, "application/x-"+c.service+"-result", c.limit, func(r io.Reader, _ *url.URL) error { return read(r) })
}

// do sends one request and reads its answer.
func (w *httpWire) do(request *http.Request, op, mediaType string, limit int64, read func(io.Reader, *url.URL) error) error {
	request.Header.Set("User-Agent", "git/fairlead") // Some hosts take only what begins like this for a Git client.
	request.Header.Set("Accept", mediaType)
	if !strings.Contains(mediaType, serviceReceive) {
		request.Header.Set("Git-Protocol", "version=2")
	}
	token, err := w.link.app.token(request.Context())
	if err != nil {
		return err
	}
	w.remote.Auth.authorize(request, token)
	*w.sent++
	response, err := w.link.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if err := w.checkStatus(op, response); err != nil {
		if response.StatusCode == http.StatusUnauthorized {
			w.link.app.forget(token)
		}
		return err
	}
	if got := response.Header.Get("Content-Type"); got != mediaType {
		return w.fault(op, ReasonProtocol, "the answer is "+quote(got)+" and not of the Git protocol: check the url")
	}
	if err := read(bounded(response.Body, limit), response.Request.URL); err != nil {
		return err
	}
	// What is left is read away, so that the connection can be used again.
	_, _ = io.CopyN(io.Discard, response.Body, maxDrained)
	return nil
}

func (w *httpWire) fault(op string, reason Reason, message string) *Error {
	return &Error{Op: op, Host: w.link.base.Host, Reason: reason, Message: message}
}

// checkStatus turns an HTTP status into an error.
func (w *httpWire) checkStatus(op string, response *http.Response) error {
	status, words := response.StatusCode, serverWords(response)
	said := ""
	if words != "" {
		said = "; the server said: " + words
	}
	later := func(e *Error) error {
		e.retryAfter = retryAfter(response.Header, w.now())
		return e
	}
	switch {
	case status == http.StatusOK:
		return nil
	case status == http.StatusUnauthorized || status == http.StatusProxyAuthRequired:
		return w.unauthorized(op, status, said)
	case status == http.StatusForbidden:
		return later(w.fault(op, refusalOf(words, ReasonForbidden), "the credentials may not do this: give them the right to read and write the repository"+said))
	case status == http.StatusNotFound || status == http.StatusGone:
		return w.fault(op, ReasonRepositoryMissing, "no such repository, or none that these credentials may see: check the url"+said)
	case status == http.StatusRequestEntityTooLarge || status == http.StatusInsufficientStorage:
		return w.fault(op, ReasonQuota, "the server takes no more: make room, or have the limit raised; it answered "+strconv.Itoa(status)+said)
	case status >= 300 && status < 400:
		return w.fault(op, ReasonRedirected, "the server redirects the request: update the url"+said)
	case status == http.StatusTooManyRequests || status >= 500:
		return later(w.fault(op, ReasonUnavailable, "the server answered "+strconv.Itoa(status)+": it is asked again later"+said))
	default:
		return w.fault(op, ReasonProtocol, "the server answered "+strconv.Itoa(status)+said)
	}
}

// unauthorized says whose credentials are wanted, or wrong.
func (w *httpWire) unauthorized(op string, status int, said string) error {
	switch {
	case status == http.StatusProxyAuthRequired:
		return w.fault(op, ReasonProxy, "the proxy refused username and password: check the secret of the proxy"+said)
	case w.remote.Auth.anonymous():
		return w.fault(op, ReasonAuthentication, "the server wants credentials and there are none: name a secret with username and password"+said)
	default:
		return w.fault(op, ReasonAuthentication, w.remote.Auth.refusedWords()+said)
	}
}

// checkRedirect lets a GET be sent on inside its host, and nothing else: credentials go nowhere else, and a POST that is
// sent on would lose its body.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case via[0].Method != http.MethodGet:
		return http.ErrUseLastResponse
	case !sameServer(first, next.URL):
		target := url.URL{Scheme: next.URL.Scheme, Host: next.URL.Host, Path: strings.TrimSuffix(next.URL.Path, "/info/refs")}
		return &Error{
			Op: opFind, Host: first.Host, Reason: ReasonRedirected,
			Message: "the server redirects to " + oneLine(target.String(), maxServerWords) + ", where the credentials mustn't follow: update the url if this is right",
		}
	case len(via) > maxRedirects:
		return &Error{Op: opFind, Host: first.Host, Reason: ReasonRedirected, Message: "the server redirects in circles: check the url"}
	}
	return nil
}

// sameServer reports whether what was meant for one URL's server may be sent to another's: it is the same one, or the same
// one by https instead of http, each at its own port.
func sameServer(first, next *url.URL) bool {
	if next.Host == first.Host && next.Scheme == first.Scheme {
		return true
	}
	ownPort := func(u *url.URL, port string) bool { return u.Port() == "" || u.Port() == port }
	return next.Hostname() == first.Hostname() && first.Scheme == schemeHTTP && next.Scheme == schemeHTTPS && ownPort(first, "80") && ownPort(next, "443")
}

// serviceBase is the repository's URL as the advertisement's own URL gives it after redirects.
func serviceBase(at *url.URL) string {
	u := url.URL{Scheme: at.Scheme, Host: at.Host, Path: strings.TrimSuffix(at.Path, "/info/refs")}
	return u.String()
}

// serverWords is what a text answer to a failed request says.
func serverWords(response *http.Response) string {
	if response.StatusCode == http.StatusOK || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain") {
		return ""
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return ""
	}
	return oneLine(string(body), maxServerWords)
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
