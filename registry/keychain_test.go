package registry_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fairlead/fairlead/registry"
)

// basic returns the "auth" of a dockerconfigjson.
func basic(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// TestKeychainFor checks which credential of a file a repository gets.
func TestKeychainFor(t *testing.T) {
	t.Parallel()

	// one is an entry whose user name says which it is.
	one := func(user string) string { return fmt.Sprintf(`{"username": %q, "password": "p"}`, user) }

	cases := map[string]struct {
		reason string
		auths  string
		image  string
		want   registry.Credential
	}{
		"UserName": {
			reason: "kubectl writes user name and password", image: "r.example.com/www",
			auths: `"r.example.com": {"username": "u", "password": "p"}`, want: registry.Credential{Username: "u", Password: "p"},
		},
		"Auth": {
			reason: "docker writes both as one, and the password may hold a colon", image: "r.example.com/www",
			auths: fmt.Sprintf(`"r.example.com": {"auth": %q}`, basic("u:p:q")), want: registry.Credential{Username: "u", Password: "p:q"},
		},
		"AuthUnpadded": {
			reason: "some write base64 without padding", image: "r.example.com/www",
			auths: fmt.Sprintf(`"r.example.com": {"auth": %q}`, strings.TrimRight(basic("user:p"), "=")),
			want:  registry.Credential{Username: "user", Password: "p"},
		},
		"AuthWins": {
			reason: "auth is what docker reads", image: "r.example.com/www",
			auths: fmt.Sprintf(`"r.example.com": {"auth": %q, "username": "old", "password": "old"}`, basic("u:p")),
			want:  registry.Credential{Username: "u", Password: "p"},
		},
		"IdentityToken": {
			reason: "docker login writes an identity token beside an empty password of NUL bytes", image: "r.example.com/www",
			auths: fmt.Sprintf(`"r.example.com": {"auth": %q, "identitytoken": "i"}`, basic("<token>:\x00\x00")),
			want:  registry.Credential{Username: "<token>", IdentityToken: "i"},
		},
		"RegistryToken": {
			reason: "a bearer token can be given as it is", image: "r.example.com/www",
			auths: `"r.example.com": {"registrytoken": "t"}`, want: registry.Credential{RegistryToken: "t"},
		},
		"Scheme": {
			reason: "a key may have a scheme", image: "r.example.com/www",
			auths: `"https://r.example.com": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"SchemeAndVersion": {
			reason: "and the protocol's path", image: "r.example.com/www",
			auths: `"https://r.example.com/v2/": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"Case": {
			reason: "hosts have no case", image: "r.example.com/www",
			auths: `"R.Example.COM": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"Port": {
			reason: "a port is part of the registry", image: "r.example.com:5000/www",
			auths: `"r.example.com": ` + one("other") + `, "r.example.com:5000": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"OtherPort": {
			reason: "a credential isn't for another port of the host", image: "r.example.com:5000/www",
			auths: `"r.example.com": ` + one("u"),
		},
		"DefaultPort": {
			reason: "443 is the port that isn't written", image: "r.example.com:443/www",
			auths: `"https://r.example.com": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"OtherHost": {
			reason: "a credential isn't for a host that only ends the same", image: "evil-r.example.com/www",
			auths: `"r.example.com": ` + one("u"),
		},
		"Path": {
			reason: "the longest path wins", image: "r.example.com/team/app/www",
			auths: `"r.example.com": ` + one("a") + `, "r.example.com/team": ` + one("b") + `, "r.example.com/team/app": ` + one("c"),
			want:  registry.Credential{Username: "c", Password: "p"},
		},
		"PathItself": {
			reason: "a path may be the whole repository", image: "r.example.com/team",
			auths: `"r.example.com/team": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"PathOfParts": {
			reason: "a path is compared by whole parts", image: "r.example.com/teammate/www",
			auths: `"r.example.com/team": ` + one("u"),
		},
		"Wildcard": {
			reason: "a star stands for one label, as for the kubelet", image: "r.example.com/www",
			auths: `"*.example.com": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"WildcardOneLabel": {
			reason: "and for no more", image: "a.r.example.com/www",
			auths: `"*.example.com": ` + one("u"),
		},
		"WildcardLast": {
			reason: "a host that is written out wins", image: "r.example.com/www",
			auths: `"*.example.com": ` + one("star") + `, "r.example.com": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"DockerHubLogin": {
			reason: "docker login writes Docker Hub so", image: "nginx",
			auths: `"https://index.docker.io/v1/": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"DockerHubShort": {
			reason: "people write it so", image: "docker.io/user/app",
			auths: `"docker.io": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"DockerHubHost": {
			reason: "and some write the host that answers", image: "user/app",
			auths: `"registry-1.docker.io": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"DockerHubPath": {
			reason: "Docker Hub's official images are those of library", image: "nginx",
			auths: `"docker.io/library": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"SameTwice": {
			reason: "of two keys for one place it is always the same one", image: "r.example.com/www",
			auths: `"r.example.com": ` + one("b") + `, "https://r.example.com": ` + one("a"), want: registry.Credential{Username: "a", Password: "p"},
		},
		"Nothing": {reason: "no key, no credential", image: "r.example.com/www"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			k, err := registry.ParseDockerConfig([]byte(`{"auths": {` + tc.auths + `}}`))
			if err != nil {
				t.Fatal(err)
			}

			repo, err := registry.ParseImage(tc.image, false)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tc.want, k.For(repo), cmpopts.EquateComparable(registry.Credential{})); diff != "" {
				got := k.For(repo)
				t.Errorf("%s: user %q, want %q:\n%s", tc.reason, got.Username, tc.want.Username, diff)
			}
		})
	}
}

// TestParseDockerConfigErrors checks the messages for broken files, which quote nothing of them.
func TestParseDockerConfigErrors(t *testing.T) {
	t.Parallel()

	const unreadable = `dockerconfigjson can't be read: write it like {"auths": {"registry.example.com": {"username": "...", "password": "..."}}}`

	cases := map[string]struct{ reason, data, want string }{
		"Empty":       {reason: "nothing is no file", want: unreadable},
		"NoJSON":      {reason: "a file that isn't JSON isn't quoted", data: "planted-secret", want: unreadable},
		"Truncated":   {reason: "nor half of one", data: `{"auths": {"r.example.com": {"password": "planted-secret`, want: unreadable},
		"NotAString":  {reason: "nor a value of the wrong type", data: `{"auths": {"r.example.com": {"password": 123456}}}`, want: unreadable},
		"NoAuths":     {reason: "a file for credential helpers has none", data: `{"credsStore": "pass"}`, want: `dockerconfigjson has no "auths": credential helpers can't be used here, write the credential itself`},
		"NotBase64":   {reason: "auth may be broken", data: `{"auths": {"r.example.com": {"auth": "planted secret"}}}`, want: `dockerconfigjson: auth of "r.example.com" isn't base64 of "username:password": write it anew, or write username and password`},
		"NoSeparator": {reason: "auth may hold something else", data: `{"auths": {"r.example.com": {"auth": "` + basic("planted") + `"}}}`, want: `dockerconfigjson: auth of "r.example.com" isn't base64 of "username:password": write it anew, or write username and password`},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := registry.ParseDockerConfig([]byte(tc.data))
			checkText(t, tc.reason, tc.want, err)
			checkTerminal(t, err)
		})
	}
}

// FuzzParseDockerConfig checks that no file makes anything panic.
func FuzzParseDockerConfig(f *testing.F) {
	f.Add([]byte(`{"auths": {"https://index.docker.io/v1/": {"auth": "dTpw"}, "*.[/x": {"username": "u"}}}`))
	f.Add([]byte(`{"auths": {"": {"auth": "dTpw="}}}`))

	repo, err := registry.ParseImage("r.example.com/team/www", false)
	if err != nil {
		f.Fatal(err)
	}

	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := registry.ParseDockerConfig(data)
		if err != nil {
			checkTerminal(t, err)

			return
		}

		if got := fmt.Sprintf("%+v", k.For(repo)); got != "anonymous" && got != "credential (hidden)" {
			t.Errorf("a credential was printed: %s", got)
		}
	})
}
