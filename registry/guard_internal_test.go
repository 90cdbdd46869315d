package registry

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGuardForbids checks where requests may go.
func TestGuardForbids(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		reason, host string
		plain        bool
		url          string
		want         string
	}{
		"Registry":       {reason: "the registry is asked over TLS", host: "r.example.com", url: "https://r.example.com/v2/"},
		"Address":        {reason: "the registry itself may be an address", host: "10.0.0.1:5000", url: "https://10.0.0.1:5000/v2/"},
		"Plain":          {reason: "or over plain HTTP if that was said", host: "r.example.com", plain: true, url: "http://r.example.com/v2/"},
		"Realm":          {reason: "a token server may live elsewhere", host: "r.example.com", url: "https://auth.example.com/token"},
		"PlainRealm":     {reason: "that of a plain registry may use plain HTTP", host: "r.example.com", plain: true, url: "http://auth.example.com/token"},
		"TLSRealm":       {reason: "or TLS", host: "r.example.com", plain: true, url: "https://auth.example.com/token"},
		"Downgrade":      {reason: "nothing goes out in plain text unasked", host: "r.example.com", url: "http://r.example.com/v2/", want: "it leads from TLS to plain HTTP"},
		"RealmDowngrade": {reason: "to nobody", host: "r.example.com", url: "http://auth.example.com/token", want: "it leads from TLS to plain HTTP"},
		"Upgrade":        {reason: "insecure means plain HTTP", host: "r.example.com", plain: true, url: "https://r.example.com/v2/", want: "it leads from plain HTTP to TLS"},
		"Metadata":       {reason: "cloud metadata isn't asked", host: "r.example.com", url: "https://169.254.169.254/x", want: "it leads to the address 169.254.169.254"},
		"IPv6":           {reason: "nor its other addresses", host: "r.example.com", url: "https://[fd00:ec2::254]/x", want: "it leads to the address [fd00:ec2::254]"},
		"Zone":           {reason: "nor one with a zone", host: "r.example.com", url: "https://[fe80::1%25eth0]/x", want: "it leads to the address [fe80::1%eth0]"},
		"Decimal":        {reason: "nor one in decimal", host: "r.example.com", url: "https://2852039166/x", want: "it leads to the address 2852039166"},
		"Hexadecimal":    {reason: "nor one in hexadecimal", host: "r.example.com", url: "https://0xa9fea9fe/x", want: "it leads to the address 0xa9fea9fe"},
		"Short":          {reason: "nor one in short", host: "r.example.com", url: "https://127.1/x", want: "it leads to the address 127.1"},
		"Localhost":      {reason: "nor the machine itself", host: "r.example.com", url: "https://LOCALHOST:8080/x", want: "it leads to the address LOCALHOST:8080"},
		"LocalhostBelow": {reason: "by whatever name", host: "r.example.com", url: "https://a.localhost./x", want: "it leads to the address a.localhost."},
		"OtherPort":      {reason: "another port of an address is another server", host: "10.0.0.1:5000", url: "https://10.0.0.1:6443/x", want: "it leads to the address 10.0.0.1:6443"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			u, err := url.Parse(tc.url)
			if err != nil {
				t.Fatal(err)
			}

			home := &url.URL{Scheme: "https", Host: tc.host}
			if tc.plain {
				home.Scheme = "http"
			}

			got := ""
			if v := (&guard{home: home}).forbids(u); v != nil {
				got = v.Error()
			}

			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// basicHeader is what a credential looks like on the wire.
func basicHeader(t *testing.T, cred Credential) string {
	t.Helper()

	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	req.SetBasicAuth(cred.Username, cred.Password)

	return req.Header.Get("Authorization")
}

// TestCredentialsStay checks who gets to see a credential, and who a token, when a registry redirects, and when its
// token server is another host.
func TestCredentialsStay(t *testing.T) {
	t.Parallel()

	cred := Credential{Username: "fairlead", Password: "secret"}
	basic := basicHeader(t, cred)

	challenge := func(rw http.ResponseWriter, value string) {
		rw.Header().Set("WWW-Authenticate", value)
		rw.WriteHeader(http.StatusUnauthorized)
	}

	cases := map[string]struct {
		reason string
		cred   Credential
		answer http.HandlerFunc
		want   map[string][]string
		err    string
	}{
		"BasicRedirected": {
			reason: "a redirect to another host is followed without the password", cred: cred,
			answer: func(rw http.ResponseWriter, r *http.Request) {
				switch {
				case r.Host == "mirror.example.com":
					fmt.Fprint(rw, `{"tags":["v1.0.0"]}`)
				case r.Header.Get("Authorization") == "":
					challenge(rw, `Basic realm="test"`)
				default:
					http.Redirect(rw, r, "https://mirror.example.com/v2/www/tags/list", http.StatusTemporaryRedirect)
				}
			},
			want: map[string][]string{"r.example.com": {"", basic}, "mirror.example.com": {""}},
		},
		"BearerRedirected": {
			reason: "and without the token; the token server alone gets the password", cred: cred,
			answer: func(rw http.ResponseWriter, r *http.Request) {
				switch {
				case r.Host == "auth.example.com":
					fmt.Fprint(rw, `{"token":"bearer-token"}`)
				case r.Host == "mirror.example.com":
					fmt.Fprint(rw, `{"tags":["v1.0.0"]}`)
				case r.Header.Get("Authorization") == "":
					challenge(rw, `Bearer realm="https://auth.example.com/token",service="test"`)
				default:
					http.Redirect(rw, r, "https://mirror.example.com/v2/www/tags/list", http.StatusTemporaryRedirect)
				}
			},
			want: map[string][]string{
				"r.example.com": {"", "Bearer bearer-token"}, "auth.example.com": {basic}, "mirror.example.com": {""},
			},
		},
		"TokenServerRedirects": {
			reason: "a token server that redirects doesn't hand on the password", cred: cred,
			answer: func(rw http.ResponseWriter, r *http.Request) {
				switch r.Host {
				case "auth.example.com":
					http.Redirect(rw, r, "https://evil.example.com/token", http.StatusTemporaryRedirect)
				case "evil.example.com":
					rw.WriteHeader(http.StatusForbidden)
				default:
					challenge(rw, `Bearer realm="https://auth.example.com/token"`)
				}
			},
			want: map[string][]string{"r.example.com": {""}, "auth.example.com": {basic}, "evil.example.com": {""}},
			err: "list tags of r.example.com/www: evil.example.com answered 403 Forbidden: " +
				"check the credential, and that it may pull this image",
		},
		"RefreshTokenRedirected": {
			reason: "nor an identity token, which is in the request's body", cred: Credential{IdentityToken: "identity"},
			answer: func(rw http.ResponseWriter, r *http.Request) {
				switch r.Host {
				case "auth.example.com":
					http.Redirect(rw, r, "https://evil.example.com/token", http.StatusTemporaryRedirect)
				default:
					challenge(rw, `Bearer realm="https://auth.example.com/token"`)
				}
			},
			want: map[string][]string{"r.example.com": {""}, "auth.example.com": {"refresh identity"}},
			err: "list tags of r.example.com/www: r.example.com: its token server redirects the exchange of a refresh token: " +
				"check the token server's configuration",
		},
		"PlainRealm": {
			reason: "a token server without TLS gets nothing", cred: cred,
			answer: func(rw http.ResponseWriter, _ *http.Request) {
				challenge(rw, `Bearer realm="http://auth.example.com/token"`)
			},
			want: map[string][]string{"r.example.com": {""}},
			err:  "list tags of r.example.com/www: r.example.com: it leads from TLS to plain HTTP: check the registry's configuration",
		},
		"Downgraded": {
			reason: "a registry that redirects to plain HTTP gets nothing", cred: cred,
			answer: func(rw http.ResponseWriter, r *http.Request) {
				http.Redirect(rw, r, "http://r.example.com/v2/www/tags/list", http.StatusTemporaryRedirect)
			},
			want: map[string][]string{"r.example.com": {""}},
			err:  "list tags of r.example.com/www: r.example.com: it leads from TLS to plain HTTP: check the registry's configuration",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newTown(t, tc.answer)
			_, err := w.list(t, w.access(tc.cred))

			got := ""
			if err != nil {
				got = err.Error()
			}

			if diff := cmp.Diff(tc.err, got); diff != "" {
				t.Errorf("%s: message (-want +got):\n%s", tc.reason, diff)
			}

			if diff := cmp.Diff(tc.want, w.seen); diff != "" {
				t.Errorf("%s: who saw what (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// TestListTagsTLS follows pages over TLS, also those whose link a proxy gave the wrong scheme.
func TestListTagsTLS(t *testing.T) {
	t.Parallel()

	w := newTown(t, func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("last") {
		case "":
			rw.Header().Set("Link", `<http://r.example.com/v2/www/tags/list?last=a>; rel="next"`)
			fmt.Fprint(rw, `{"tags":["a"]}`)
		case "a":
			rw.Header().Set("Link", `<https://r.example.com:443/v2/www/tags/list?last=b>; rel="next"`)
			fmt.Fprint(rw, `{"tags":["b"]}`)
		default:
			fmt.Fprint(rw, `{"tags":null}`)
		}
	})

	got, err := w.list(t, w.access(Credential{}))
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(Listing{Tags: []string{"a", "b"}, Requests: 3}, got); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
}

// TestPrivateTLS checks that a registry at a loopback address is asked over TLS unless it is insecure, on all pages.
func TestPrivateTLS(t *testing.T) {
	t.Parallel()

	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("last") == "" {
			rw.Header().Set("Link", `</v2/www/tags/list?last=a>; rel="next"`)
		}

		fmt.Fprint(rw, `{"tags":["a"]}`)
	}))
	server.Config.ErrorLog = quiet
	server.StartTLS()
	t.Cleanup(server.Close)

	repo, err := ParseImage(strings.TrimPrefix(server.URL, "https://")+"/www", false)
	if err != nil {
		t.Fatal(err)
	}

	c := NewClient()

	_, err = c.ListTags(t.Context(), repo, Access{})
	want := fmt.Sprintf("list tags of %[1]s/www: %[1]s: its certificate is signed by an unknown authority: "+
		"give its CA certificate, or use a certificate that the system trusts", repo.RegistryStr())

	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}

	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})

	got, err := c.ListTags(t.Context(), repo, Access{CABundle: string(bundle)})
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(Listing{Tags: []string{"a", "a"}, Requests: 2}, got); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
}

// TestCause checks that the same failure has the same text.
func TestCause(t *testing.T) {
	t.Parallel()

	local, remote := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4711}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}

	cases := map[string]struct {
		reason string
		err    error
		want   string
	}{
		"Read": {
			reason: "our port differs each time",
			err:    &net.OpError{Op: "read", Net: "tcp", Source: local, Addr: remote, Err: errors.New("connection reset by peer")},
			want:   "connection lost: connection reset by peer",
		},
		"Lookup": {
			reason: "so does that to the name server",
			err: &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{
				Name: "r.example.com", Server: "10.0.0.10:53", Err: "read udp 10.0.0.7:4711->10.0.0.10:53: i/o timeout",
			}},
			want: "dial tcp: lookup r.example.com on 10.0.0.10:53: read udp 10.0.0.10:53: i/o timeout",
		},
		"Expired": {
			reason: "the library's text holds the time of day",
			err:    fmt.Errorf("tls: %w", x509.CertificateInvalidError{Reason: x509.Expired, Detail: "current time ..."}),
			want:   "its certificate has expired or isn't valid yet",
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(tc.want, cause(tc.err)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}
