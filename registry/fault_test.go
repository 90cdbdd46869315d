package registry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry"
)

// respond answers with a status, headers in pairs, and a body. %s in them stands for the host that was asked.
func respond(status int, body string, headers ...string) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			rw.Header().Set(headers[i], strings.ReplaceAll(headers[i+1], "%s", r.Host))
		}

		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, body)
	}
}

// reset ends the connection in place of an answer, or in the middle of it.
func reset(middle bool) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) {
		if middle {
			rw.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(rw, `{"tags":["v1.0.0"`)
			_ = http.NewResponseController(rw).Flush()
		}

		panic(http.ErrAbortHandler)
	}
}

// endless answers with one page after the other, each different from the others.
func endless(rw http.ResponseWriter, r *http.Request) {
	last := r.URL.Query().Get("last") + "x"
	respond(http.StatusOK, `{"tags":["v1.0.0","v1.0.1"]}`, "Link", "</v2/www/tags/list?last="+last+`>; rel="next"`)(rw, r)
}

// TestListTagsFaults puts faults between the client and the real registry, in a session that stands.
func TestListTagsFaults(t *testing.T) {
	t.Parallel()

	const list = "list tags of %[1]s/www: %[1]s"

	cases := map[string]struct {
		reason   string
		answer   http.HandlerFunc
		limits   registry.Limits
		want     string
		requests int
		status   int
		wait     time.Duration
		terminal bool
	}{
		"TooManySeconds": {
			reason: "a registry that limits requests says for how long; its words may count, and aren't repeated",
			answer: respond(429, `{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}`, "Retry-After", "30"),
			want:   list + " answered 429 Too Many Requests: ask less often, or with a credential that may ask more often",
			status: 429, requests: 1, wait: 30 * time.Second,
		},
		"TooManyDate": {
			reason: "it may say until when, by its own clock",
			answer: respond(429, "", "Date", "Mon, 02 Jan 2006 15:04:05 GMT", "Retry-After", "Mon, 02 Jan 2006 15:05:35 GMT"),
			want:   list + " answered 429 Too Many Requests: ask less often, or with a credential that may ask more often",
			status: 429, requests: 1, wait: 90 * time.Second,
		},
		"Unavailable": {
			reason: "so may one that is being maintained, but not for ever",
			answer: respond(503, "", "Retry-After", "99999999999"),
			want:   list + " answered 503 Service Unavailable: check the registry; it is asked again",
			status: 503, requests: 1, wait: time.Hour,
		},
		"ServerError": {
			reason: "a page that isn't the protocol's isn't quoted",
			answer: respond(500, "<html>oops</html>", "Retry-After", "7"),
			want:   list + " answered 500 Internal Server Error: check the registry; it is asked again",
			status: 500, requests: 1,
		},
		"LargeError": {
			reason: "the status is known however much is said about it",
			answer: respond(502, strings.Repeat("x", 1<<20)),
			want:   list + " answered 502 Bad Gateway: check the registry; it is asked again",
			status: 502, requests: 1,
		},
		"HostileWords": {
			reason: "foreign words are made fit for one line, and bounded",
			answer: respond(500, `{"errors":[{"code":"UNKNOWN","message":"a\nb\u001b[31m`+strings.Repeat("é", 300)+`"}]}`),
			want: list + " answered 500 Internal Server Error (UNKNOWN: a b [31m" + strings.Repeat("é", 200-len("a b [31m")) +
				"...): check the registry; it is asked again",
			status: 500, requests: 1,
		},
		"NoSuchRepository": {
			reason: "a repository that is missing now may be pushed to later",
			want: list + " answered 404 Not Found (NAME_UNKNOWN: repository name not known to registry): " +
				"check the image's name, or push its first tag",
			status: 404, requests: 1,
		},
		"Proxy": {
			reason: "over plain HTTP a proxy answers in the registry's place",
			answer: respond(407, ""),
			want:   list + " answered 407 Proxy Authentication Required: check the proxy's credentials",
			status: 407, requests: 1,
		},
		"InvalidName": {
			reason: "a name that the registry calls invalid stays so",
			answer: respond(400, `{"errors":[{"code":"NAME_INVALID","message":"invalid repository name"}]}`),
			want:   list + " answered 400 Bad Request (NAME_INVALID: invalid repository name): check the image's name, and that this is a registry",
			status: 400, requests: 1, terminal: true,
		},
		"Forbidden": {
			reason: "rights may be given later",
			answer: respond(403, `{"errors":[{"code":"DENIED","message":"not yours"}]}`),
			want:   list + " answered 403 Forbidden (DENIED: not yours): give a credential that may pull, or check the image's name",
			status: 403, requests: 1,
		},
		"Reset": {
			reason: "a connection that ends names no port of ours, which differs each time",
			answer: reset(false),
			want:   list + ": connection lost: it was closed in the middle: check the address, and that the registry is running and reachable", requests: 1,
		},
		"ResetInTheMiddle": {
			reason: "half an answer is none",
			answer: reset(true),
			want:   list + ": connection lost: it was closed in the middle: check the address, and that the registry is running and reachable", requests: 1,
		},
		"TruncatedJSON": {
			reason: "half a list is none",
			answer: respond(200, `{"name":"www","tags":["v1.0.0"`),
			want:   list + ": its answer is no list of tags: check that this is a registry, and not a proxy's page", requests: 1,
		},
		"Page": {
			reason: "a proxy's page for people is no list",
			answer: respond(200, "<html>please log in</html>"),
			want:   list + ": its answer is no list of tags: check that this is a registry, and not a proxy's page", requests: 1,
		},
		"OtherHost": {
			reason: "pages aren't followed to another host",
			answer: respond(200, `{"tags":["v1.0.0"]}`, "Link", `<http://evil.example.com/v2/www/tags/list?last=v1.0.0>; rel="next"`),
			want: list + ": its link to the next page leads to another host, evil.example.com: " +
				"check the external address in the registry's configuration", requests: 1,
		},
		"BadLink": {
			reason: "a link that can't be read may hide tags",
			answer: respond(200, `{"tags":["v1.0.0"]}`, "Link", `<http://[::1>; rel="next"`),
			want:   list + ": its link to the next page can't be read: check the registry's configuration", requests: 1,
		},
		"Circle": {
			reason: "pages that lead in a circle end",
			answer: respond(200, `{"tags":["v1.0.0"]}`, "Link", `</v2/www/tags/list?last=v1.0.0>; rel="next"`),
			want:   list + ": its pages of tags lead in a circle: check the registry, or a proxy before it", requests: 2,
		},
		"TooManyPages": {
			reason: "pages without end are bounded by their number",
			answer: endless, limits: registry.Limits{Pages: 5, Tags: 1000, Bytes: 1 << 20},
			want: list + ": it has more than 5 pages of tags: delete old tags", requests: 5,
		},
		"TooManyTags": {
			reason: "and by that of the tags",
			answer: endless, limits: registry.Limits{Pages: 1000, Tags: 5, Bytes: 1 << 20},
			want: list + ": it has more than 5 tags: delete old tags", requests: 3,
		},
		"TooManyBytes": {
			reason: "and by that of all bytes",
			answer: endless, limits: registry.Limits{Pages: 1000, Tags: 1000, Bytes: 100},
			want: list + ": its answer is larger than is read: check that this is a registry, or delete tags", requests: 4,
		},
		"LargePage": {
			reason: "one page can be too large too",
			answer: respond(200, `{"tags":["`+strings.Repeat("1", 4096)+`"]}`), limits: registry.Limits{Pages: 10, Tags: 10, Bytes: 4096},
			want: list + ": its answer is larger than is read: check that this is a registry, or delete tags", requests: 1,
		},
		"RedirectToAddress": {
			reason: "no registry sends us to an address, where cloud metadata may answer",
			answer: respond(302, "", "Location", "http://169.254.169.254/latest/meta-data"),
			want:   list + ": it leads to the address 169.254.169.254: check the registry's configuration", requests: 1,
		},
		"RedirectToTLS": {
			reason: "a registry that wants TLS isn't insecure",
			answer: respond(301, "", "Location", "https://%s/v2/www/tags/list"),
			want:   list + ": it leads from plain HTTP to TLS: remove insecure", requests: 1,
		},
		"RedirectCircle": {
			reason: "redirects are bounded",
			answer: respond(302, "", "Location", "/v2/www/tags/list"),
			want:   list + ": it redirects without end: check the registry's configuration", requests: 6,
		},
	}

	w := newWire(t, "", "")
	w.push(t, registry.Credential{}, "other", "v1.0.0")

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.limits == (registry.Limits{}) {
				tc.limits = registry.DefaultLimits()
			}

			c := registry.NewClient(registry.WithLimits(tc.limits))
			repo := w.repository(t, "www")
			warmUp(t, w, c)

			w.answer(tc.answer)
			got, err := c.ListTags(t.Context(), repo, registry.Access{})
			w.answer(nil)

			checkMessage(t, tc.reason, tc.want, w.host, err)

			if diff := cmp.Diff(registry.Listing{Requests: tc.requests}, got); diff != "" {
				t.Errorf("%s: listing (-want +got):\n%s", tc.reason, diff)
			}

			checkClass(t, tc.reason, err, tc.status, tc.terminal, tc.wait)
		})
	}
}

