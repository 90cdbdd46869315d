package registry

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestChallengeOf reads what registries say.
func TestChallengeOf(t *testing.T) {
	t.Parallel()

	bearer := challenge{scheme: "bearer", realm: "https://auth.example.com/token", service: "registry.example.com", scope: "repository:www:pull"}

	cases := map[string]struct {
		reason string
		lines  []string
		want   challenge
	}{
		"None":  {reason: "nothing is asked for"},
		"Basic": {reason: "a password", lines: []string{`Basic realm="a realm"`}, want: challenge{scheme: "basic", realm: "a realm"}},
		"Bearer": {
			reason: "a token", want: bearer,
			lines: []string{`Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:www:pull"`},
		},
		"Spaces": {
			reason: "spaces are free, and so is the case", want: bearer,
			lines: []string{`BEARER  Realm = "https://auth.example.com/token" , Service=registry.example.com,, SCOPE="repository:www:pull", error="invalid_token"`},
		},
		"Scopes": {
			reason: "a scope holds commas and spaces", want: challenge{scheme: "bearer", realm: "r", scope: "repository:www:pull,push registry:catalog:*"},
			lines: []string{`Bearer realm="r",scope="repository:www:pull,push registry:catalog:*"`},
		},
		"Escapes": {reason: "quotes may be quoted", want: challenge{scheme: "basic", realm: `a "b" \`}, lines: []string{`Basic realm="a \"b\" \\"`}},
		"Several": {
			reason: "of several on a line the first that is known", want: challenge{scheme: "basic", realm: "r"},
			lines: []string{`Negotiate, NTLM realm="x", Basic realm="r", Bearer realm="s"`},
		},
		"Lines":    {reason: "or on several", want: challenge{scheme: "basic", realm: "r"}, lines: []string{`Negotiate abc==`, `Basic realm="r"`}},
		"Unended":  {reason: "a quote without an end ends with the line", want: challenge{scheme: "basic", realm: `r, x=`}, lines: []string{`Basic realm="r, x=`}},
		"NoScheme": {reason: "parameters without a scheme are nobody's", lines: []string{`realm="r", service=x`}},
		"Garbage":  {reason: "what can't be read ends it", want: challenge{scheme: "basic"}, lines: []string{"Basic @\x00, Bearer"}},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(tc.want, challengeOf(http.Header{"Www-Authenticate": tc.lines}), cmp.AllowUnexported(challenge{})); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// FuzzParseChallenges checks that any header is read to its end, and that nothing is found in it that it doesn't hold.
func FuzzParseChallenges(f *testing.F) {
	for _, line := range []string{
		`Basic realm="a"`, `Bearer realm="https://a/b",service=c,scope="d:e:f,g"`, `Negotiate abc==, Basic realm="x\"y`, `,=,"`, "Bearer\x00=",
	} {
		f.Add(line)
	}

	f.Fuzz(func(t *testing.T, line string) {
		size := 0
		for _, c := range parseChallenges(line) {
			size += len(c.scheme)
		}

		// Lower case may be longer than upper case, in bytes; schemes are ASCII.
		if size > len(line) {
			t.Errorf("%q holds %d bytes of schemes", line, size)
		}
	})
}

// FuzzParseManifest checks that no bytes of a registry harm, and that platforms are fit to be shown.
func FuzzParseManifest(f *testing.F) {
	for _, body := range []string{
		`{"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"digest":"sha256:00","platform":{"os":"linux","architecture":"amd64"}}]}`,
		`{"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:00"}}`, `{"os":"linux","architecture":"arm64","variant":"v8"}`, `[]`, `null`,
	} {
		f.Add([]byte(body))
	}

	f.Fuzz(func(t *testing.T, body []byte) {
		look := &inspection{found: make(map[string]bool)}

		if m, err := parseManifest(body); err == nil {
			for _, entry := range m.Manifests {
				if entry.Platform != nil && look.add(*entry.Platform) != nil {
					return
				}
			}
		}

		if p, err := parseConfig(body); err == nil {
			_ = look.add(p)
		}

		for _, text := range look.sorted() {
			if text == "" || clean(text) != text || len(text) > 3*33 {
				t.Errorf("%q is shown as a platform", text)
			}
		}
	})
}
