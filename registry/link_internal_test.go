package registry

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestNextPage checks what is taken for the next page.
func TestNextPage(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason string
		links  []string
		want   string
		err    string
	}{
		"None":         {reason: "the last page has no link"},
		"Relative":     {reason: "a link may be a path", links: []string{`</v2/www/tags/list?last=a&n=2>; rel="next"`}, want: "https://r.example.com/v2/www/tags/list?last=a&n=2"},
		"Query":        {reason: "or a query alone", links: []string{`<?last=a>; rel="next"`}, want: "https://r.example.com/v2/www/tags/list?last=a"},
		"Absolute":     {reason: "or a whole address", links: []string{`<https://r.example.com/v2/www/tags/list?last=a>; rel="next"`}, want: "https://r.example.com/v2/www/tags/list?last=a"},
		"Case":         {reason: "hosts have no case", links: []string{`<https://R.Example.com/x>; rel="next"`}, want: "https://r.example.com/x"},
		"OtherScheme":  {reason: "the scheme is kept, a proxy may have changed it", links: []string{`<http://r.example.com/x>; rel="next"`}, want: "https://r.example.com/x"},
		"Port":         {reason: "the scheme's own port is no other host", links: []string{`<https://r.example.com:443/x>; rel="next"`}, want: "https://r.example.com/x"},
		"User":         {reason: "no user is taken from a link", links: []string{`<https://u:p@r.example.com/x>; rel="next"`}, want: "https://r.example.com/x"},
		"NoRelation":   {reason: "old registries leave the relation out", links: []string{`</x>`}, want: "https://r.example.com/x"},
		"Unquoted":     {reason: "quotes aren't needed", links: []string{`</x>;rel=next`}, want: "https://r.example.com/x"},
		"OtherFirst":   {reason: "other relations are passed over", links: []string{`</first>; rel="first", </x>; rel="prev next"`}, want: "https://r.example.com/x"},
		"SecondHeader": {reason: "also in headers of their own", links: []string{`</first>; rel="first"`, `</x>; title="a"; REL="Next"`}, want: "https://r.example.com/x"},
		"OtherOnly":    {reason: "no relation of another kind is followed", links: []string{`</first>; rel="first"`}},
		"Garbage":      {reason: "what is no link is none", links: []string{`next`, `<`, `<>; rel="next"`}},
		"OtherHost":    {reason: "another host isn't asked", links: []string{`<https://evil.example.com/x>; rel="next"`}, err: "its link to the next page leads to another host, evil.example.com"},
		"NoScheme":     {reason: "however it is written", links: []string{`<//evil.example.com/x>; rel="next"`}, err: "its link to the next page leads to another host, evil.example.com"},
		"OtherPort":    {reason: "nor another port", links: []string{`<https://r.example.com:8443/x>; rel="next"`}, err: "its link to the next page leads to another host, r.example.com:8443"},
		"NotHTTP":      {reason: "nor something that is no host", links: []string{`<file:///etc/passwd>; rel="next"`}, err: "its link to the next page leads to another host, "},
		"Unreadable":   {reason: "a link that can't be read may hide tags", links: []string{`<https://[::1>; rel="next"`}, err: "its link to the next page can't be read"},
	}

	page := &url.URL{Scheme: "https", Host: "r.example.com", Path: "/v2/www/tags/list", RawQuery: "n=1000"}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			next, err := nextPage(http.Header{"Link": tc.links}, page)

			var got, message string
			if next != nil {
				got = next.String()
			}

			if err != nil {
				message = err.Error()
			}

			if diff := cmp.Diff([]string{tc.want, tc.err}, []string{got, message}); diff != "" {
				t.Errorf("%s: next page and message (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// FuzzNextPage checks that no header leads to another host.
func FuzzNextPage(f *testing.F) {
	for _, seed := range []string{`</x>; rel="next"`, `<//evil/x>`, `<https://r.example.com@evil/x>`, `<\\evil>`, `<a>,<b>;rel=next`} {
		f.Add(seed)
	}

	page := &url.URL{Scheme: "https", Host: "r.example.com", Path: "/v2/www/tags/list"}

	f.Fuzz(func(t *testing.T, link string) {
		next, err := nextPage(http.Header{"Link": {link}}, page)
		if err == nil && next != nil && (next.Scheme != "https" || next.Host != "r.example.com" || next.User != nil) {
			t.Errorf("%q leads to %q", link, next)
		}
	})
}

// TestRetryAfter checks what is read from the header.
func TestRetryAfter(t *testing.T) {
	t.Parallel()

	const date = "Mon, 02 Jan 2006 15:04:05 GMT"

	cases := map[string]struct {
		reason, value, date string
		status              int
		want                time.Duration
	}{
		"Seconds":     {reason: "seconds", value: "120", status: 429, want: 2 * time.Minute},
		"Spaces":      {reason: "spaces mean nothing", value: " 1 ", status: 503, want: time.Second},
		"Date":        {reason: "a date, by the server's clock", value: "Mon, 02 Jan 2006 15:05:05 GMT", date: date, status: 429, want: time.Minute},
		"Past":        {reason: "a time in the past is no wait", value: "Mon, 02 Jan 2006 15:03:05 GMT", date: date, status: 429},
		"FarAway":     {reason: "an hour is enough", value: "Mon, 02 Jan 2106 15:03:05 GMT", date: date, status: 429, want: time.Hour},
		"FarAwayHere": {reason: "by our clock too", value: "Mon, 02 Jan 2106 15:03:05 GMT", status: 429, want: time.Hour},
		"Huge":        {reason: "a number beyond all bounds isn't a number", value: "99999999999999999999999", status: 429},
		"Large":       {reason: "a large one doesn't overflow", value: "9223372036854775807", status: 429, want: time.Hour},
		"Negative":    {reason: "a negative one isn't one", value: "-5", status: 429},
		"Word":        {reason: "neither is a word", value: "soon", status: 429},
		"Missing":     {reason: "it may be missing", status: 429},
		"OtherStatus": {reason: "elsewhere it means something else", value: "120", status: 301},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			recorder := httptest.NewRecorder()
			recorder.Header().Set("Retry-After", tc.value)

			if tc.date != "" {
				recorder.Header().Set("Date", tc.date)
			}

			recorder.WriteHeader(tc.status)

			resp := recorder.Result()
			defer resp.Body.Close()

			if diff := cmp.Diff(tc.want, retryAfter(resp, time.Now())); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// TestClean checks what becomes of foreign texts.
func TestClean(t *testing.T) {
	t.Parallel()

	cases := map[string]struct{ reason, text, want string }{
		"Line":    {reason: "one line", text: "a\r\nb", want: "a  b"},
		"Escape":  {reason: "nothing that steers a terminal", text: "\x1b[31mred", want: "[31mred"},
		"Invalid": {reason: "valid UTF-8", text: "a\xffb", want: "a\ufffdb"},
		"Long":    {reason: "of bounded length", text: strings.Repeat("x", 1000), want: strings.Repeat("x", 200) + "..."},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(tc.want, clean(tc.text)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}
