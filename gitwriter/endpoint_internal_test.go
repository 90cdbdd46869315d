package gitwriter

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
)

func TestEndpoint(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ reason, url, want string }{
		"https":        {"a slash at the end is none of the path", "https://git.example.com/a/b.git/", "https://git.example.com/a/b.git"},
		"ssh":          {"who is said", "ssh://ada@git.example.com:2222/a/b.git", "ssh ada git.example.com:2222 /a/b.git"},
		"ssh default":  {"hosts call everybody so", "ssh://git.example.com/a/b.git", "ssh git git.example.com /a/b.git"},
		"ssh home":     {"as git has it", "ssh://git.example.com/~ada/b.git", "ssh git git.example.com ~ada/b.git"},
		"short":        {"below the home", "git@git.example.com:a/b.git", "ssh git git.example.com a/b.git"},
		"short rooted": {"from the root", "git@git.example.com:/a/b.git", "ssh git git.example.com /a/b.git"},
		"short IPv6":   {"its colons are its own", "git@[::1]:a/b.git", "ssh git [::1] a/b.git"},
		"short spaces": {"a path may have them", "git@git.example.com:a b.git", "ssh git git.example.com a b.git"},
		"no user":      {"it could be a scheme", "git.example.com:a/b.git", "open the repository: the url names no repository: write it as https://host/path or ssh://git@host/path"},
		"path":         {"it is on this machine", "/srv/a.git", "open the repository: the url names no repository: write it as https://host/path or ssh://git@host/path"},
		"no path":      {"which one?", "ssh://git.example.com/", "open the repository at git.example.com: the url names no repository: write it as https://host/path or ssh://git@host/path"},
		"password": {
			"it would be seen", "ssh://git:s3cret@git.example.com/a.git",
			"open the repository at git.example.com: the url holds credentials: move them to the secret that the repository refers to",
		},
		"line break": {"it could be another command", "ssh://git.example.com/a%0ab", "open the repository at git.example.com: the url's path has control characters"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := Remote{URL: c.url}.parse()
			var got string
			switch {
			case err != nil:
				got = err.Error()
			case u.Scheme == schemeSSH:
				got = strings.Join([]string{u.Scheme, u.User.Username(), u.Host, u.Path}, " ")
			default:
				got = u.String()
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", c.reason, diff)
			}
		})
	}
}

func TestShellQuote(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(`'a'\''; rm -rf '\!'$(x)'`, shellQuote(`a'; rm -rf !$(x)`)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSameServer(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		from, to string
		want     bool
	}{
		"same":         {"https://a.example.com/x", "https://a.example.com/y", true},
		"upgrade":      {"http://a.example.com/x", "https://a.example.com/x", true},
		"downgrade":    {"https://a.example.com/x", "http://a.example.com/x", false},
		"other host":   {"https://a.example.com/x", "https://b.example.com/x", false},
		"below it":     {"https://example.com/x", "https://a.example.com/x", false},
		"other port":   {"https://a.example.com/x", "https://a.example.com:8443/x", false},
		"upgrade away": {"http://a.example.com/x", "https://a.example.com:8443/x", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, err := Remote{URL: c.from}.parse()
			to, toErr := Remote{URL: c.to}.parse()
			if err != nil || toErr != nil || sameServer(from, to) != c.want {
				t.Errorf("want %t: %v, %v", c.want, err, toErr)
			}
		})
	}
}

// FuzzKnownHosts: whatever stands in a secret is read or refused, and matching ends.
func FuzzKnownHosts(f *testing.F) {
	key := "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGK0wmN/Cr3JXqmLW7u+g9pTh+wyqDHpSQEIQczXkVx9"
	for _, line := range []string{"git.example.com " + key, "[git.example.com]:2222,*.example.com,!x " + key, "|1|a|b " + key, "@revoked * " + key, "@cert-authority * " + key, "# x\n\n"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, text string) {
		known, err := parseKnownHosts(text)
		if err != nil {
			return
		}
		known.algorithms("git.example.com:22")
		parsed, _, _, _, err := ssh.ParseAuthorizedKey([]byte(key))
		if err != nil {
			t.Fatal(err)
		}
		trusted := known.check("git.example.com:22", parsed) == nil
		if trusted && len(known.of("git.example.com:22")) == 0 {
			t.Error("a host without a line is trusted")
		}
	})
}

// FuzzRemoteURL: whatever stands in a spec is read or refused, and a password is never repeated.
func FuzzRemoteURL(f *testing.F) {
	for _, text := range []string{"https://a/b", "ssh://git@a:22/~b", "git@a:b", "git@[::1]:b", "a:b", "ssh://a:b@c/d", "\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := Remote{URL: text}.parse()
		if err == nil && (u.Host == "" || u.Path == "") {
			t.Errorf("%q: nowhere: %s", text, u)
		}
	})
}
