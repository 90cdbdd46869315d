package registry_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry"
)

// TestListTags follows pages of a real registry, and counts the requests by which it does so.
func TestListTags(t *testing.T) {
	t.Parallel()

	w := newWire(t, "", "")

	want := make([]string, 1500)
	for i := range want {
		want[i] = fmt.Sprintf("v1.0.%d", i)
	}

	w.push(t, registry.Credential{}, "web-hook/www", want...)
	slices.Sort(want)

	c := registry.NewClient()
	repo := w.repository(t, "web-hook/www")

	for _, scan := range []struct {
		reason string
		want   int
	}{
		{reason: "the first scan asks for two pages", want: 2},
		{reason: "so does the second", want: 2},
		{reason: "and every other", want: 2},
	} {
		var (
			got registry.Listing
			err error
		)

		cost := w.cost(func() { got, err = c.ListTags(t.Context(), repo, registry.Access{}) })
		if err != nil {
			t.Fatal(err)
		}

		slices.Sort(got.Tags)

		if diff := cmp.Diff(registry.Listing{Tags: want, Requests: scan.want}, got); diff != "" {
			t.Errorf("%s: listing (-want +got):\n%s", scan.reason, diff)
		}

		if diff := cmp.Diff(scan.want, cost); diff != "" {
			t.Errorf("%s: requests that arrived (-want +got):\n%s", scan.reason, diff)
		}
	}
}

// TestListTagsBasic lists with a password, a wrong one, and none.
func TestListTagsBasic(t *testing.T) {
	t.Parallel()

	cred := registry.Credential{Username: "fairlead", Password: "correct horse"}
	w := newWire(t, cred.Username, cred.Password)
	w.push(t, cred, "web-hook/www", "v1.0.0")

	c := registry.NewClient()
	repo := w.repository(t, "web-hook/www")

	const refused = "UNAUTHORIZED: authentication required"

	for _, scan := range []struct {
		reason   string
		cred     registry.Credential
		requests int
		err      string
	}{
		{reason: "the first scan asks how to authenticate", cred: cred, requests: 2},
		{reason: "then one request is enough", cred: cred, requests: 1},
		{
			reason: "nobody profits from somebody else's credential", requests: 1,
			err: "list tags of %[1]s/web-hook/www: %[1]s answered 401 Unauthorized (" + refused + "): give a credential that may pull, or check the image's name",
		},
		{
			reason: "a wrong password is refused", cred: registry.Credential{Username: "fairlead", Password: "wrong"}, requests: 2,
			err: "list tags of %[1]s/web-hook/www: %[1]s answered 401 Unauthorized (" + refused + "): check the credential, and that it may pull this image",
		},
		{reason: "and hurts nobody else", cred: cred, requests: 1},
	} {
		got, err := c.ListTags(t.Context(), repo, registry.Access{Credential: scan.cred})

		want := registry.Listing{Requests: scan.requests}
		if scan.err == "" {
			want.Tags = []string{"v1.0.0"}
		}

		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: listing (-want +got):\n%s", scan.reason, diff)
		}

		checkMessage(t, scan.reason, scan.err, w.host, err)
	}
}

// checkMessage compares an error's message with one that leaves the host to be filled in; "" stands for no error.
func checkMessage(t *testing.T, reason, want, host string, err error) {
	t.Helper()

	checkText(t, reason, strings.ReplaceAll(want, "%[1]s", host), err)
}

// checkText compares an error's message; "" stands for no error.
func checkText(t *testing.T, reason, want string, err error) {
	t.Helper()

	got := ""
	if err != nil {
		got = err.Error()
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: message (-want +got):\n%s", reason, diff)
	}
}

// TestListTagsRecovers checks that a credential mended at the registry works without a new client.
func TestListTagsRecovers(t *testing.T) {
	t.Parallel()

	cred := registry.Credential{Username: "fairlead", Password: "pass"}
	w := newWire(t, "", "")
	w.push(t, registry.Credential{}, "www", "v1.0.0")

	c := registry.NewClient()
	repo := w.repository(t, "www")

	if _, err := c.ListTags(t.Context(), repo, registry.Access{Credential: cred}); err != nil {
		t.Fatal(err)
	}

	tokens := newTokenServer(w, "other", "password")
	w.answer(tokens.ServeHTTP)

	if _, err := c.ListTags(t.Context(), repo, registry.Access{Credential: cred}); err == nil {
		t.Fatal("the registry wants tokens now, but was asked without")
	}

	tokens.allow(cred.Username, cred.Password)

	if _, err := c.ListTags(t.Context(), repo, registry.Access{Credential: cred}); err != nil {
		t.Errorf("the registry's new way to authenticate wasn't found out: %v", err)
	}
}

// TestDigest compares digests with what was pushed.
func TestDigest(t *testing.T) {
	t.Parallel()

	w := newWire(t, "", "")
	want := w.push(t, registry.Credential{}, "www", "v1.0.0").String()
	repo := w.repository(t, "www")
	c := registry.NewClient()

	withoutDigest := func(rw http.ResponseWriter, r *http.Request) {
		w.proxy.ServeHTTP(headerFilter{rw}, r)
	}
	withoutHead := func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			rw.WriteHeader(http.StatusMethodNotAllowed)

			return
		}

		w.proxy.ServeHTTP(rw, r)
	}

	for _, step := range []struct {
		reason   string
		answer   http.HandlerFunc
		tag      string
		want     string
		requests int
		err      string
	}{
		{reason: "one request is enough", tag: "v1.0.0", want: want, requests: 1},
		{reason: "a registry needn't tell the digest in a header", tag: "v1.0.0", answer: withoutDigest, want: want, requests: 2},
		{reason: "a registry needn't know HEAD", tag: "v1.0.0", answer: withoutHead, want: want, requests: 2},
		{
			reason: "a tag may be gone", tag: "v9.9.9", requests: 1,
			err: "resolve %[1]s/www:v9.9.9: %[1]s answered 404 Not Found: check that the tag still exists",
		},
	} {
		w.answer(step.answer)

		got, requests, err := c.Digest(t.Context(), repo.Tag(step.tag), registry.Access{})

		if diff := cmp.Diff([]any{step.want, step.requests}, []any{got, requests}); diff != "" {
			t.Errorf("%s: digest and requests (-want +got):\n%s", step.reason, diff)
		}

		checkMessage(t, step.reason, step.err, w.host, err)
	}
}

// headerFilter leaves the digest out of an answer.
type headerFilter struct{ http.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (f headerFilter) WriteHeader(status int) {
	f.Header().Del("Docker-Content-Digest")
	f.ResponseWriter.WriteHeader(status)
}
