package registry_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"

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
		"NoWildcardForAPort": {
			reason: "a star is for labels: a credential isn't for every port", image: "r.example.com:5000/www",
			auths: `"r.example.*": ` + one("u"),
		},
		"WildcardAndPort": {
			reason: "a port is written out beside it", image: "r.example.com:5000/www",
			auths: `"*.example.com:5000": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"WildcardInALabel": {
			reason: "a star may be a part of a label, and more letters are more specific", image: "registry1.example.com/www",
			auths: `"*.example.com": ` + one("any") + `, "registry*.example.com": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"WildcardAndPath": {
			reason: "and has paths as others have", image: "r.example.com/team/www",
			auths: `"r.example.com": ` + one("host") + `, "*.example.com/team": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"WildcardForDockerHub": {
			reason: "Docker Hub's host is a host like others", image: "nginx",
			auths: `"*.docker.io": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"IPv6": {
			reason: "an address in brackets is a host", image: "[2001:db8::1]:5000/team/www",
			auths: `"[2001:db8::1]": ` + one("other") + `, "https://[2001:DB8::1]:5000/": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"IPv6DefaultPort": {
			reason: "its last group isn't a port", image: "[2001:db8::443]/www",
			auths: `"[2001:db8::443]:443": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"Slashes": {
			reason: "slashes at the end mean nothing", image: "r.example.com/team/www",
			auths: `"r.example.com/team//": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"SchemeVersionAndPath": {
			reason: "the protocol's path may stand before a path", image: "r.example.com/team/www",
			auths: `"https://r.example.com/v2/team/": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"PlainScheme": {
			reason: "the scheme of a key decides nothing", image: "r.example.com/www",
			auths: `"http://r.example.com": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"EmptyEntry": {
			reason: "an entry without a credential doesn't hide one that is less specific", image: "r.example.com/team/www",
			auths: `"r.example.com/team": {}, "https://r.example.com": null, "r.example.com": ` + one("u"), want: registry.Credential{Username: "u", Password: "p"},
		},
		"NoHost": {
			reason: "a key that names no registry spoils no other", image: "r.example.com/www",
			auths: `"": ` + one("a") + `, "https://": ` + one("b") + `, "/team": ` + one("c") + `, "%zz": ` + one("d") + `, "r.example.com": ` + one("u"),
			want:  registry.Credential{Username: "u", Password: "p"},
		},
		"UnknownFields": {
			reason: "files hold more than is read", image: "r.example.com/www",
			auths: `"r.example.com": {"username": "u", "password": "p", "email": "me@example.com", "serveraddress": 1}`,
			want:  registry.Credential{Username: "u", Password: "p"},
		},
		"AuthWithNewline": {
			reason: "base64 that was written by hand ends in a new line, or is wrapped", image: "r.example.com/www",
			auths: fmt.Sprintf(`"r.example.com": {"auth": %q}`, basic("user:p")[:4]+"\n"+basic("user:p")[4:]+"\n"), want: registry.Credential{Username: "user", Password: "p"},
		},
		"TokenAsPassword": {
			reason: "a registry may want a password without a user", image: "r.example.com/www",
			auths: fmt.Sprintf(`"r.example.com": {"auth": %q}`, basic(":token")), want: registry.Credential{Password: "token"},
		},
		"AzureIdentityToken": {
			reason: "a cloud's login writes a user that means nothing beside the token", image: "team.azurecr.io/www",
			auths: fmt.Sprintf(`"team.azurecr.io": {"auth": %q, "identitytoken": "i"}`, basic("00000000-0000-0000-0000-000000000000:")),
			want:  registry.Credential{Username: "00000000-0000-0000-0000-000000000000", IdentityToken: "i"},
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

			// Both forms hold the same entries.
			for form, parse := range map[string]func() (*registry.Keychain, error){
				"dockerconfigjson": func() (*registry.Keychain, error) {
					return registry.ParseDockerConfig([]byte(`{"auths": {` + tc.auths + `}}`))
				},
				"dockercfg": func() (*registry.Keychain, error) { return registry.ParseDockercfg([]byte(`{` + tc.auths + `}`)) },
			} {
				k, err := parse()
				if err != nil {
					t.Fatal(err)
				}

				checkCredential(t, form+": "+tc.reason, tc.want, k.For(repository(t, tc.image)))
			}
		})
	}
}

// repository is an image's name, parsed.
func repository(t *testing.T, image string) name.Repository {
	t.Helper()

	repo, err := registry.ParseImage(image, false)
	if err != nil {
		t.Fatal(err)
	}

	return repo
}

// checkCredential compares credentials, which hide what they hold.
func checkCredential(t *testing.T, reason string, want, got registry.Credential) {
	t.Helper()

	if got != want {
		t.Errorf("%s:\ngot  user %q, password %q, identity token %q, registry token %q\nwant user %q, password %q, identity token %q, registry token %q", reason,
			got.Username, got.Password, got.IdentityToken, got.RegistryToken, want.Username, want.Password, want.IdentityToken, want.RegistryToken)
	}
}

// TestKeychainJoin checks which of two files is asked.
func TestKeychainJoin(t *testing.T) {
	t.Parallel()

	parse := func(auths string) *registry.Keychain {
		k, err := registry.ParseDockercfg([]byte(auths))
		if err != nil {
			t.Fatal(err)
		}

		return k
	}
	one := func(key, user string) *registry.Keychain {
		return parse(fmt.Sprintf(`{%q: {"username": %q}}`, key, user))
	}

	cases := map[string]struct {
		reason       string
		first, other *registry.Keychain
		want         string
	}{
		"Same":         {reason: "of the same key the first one counts", first: one("r.example.com", "a"), other: one("r.example.com", "b"), want: "a"},
		"Spelt":        {reason: "also where it is spelt differently", first: one("r.example.com", "a"), other: one("https://r.example.com/v1/", "b"), want: "a"},
		"MoreSpecific": {reason: "the longer path counts wherever it stands", first: one("r.example.com", "a"), other: one("r.example.com/team", "b"), want: "b"},
		"Other":        {reason: "what isn't for the repository is no obstacle", first: one("other.example.com", "a"), other: one("r.example.com", "b"), want: "b"},
		"Empty":        {reason: "nor is what holds nothing", first: parse("{}"), other: one("r.example.com", "b"), want: "b"},
		"NilFirst":     {reason: "nothing may be joined", other: one("r.example.com", "b"), want: "b"},
		"NilOther":     {reason: "and with nothing", first: one("r.example.com", "a"), want: "a"},
		"Neither":      {reason: "nothing and nothing is anonymous"},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(tc.want, tc.first.Join(tc.other).For(repository(t, "r.example.com/team/www")).Username); diff != "" {
				t.Errorf("%s: user (-want +got):\n%s", tc.reason, diff)
			}
		})
	}

	var none *registry.Keychain
	checkCredential(t, "a nil keychain is anonymous", registry.Credential{}, none.For(repository(t, "nginx")))
}
