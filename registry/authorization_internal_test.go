package registry

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
)

// TestTokenLife checks for how long a token is used.
func TestTokenLife(t *testing.T) {
	t.Parallel()

	for said, want := range map[string]time.Duration{
		`300`: 5 * time.Minute, `"300"`: 5 * time.Minute, `300.5`: 5*time.Minute + time.Second/2,
		``: time.Minute, `null`: time.Minute, `0`: time.Minute, `-5`: time.Minute, `"soon"`: time.Minute, `"NaN"`: time.Minute, `{}`: time.Minute,
		`1e300`: 24 * time.Hour, `"Inf"`: 24 * time.Hour,
	} {
		if diff := cmp.Diff(want, tokens{ExpiresIn: []byte(said)}.life()); diff != "" {
			t.Errorf("expires_in %s (-want +got):\n%s", said, diff)
		}
	}
}

// TestTokenRenewed checks that a token is renewed before its end, and how each scan is paid for.
func TestTokenRenewed(t *testing.T) {
	t.Parallel()

	issued := 0

	w := newTown(t, func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case r.Host == "auth.example.com":
			issued++
			fmt.Fprintf(rw, `{"access_token":"token-%d","expires_in":"300"}`, issued)
		case r.Header.Get("Authorization") == fmt.Sprintf("Bearer token-%d", issued):
			fmt.Fprint(rw, `{"tags":["v1.0.0"]}`)
		default:
			rw.Header().Set("WWW-Authenticate", `Bearer realm="https://auth.example.com/token",service="test"`)
			rw.WriteHeader(http.StatusUnauthorized)
		}
	})

	for _, scan := range []struct {
		reason           string
		before           time.Duration
		requests, issued int
	}{
		{reason: "the first asks in vain, and for a token", requests: 3, issued: 1},
		{reason: "then it is kept", before: 289 * time.Second, requests: 1, issued: 1},
		{reason: "and renewed before its end, with nobody asked in vain", before: time.Second, requests: 2, issued: 2},
		{reason: "for as long again", before: 289 * time.Second, requests: 1, issued: 2},
	} {
		w.clock.Advance(scan.before)

		got, err := w.list(t, w.access(Credential{}))
		if err != nil {
			t.Fatal(err)
		}

		if diff := cmp.Diff([]int{scan.requests, scan.issued}, []int{got.Requests, issued}); diff != "" {
			t.Errorf("%s: requests, tokens (-want +got):\n%s", scan.reason, diff)
		}
	}
}

// refuse asks for a credential.
func refuse(rw http.ResponseWriter, challenge string) {
	rw.Header().Set("WWW-Authenticate", challenge)
	rw.WriteHeader(http.StatusUnauthorized)
}

// changing answers as a registry that wants a password for one listing, and then a token.
func changing() http.HandlerFunc {
	basic := true

	return func(rw http.ResponseWriter, r *http.Request) {
		switch sent := r.Header.Get("Authorization"); {
		case r.Host == "auth.example.com":
			fmt.Fprint(rw, `{"token":"one"}`)
		case basic && sent == "":
			refuse(rw, `Basic realm="test"`)
		case basic, sent == "Bearer one":
			basic = false

			fmt.Fprint(rw, `{"tags":[]}`)
		default:
			refuse(rw, `Bearer realm="https://user:planted@auth.example.com/token#x"`)
		}
	}
}

// rotating answers as a registry that takes a token once, and whose token server gives a new refresh token each time.
func rotating() http.HandlerFunc {
	taken := make(map[string]bool)

	return func(rw http.ResponseWriter, r *http.Request) {
		sent := r.Header.Get("Authorization")

		switch {
		case r.Host == "auth.example.com":
			fmt.Fprintf(rw, `{"token":%q,"refresh_token":"second"}`, r.PostForm.Get("refresh_token"))
		case sent == "" || taken[sent]:
			refuse(rw, `Bearer realm="https://auth.example.com/token"`)
		default:
			taken[sent] = true

			fmt.Fprint(rw, `{"tags":[]}`)
		}
	}
}