// warmUp makes a session for the repository www, so that a case costs the requests of the steady state.
func warmUp(t *testing.T, w *wire, c *registry.Client) {
	t.Helper()

	w.answer(respond(200, `{"tags":[]}`))

	if _, err := c.ListTags(t.Context(), w.repository(t, "www"), registry.Access{}); err != nil {
		t.Fatal(err)
	}
}

// checkClass compares what an error says about itself, read as callers read it.
func checkClass(t *testing.T, reason string, err error, status int, terminal bool, wait time.Duration) {
	t.Helper()

	err = fmt.Errorf("wrapped: %w", err)

	var (
		failure *registry.Error
		ending  interface{ Terminal() bool }
		waiting interface{ RetryAfter() time.Duration }
	)

	if !errors.As(err, &failure) || !errors.As(err, &ending) || !errors.As(err, &waiting) {
		t.Fatalf("%s: the error has no class: %v", reason, err)
	}

	want, got := []any{status, terminal, wait}, []any{failure.Status, ending.Terminal(), waiting.RetryAfter()}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: status, terminal, wait (-want +got):\n%s", reason, diff)
	}
}

// TestHandshakeFaults checks that what goes wrong while authenticating is said as clearly.
func TestHandshakeFaults(t *testing.T) {
	t.Parallel()

	const list = "list tags of %[1]s/www: %[1]s"

	cases := map[string]struct {
		reason   string
		answer   http.HandlerFunc
		want     string
		requests int
		status   int
		wait     time.Duration
	}{
		"TooMany": {
			reason: "the very first request may be one too many",
			answer: respond(429, "", "Retry-After", "5"),
			want:   list + " answered 429 Too Many Requests: ask less often, or with a credential that may ask more often",
			status: 429, requests: 1, wait: 5 * time.Second,
		},
		"TooManyTokens": {
			reason: "a token server may limit requests too",
			answer: func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/token" {
					respond(503, "", "Retry-After", "9")(rw, r)

					return
				}

				respond(401, "", "WWW-Authenticate", `Bearer realm="http://%s/token"`)(rw, r)
			},
			want:   list + " answered 503 Service Unavailable: check the registry; it is asked again",
			status: 503, requests: 2, wait: 9 * time.Second,
		},
		"NoToken": {
			reason: "what a token server says instead of a token isn't quoted",
			answer: func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/token" {
					respond(200, `{"refresh_token":"planted-secret"}`)(rw, r)

					return
				}

				respond(401, "", "WWW-Authenticate", `Bearer realm="http://%s/token"`)(rw, r)
			},
			want: list + ": its token server answered without a token: check the registry's configuration", requests: 2,
		},
		"InwardRealm": {
			reason: "a registry can't make us ask addresses inside",
			answer: respond(401, "", "WWW-Authenticate", `Bearer realm="http://169.254.169.254/token"`),
			want:   list + ": it leads to the address 169.254.169.254: check the registry's configuration", requests: 1,
		},
		"NoRealm": {
			reason: "it must say where tokens are to be had",
			answer: respond(401, "", "WWW-Authenticate", `Bearer service="test"`),
			want:   list + ": it asks for a token, but doesn't say where to get one: check the registry's configuration", requests: 1,
		},
		"OtherScheme": {
			reason: "a way to authenticate that isn't known is a refusal",
			answer: respond(401, "", "WWW-Authenticate", `Negotiate`),
			want:   list + " answered 401 Unauthorized: give a credential that may pull, or check the image's name",
			status: 401, requests: 1,
		},
		"TokenServersWords": {
			reason: "a token server may speak OAuth",
			answer: func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/token" {
					respond(400, `{"error":"invalid_scope","error_description":"no such repository"}`)(rw, r)

					return
				}

				respond(401, "", "WWW-Authenticate", `Bearer realm="http://%s/token"`)(rw, r)
			},
			want:   list + " answered 400 Bad Request (invalid_scope: no such repository): check the image's name, and that this is a registry",
			status: 400, requests: 2,
		},
		"RedirectedToTLS": {
			reason: "a registry that wants TLS isn't insecure",
			answer: respond(301, "", "Location", "https://%s/v2/"),
			want:   list + ": it leads from plain HTTP to TLS: remove insecure", requests: 1,
		},
		"Reset": {
			reason: "a connection that ends is the same failure here",
			answer: reset(false),
			want:   list + ": connection lost: it was closed in the middle: check the address, and that the registry is running and reachable", requests: 1,
		},
	}

	w := newWire(t, "", "")
	w.push(t, registry.Credential{}, "www", "v1.0.0")

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			clock := &registry.Clock{}
			c := registry.NewClient(registry.WithClock(clock))

			w.answer(tc.answer)
			got, err := c.ListTags(t.Context(), w.repository(t, "www"), registry.Access{})
			w.answer(nil)

			checkMessage(t, tc.reason, tc.want, w.host, err)
			checkClass(t, tc.reason, err, tc.status, false, tc.wait)

			if diff := cmp.Diff(tc.requests, got.Requests); diff != "" {
				t.Errorf("%s: requests (-want +got):\n%s", tc.reason, diff)
			}

			clock.Advance(tc.wait)

			if _, err := c.ListTags(t.Context(), w.repository(t, "www"), registry.Access{}); err != nil {
				t.Errorf("%s: it didn't recover: %v", tc.reason, err)
			}
		})
	}
}

