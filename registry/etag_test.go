package registry_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry"
)

// tagged adds ETags to the pages of the real registry, and answers 304 to who has a page already.
func (w *wire) tagged(bodies *int) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		// Small pages, so that there are some.
		query := r.URL.Query()
		query.Set("n", "4")
		r.URL.RawQuery = query.Encode()

		page := httptest.NewRecorder()
		w.proxy.ServeHTTP(page, r)

		etag := strconv.Quote(fmt.Sprintf("%x", sha256.Sum256(page.Body.Bytes())))
		rw.Header().Set("ETag", etag)

		if r.Header.Get("If-None-Match") == etag {
			rw.WriteHeader(http.StatusNotModified)

			return
		}

		if link := page.Header().Get("Link"); link != "" {
			rw.Header().Set("Link", link)
		}

		*bodies++

		rw.WriteHeader(page.Code)
		_, _ = rw.Write(page.Body.Bytes())
	}
}

// TestListTagsUnchanged checks what is asked and sent where a registry says whether a page has changed.
func TestListTagsUnchanged(t *testing.T) {
	t.Parallel()

	w := newWire(t, "", "")
	tags := []string{"a0", "b0", "c0", "d0", "e0", "f0", "g0", "h0", "i0", "j0"}
	w.push(t, registry.Credential{}, "www", tags...)

	bodies := 0
	w.answer(w.tagged(&bodies))

	c := registry.NewClient()
	repo := w.repository(t, "www")

	var last registry.Listing

	for _, scan := range []struct {
		reason      string
		push        string
		access      registry.Access
		pages       int
		bodies      int
		notModified bool
	}{
		{reason: "all pages come the first time", pages: 3, bodies: 3},
		{reason: "none comes again, and the tags are the very same", pages: 3, notModified: true},
		{reason: "nor the next time", pages: 3, notModified: true},
		{reason: "a tag changes its page", push: "j1", pages: 3, bodies: 1},
		{reason: "what came is remembered", pages: 3, notModified: true},
		{reason: "a tag in front changes all pages, and fills the last, so that an empty one follows", push: "a1", pages: 4, bodies: 4},
		{reason: "another credential shares nothing", access: registry.Access{Credential: registry.Credential{Username: "a", Password: "b"}}, pages: 4, bodies: 4},
		{reason: "and takes nothing away", pages: 4, notModified: true},
	} {
		if scan.push != "" {
			w.push(t, registry.Credential{}, "www", scan.push)

			tags = slices.Sorted(slices.Values(append(tags, scan.push)))
		}

		bodies = 0

		got, err := c.ListTags(t.Context(), repo, scan.access)
		if err != nil {
			t.Fatal(err)
		}

		want := registry.Listing{Tags: tags, Requests: scan.pages, NotModified: scan.notModified}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: listing (-want +got):\n%s", scan.reason, diff)
		}

		if diff := cmp.Diff(scan.bodies, bodies); diff != "" {
			t.Errorf("%s: pages sent (-want +got):\n%s", scan.reason, diff)
		}

		if scan.notModified && scan.access == (registry.Access{}) && &got.Tags[0] != &last.Tags[0] {
			t.Errorf("%s: the tags aren't the slice that was remembered", scan.reason)
		}

		if scan.access == (registry.Access{}) {
			last = got
		}
	}
}

// TestListTagsUnchangedLimits checks when nothing is remembered.
func TestListTagsUnchangedLimits(t *testing.T) {
	t.Parallel()

	full := make([]byte, 0, 8000)
	for i := range 1000 {
		full = fmt.Appendf(full, `,"v%d"`, i)
	}

	limits := registry.DefaultLimits()
	limits.Remembered = 0

	for _, tc := range []struct {
		reason string
		answer http.HandlerFunc
		opts   []registry.Option
	}{
		{
			reason: "nothing is remembered if nothing may be", opts: []registry.Option{registry.WithLimits(limits)},
			answer: respond(200, `{"tags":["v1.0.0"]}`, "ETag", `"1"`),
		},
		{
			reason: "a last page that is full may get a link without another ETag",
			answer: respond(200, `{"tags":[`+string(full[1:])+`]}`, "ETag", `"1"`),
		},
		{
			reason: "an ETag must not be too long",
			answer: respond(200, `{"tags":["v1.0.0"]}`, "ETag", `"`+string(full[:257])+`"`),
		},
		{
			reason: "without an ETag there is nothing to ask with",
			answer: respond(200, `{"tags":["v1.0.0"]}`),
		},
	} {
		w := newWire(t, "", "")
		asked := 0

		w.answer(func(rw http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-None-Match") != "" {
				asked++
			}

			tc.answer(rw, r)
		})

		c := registry.NewClient(tc.opts...)

		for range 2 {
			got, err := c.ListTags(t.Context(), w.repository(t, "www"), registry.Access{})
			if err != nil || got.NotModified {
				t.Errorf("%s: not modified: %t, %v", tc.reason, got.NotModified, err)
			}
		}

		if diff := cmp.Diff(0, asked); diff != "" {
			t.Errorf("%s: asked with an ETag (-want +got):\n%s", tc.reason, diff)
		}
	}

	w := newWire(t, "", "")
	w.answer(respond(304, ""))

	_, err := registry.NewClient().ListTags(t.Context(), w.repository(t, "www"), registry.Access{})
	checkMessage(t, "304 answers nobody who didn't ask",
		"list tags of %[1]s/www: %[1]s answered 304 Not Modified: check the image's name, and that this is a registry", w.host, err)
}