// TestAuthorization checks what is sent by way of authentication, request by request. Each case is two scans.
func TestAuthorization(t *testing.T) {
	t.Parallel()

	cred := Credential{Username: "fairlead", Password: "secret"}

	cases := map[string]struct {
		reason string
		cred   Credential
		answer http.HandlerFunc
		want   map[string][]string
		err    string
	}{
		"Hidden": {
			reason: "a registry that hides from strangers what a credential may see is asked outright", cred: cred,
			answer: func(rw http.ResponseWriter, r *http.Request) {
				switch {
				case r.Header.Get("Authorization") != "":
					fmt.Fprint(rw, `{"tags":[]}`)
				case r.URL.Path == "/v2/":
					refuse(rw, `Basic realm="test"`)
				default:
					rw.WriteHeader(http.StatusNotFound)
				}
			},
			want: map[string][]string{"r.example.com": {"", "", basicHeader(t, cred), basicHeader(t, cred)}},
		},
		"Missing": {
			reason: "once: where nobody is asked, what isn't there isn't there", cred: cred,
			answer: func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/v2/" {
					rw.WriteHeader(http.StatusNotFound)
				}
			},
			want: map[string][]string{"r.example.com": {"", "", ""}},
			err:  "list tags of r.example.com/www: r.example.com answered 404 Not Found: check the image's name, or push its first tag",
		},
		"RegistryToken": {
			reason: "a token that was given is sent as it is", cred: Credential{RegistryToken: "given"},
			answer: func(rw http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer given" {
					refuse(rw, `Bearer realm="https://auth.example.com/token"`)

					return
				}

				fmt.Fprint(rw, `{"tags":[]}`)
			},
			want: map[string][]string{"r.example.com": {"", "Bearer given", "Bearer given"}},
		},
		"Rotated": {
			reason: "a refresh token that was given in the place of another is exchanged from then on", cred: Credential{IdentityToken: "first"},
			answer: rotating(),
			want: map[string][]string{
				"r.example.com":    {"", "Bearer first", "Bearer first", "Bearer second"},
				"auth.example.com": {"refresh first", "refresh second"},
			},
		},
		"NoExchange": {
			reason: "a token server may know no exchange", cred: Credential{Username: "fairlead", Password: "secret", IdentityToken: "identity"},
			answer: func(rw http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodPost:
					rw.WriteHeader(http.StatusNotFound)
				case r.Host == "auth.example.com":
					fmt.Fprint(rw, `{"token":"one"}`)
				case r.Header.Get("Authorization") == "Bearer one":
					fmt.Fprint(rw, `{"tags":[]}`)
				default:
					refuse(rw, `Bearer realm="https://auth.example.com/token"`)
				}
			},
			want: map[string][]string{
				"r.example.com":    {"", "Bearer one", "Bearer one"},
				"auth.example.com": {"refresh identity", basicHeader(t, cred)},
			},
		},
		"Changed": {
			reason: "a registry may change its ways", cred: cred, answer: changing(),
			want: map[string][]string{
				"r.example.com": {"", basicHeader(t, cred), basicHeader(t, cred), "Bearer one"}, "auth.example.com": {basicHeader(t, cred)},
			},
		},
		"Below": {
			reason: "a host below the registry's is another host", cred: cred,
			answer: func(rw http.ResponseWriter, r *http.Request) {
				switch {
				case r.Host == "below.r.example.com":
					fmt.Fprint(rw, `{"tags":[]}`)
				case r.Header.Get("Authorization") == "":
					refuse(rw, `Basic realm="test"`)
				default:
					http.Redirect(rw, r, "https://below.r.example.com/", http.StatusFound)
				}
			},
			want: map[string][]string{"r.example.com": {"", basicHeader(t, cred), basicHeader(t, cred)}, "below.r.example.com": {"", ""}},
		},
		"Elsewhere": {
			reason: "where a registry redirects to, nobody can ask for its credential", cred: cred,
			answer: func(rw http.ResponseWriter, r *http.Request) {
				if r.Host == "evil.example.com" {
					refuse(rw, `Basic realm="test"`)

					return
				}

				http.Redirect(rw, r, "https://evil.example.com/", http.StatusFound)
			},
			want: map[string][]string{"r.example.com": {"", ""}, "evil.example.com": {"", ""}},
			err:  "list tags of r.example.com/www: evil.example.com answered 401 Unauthorized: check the credential, and that it may pull this image",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newTown(t, tc.answer)

			for range 2 {
				_, err := w.list(t, w.access(tc.cred))

				got := ""
				if err != nil {
					got = err.Error()
				}

				if diff := cmp.Diff(tc.err, got); diff != "" {
					t.Errorf("%s: message (-want +got):\n%s", tc.reason, diff)
				}
			}

			if diff := cmp.Diff(tc.want, w.seen); diff != "" {
				t.Errorf("%s: who saw what (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// TestTokenServerHeldBack checks that a token server that wants to be left alone is, by those alone who need it.
func TestTokenServerHeldBack(t *testing.T) {
	t.Parallel()

	w := newTown(t, func(rw http.ResponseWriter, r *http.Request) {
		switch r.Host {
		case "auth.example.com":
			rw.Header().Set("Retry-After", "60")
			rw.WriteHeader(http.StatusTooManyRequests)
		case "open.example.com":
			fmt.Fprint(rw, `{"tags":[]}`)
		default:
			rw.Header().Set("WWW-Authenticate", `Bearer realm="https://auth.example.com/token"`)
			rw.WriteHeader(http.StatusUnauthorized)
		}
	})

	const held = "auth.example.com answered 429 Too Many Requests: ask less often, or with a credential that may ask more often"

	for _, step := range []struct {
		reason, image, want string
		requests            int
	}{
		{reason: "the first asks both", image: "r.example.com/www", requests: 2, want: "list tags of r.example.com/www: " + held},
		{reason: "then the registry alone", image: "r.example.com/www", requests: 1, want: "list tags of r.example.com/www: " + held},
		{reason: "so for another registry of that token server", image: "s.example.com/www", requests: 1, want: "list tags of s.example.com/www: " + held},
		{reason: "and one that needs no token needs no token server", image: "open.example.com/www", requests: 1},
	} {
		repo, err := name.NewRepository(step.image)
		if err != nil {
			t.Fatal(err)
		}

		listing, err := w.client.ListTags(t.Context(), repo, w.access(Credential{}))

		got := ""
		if err != nil {
			got = err.Error()
		}

		if diff := cmp.Diff([]any{step.want, step.requests}, []any{got, listing.Requests}); diff != "" {
			t.Errorf("%s: message, requests (-want +got):\n%s", step.reason, diff)
		}
	}

	if diff := cmp.Diff(1, len(w.seen["auth.example.com"])); diff != "" {
		t.Errorf("requests at the token server (-want +got):\n%s", diff)
	}
}