// TestUnreachable asks where nobody listens.
func TestUnreachable(t *testing.T) {
	t.Parallel()

	// The first port is reserved, and its service long forgotten.
	const address = "127.0.0.1:1"

	for _, tc := range []struct {
		reason, want string
		insecure     bool
	}{
		{
			reason: "nobody listens there", insecure: true,
			want: "list tags of %[1]s/www: %[1]s: dial tcp %[1]s: connect: connection refused: check the address, and that the registry is running and reachable",
		},
		{
			reason: "and neither over TLS",
			want:   "list tags of %[1]s/www: %[1]s: dial tcp %[1]s: connect: connection refused: check the address, and that the registry is running and reachable",
		},
	} {
		repo, err := registry.ParseImage(address+"/www", tc.insecure)
		if err != nil {
			t.Fatal(err)
		}

		_, err = registry.NewClient().ListTags(t.Context(), repo, registry.Access{})
		checkMessage(t, tc.reason, tc.want, address, err)
		checkClass(t, tc.reason, err, 0, false, 0)
	}
}

// TestPlainUnasked checks that a loopback registry isn't asked in plain text either, unless that was said.
func TestPlainUnasked(t *testing.T) {
	t.Parallel()

	w := newWire(t, "", "")

	repo, err := registry.ParseImage(w.host+"/www", false)
	if err != nil {
		t.Fatal(err)
	}

	cred := registry.Credential{Username: "fairlead", Password: "secret"}

	arrived := w.cost(func() { _, err = registry.NewClient().ListTags(t.Context(), repo, registry.Access{Credential: cred}) })

	checkMessage(t, "the way out is named",
		"list tags of %[1]s/www: %[1]s: it doesn't speak TLS: set insecure if it is meant to be asked over plain HTTP", w.host, err)

	if diff := cmp.Diff(0, arrived); diff != "" {
		t.Errorf("requests that arrived (-want +got):\n%s", diff)
	}
}

