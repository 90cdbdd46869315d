package history_test

import (
	"crypto/subtle"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/cmd/fairlead/history"
)

// behindPassword lets in who says git and the secret.
func behindPassword(t *testing.T, folder, secret string) string {
	t.Helper()
	inner, err := url.Parse(serve(t, folder))
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(inner)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		username, password, _ := r.BasicAuth()
		if username != "git" || subtle.ConstantTimeCompare([]byte(password), []byte(secret)) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestCredentials clones with what git knows of a server, and never tells of it.
func TestCredentials(t *testing.T) {
	const secret, planted = "s3cret/word", "planted-password"
	t.Setenv("GIT_TERMINAL_PROMPT", "0") // Whoever runs this isn't to be asked.
	t.Setenv("GIT_CONFIG_SYSTEM", os.DevNull)
	t.Setenv("LC_ALL", "C")
	server := behindPassword(t, newClone(t), secret)
	host := strings.TrimPrefix(server, "http://")
	helper := filepath.Join(t.TempDir(), "config")
	t.Setenv("GIT_CONFIG_GLOBAL", helper)
	const refused = `clone http://HOST/.git: git says: remote: who are you?; fatal: Authentication failed for 'http://HOST/.git/'`
	cases := []struct {
		name, reason, config, from, want string
	}{
		{name: "Helper", reason: "what git keeps the password in is asked", config: secret, from: server + "/.git"},
		{name: "URL", reason: "as a last resort", from: "http://git:" + url.QueryEscape(secret) + "@" + host + "/.git"},
		{name: "WrongHelper", reason: "its answer isn't told", config: planted, from: server + "/.git", want: refused},
		{name: "WrongURL", reason: "the URL is named without it", from: "http://git:" + planted + "@" + host + "/.git", want: refused},
		{
			name: "TokenAsUser", reason: "many write a token where the name stands", from: "http://" + planted + "@" + host + "/.git",
			want: "clone http://HOST/.git: git says: fatal: could not read Password for 'http://HOST': terminal prompts disabled",
		},
		{name: "Broken", reason: "not even a URL that is none", from: "http://git:" + planted + "@host%/x", want: "clone a repository: its url can't be read: write it as https://host/path"},
		{
			name: "Nothing", reason: "git would ask the terminal", from: server + "/.git",
			want: "clone http://HOST/.git: git says: fatal: could not read Username for 'http://HOST': terminal prompts disabled",
		},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			config := ""
			if tc.config != "" {
				config = "[credential]\n\thelper = \"!f() { echo username=git; echo password=" + tc.config + "; }; f\"\n"
			}
			if err := os.WriteFile(helper, []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := ask(t, tc.from, history.Question{})
			message := ""
			if err != nil {
				message = strings.ReplaceAll(err.Error(), host, "HOST")
			}
			if diff := cmp.Diff(tc.want, message); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}
