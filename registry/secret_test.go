package registry_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry"
)

// planted are secrets that must not come to light.
var planted = registry.Credential{Username: "fairlead", Password: "pl@nted/pass word", IdentityToken: "planted-identity"}

// forms returns all that would give the planted secrets away, and the tokens that echo issues.
func forms() []string {
	return []string{
		planted.Password, url.QueryEscape(planted.Password), url.PathEscape(planted.Password), planted.IdentityToken,
		base64.StdEncoding.EncodeToString([]byte(planted.Username + ":" + planted.Password)),
		"planted-token", "planted-refresh",
	}
}

// echo repeats everything that it is sent in its errors, by way of the authentication scheme that it is told to ask for.
func echo(scheme string) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		sent := fmt.Sprint(r.Form["refresh_token"], r.Header)

		switch {
		case r.URL.Path == "/token" && r.FormValue("refresh_token") != "planted-refresh":
			_ = json.NewEncoder(rw).Encode(map[string]string{"token": "planted-token", "refresh_token": "planted-refresh"})
		case r.Header.Get("Authorization") == "" && r.URL.Path != "/token":
			rw.Header().Set("WWW-Authenticate", fmt.Sprintf(`%s realm="http://%s/token"`, scheme, r.Host))
			rw.WriteHeader(http.StatusUnauthorized)
		default:
			rw.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(rw).Encode(map[string]any{"errors": []map[string]string{{"code": sent, "message": sent}}})
		}
	}
}

// checkHidden looks for secrets in every way to print a value, and in all that it wraps.
func checkHidden(t *testing.T, reason string, value any) {
	t.Helper()

	var printed strings.Builder

	fmt.Fprintf(&printed, "%v|%+v|%#v|%s|%q", value, value, value, value, value)

	if encoded, err := json.Marshal(value); err == nil {
		printed.Write(encoded)
	}

	if err, ok := value.(error); ok {
		for ; err != nil; err = errors.Unwrap(err) {
			fmt.Fprintf(&printed, "|%v|%+v|%#v", err, err, err)
		}
	}

	for _, form := range forms() {
		if strings.Contains(printed.String(), form) {
			t.Errorf("%s: %q came to light:\n%s", reason, form, printed.String())
		}
	}
}

// TestErrorsHideSecrets asks registries that repeat whatever they are sent.
func TestErrorsHideSecrets(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		reason, scheme, want string
		cred                 registry.Credential
	}{
		"Basic": {
			reason: "a registry repeats the password", scheme: "Basic",
			cred: registry.Credential{Username: planted.Username, Password: planted.Password},
			want: "list tags of %[1]s/www: %[1]s answered 400 Bad Request (words withheld, they repeat a secret: words withheld, they repeat a secret): " +
				"check the image's name, and that this is a registry",
		},
		"Bearer": {
			reason: "a registry repeats the token", scheme: "Bearer",
			cred: registry.Credential{Username: planted.Username, Password: planted.Password},
			want: "list tags of %[1]s/www: %[1]s answered 400 Bad Request (words withheld, they repeat a secret: words withheld, they repeat a secret): " +
				"check the image's name, and that this is a registry",
		},
		"Identity": {
			reason: "a registry repeats the token that an identity token was exchanged for", scheme: "Bearer",
			cred: registry.Credential{IdentityToken: planted.IdentityToken},
			want: "list tags of %[1]s/www: %[1]s answered 400 Bad Request (words withheld, they repeat a secret: words withheld, they repeat a secret): " +
				"check the image's name, and that this is a registry",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := httptest.NewServer(echo(tc.scheme))
			t.Cleanup(server.Close)

			host := strings.TrimPrefix(server.URL, "http://")

			repo, err := registry.ParseImage(host+"/www", true)
			if err != nil {
				t.Fatal(err)
			}

			_, err = registry.NewClient().ListTags(t.Context(), repo, registry.Access{Credential: tc.cred})
			checkMessage(t, tc.reason, tc.want, host, err)
			checkHidden(t, tc.reason, err)
		})
	}
}

// TestRefreshTokenHidden checks that a token which the server itself gave is kept out too: it refuses to take it back,
// and quotes it.
func TestRefreshTokenHidden(t *testing.T) {
	t.Parallel()

	first := true
	handler := echo("Bearer")

	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer planted-token" && first {
			first = false

			rw.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token"`, r.Host))
			rw.WriteHeader(http.StatusUnauthorized)

			return
		}

		handler(rw, r)
	}))
	t.Cleanup(server.Close)

	repo, err := registry.ParseImage(strings.TrimPrefix(server.URL, "http://")+"/www", true)
	if err != nil {
		t.Fatal(err)
	}

	_, err = registry.NewClient().ListTags(t.Context(), repo, registry.Access{Credential: planted})
	if err == nil {
		t.Fatal("no error")
	}

	checkHidden(t, "a token server repeats its own refresh token", err)
}

// TestCredentialHidden prints credentials in all ways.
func TestCredentialHidden(t *testing.T) {
	t.Parallel()

	checkHidden(t, "a credential is printed", planted)
	checkHidden(t, "a pointer to a credential is printed", &planted)
	checkHidden(t, "a credential is part of something that is printed", struct{ C registry.Credential }{planted})

	var line strings.Builder

	slog.New(slog.NewJSONHandler(&line, nil)).Info("scan", "credential", planted)
	checkHidden(t, "a credential is logged", line.String())

	if diff := cmp.Diff("anonymous", registry.Credential{}.String()); diff != "" {
		t.Errorf("no credential (-want +got):\n%s", diff)
	}
}