// TestContext checks that nothing outlasts the context: neither waiting for a turn nor reading.
func TestContext(t *testing.T) {
	t.Parallel()

	w := newWire(t, "", "")
	c := registry.NewClient()
	repo := w.repository(t, "www")
	warmUp(t, w, c)

	began, release := make(chan struct{}), make(chan struct{})
	slow := func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(rw, `{"tags":[`)
		_ = http.NewResponseController(rw).Flush()

		close(began)
		<-release
	}

	w.answer(slow)
	t.Cleanup(func() { close(release) })

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)

	go func() {
		_, err := c.ListTags(ctx, repo, registry.Access{})
		ended <- err
	}()

	<-began

	// The session is busy: another call waits for it, no longer than its own context says.
	past, stop := context.WithDeadline(t.Context(), time.Now())
	defer stop()

	_, err := c.ListTags(past, repo, registry.Access{})
	checkMessage(t, "waiting for a session ends with the context",
		"list tags of %[1]s/www: %[1]s: no whole answer in time: context deadline exceeded: check that the registry is reachable, or give it more time", w.host, err)

	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v isn't context.DeadlineExceeded", err)
	}

	cancel()

	err = <-ended
	checkMessage(t, "reading a slow body ends with the context", "list tags of %[1]s/www: %[1]s: context canceled: try again", w.host, err)

	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v isn't context.Canceled", err)
	}
}
