package registry_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry"
)

// versions returns so many tags.
func versions(n int) []string {
	tags := make([]string, n)
	for i := range tags {
		tags[i] = fmt.Sprintf("v1.%d.%d", i/100, i%100)
	}

	return tags
}

// TestManyTags lists as many tags as a busy repository has, over pages of the real registry.
func TestManyTags(t *testing.T) {
	t.Parallel()

	// The registry leads from the last full page to an empty one.
	const tags, pages = 10_000, 11

	w := newWire(t, "", "")
	w.push(t, registry.Credential{}, "www", versions(tags)...)

	got, err := registry.NewClient().ListTags(t.Context(), w.repository(t, "www"), registry.Access{})
	if err != nil {
		t.Fatal(err)
	}

	distinct := make(map[string]bool, tags)
	for _, tag := range got.Tags {
		distinct[tag] = true
	}

	if diff := cmp.Diff([]int{tags, tags, pages}, []int{len(got.Tags), len(distinct), got.Requests}); diff != "" {
		t.Errorf("tags, distinct ones, requests (-want +got):\n%s", diff)
	}
}

// BenchmarkListTags lists the tags of the real registry again and again: as they are, where it is asked directly, and
// where ETags before it say that nothing has changed (the handler that says so is measured too).
func BenchmarkListTags(b *testing.B) {
	for _, tags := range []int{50, 10_000} {
		w := newWire(b, "", "")
		w.push(b, registry.Credential{}, "www", versions(tags)...)
		w.answer(func(rw http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-None-Match") != "" {
				rw.WriteHeader(http.StatusNotModified)

				return
			}

			rw.Header().Set("ETag", `"1"`)
			w.proxy.ServeHTTP(rw, r)
		})

		b.Run(strconv.Itoa(tags), func(b *testing.B) { benchmarkList(b, forward(b, w.socket)) })
		b.Run(strconv.Itoa(tags)+"/Unchanged", func(b *testing.B) { benchmarkList(b, w.host) })
	}
}

// benchmarkList measures scans in the steady state.
func benchmarkList(b *testing.B, host string) {
	b.Helper()

	c := registry.NewClient()
	repo := insecure(b, host+"/www")

	if _, err := c.ListTags(b.Context(), repo, registry.Access{}); err != nil {
		b.Fatal(err)
	}

	b.ReportAllocs()

	requests := 0

	for b.Loop() {
		got, err := c.ListTags(b.Context(), repo, registry.Access{})
		if err != nil {
			b.Fatal(err)
		}

		requests += got.Requests
	}

	b.ReportMetric(float64(requests)/float64(b.N), "requests/op")
}
