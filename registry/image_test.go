package registry_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry"
)

// TestParseImage checks what is taken for an image, and the message for what is not.
func TestParseImage(t *testing.T) {
	t.Parallel()

	const howTo = ": write it like registry.example.com/team/name"

	cases := map[string]struct{ reason, image, want, err string }{
		"Full":        {reason: "a registry and a path", image: "registry.example.com/web-hook/www", want: "registry.example.com/web-hook/www"},
		"Nested":      {reason: "GitLab nests names", image: "registry.example.com/group/sub/group/project/image", want: "registry.example.com/group/sub/group/project/image"},
		"Port":        {reason: "a port isn't a tag", image: "registry.example.com:5000/www", want: "registry.example.com:5000/www"},
		"Localhost":   {reason: "localhost is a registry without dot or port", image: "localhost/x", want: "localhost/x"},
		"OneLetter":   {reason: "a name may be one letter", image: "localhost:5000/x", want: "localhost:5000/x"},
		"DockerHub":   {reason: "a name without a registry is one of Docker Hub", image: "nginx", want: "index.docker.io/library/nginx"},
		"DockerShort": {reason: "its alias has official images, too", image: "docker.io/nginx", want: "index.docker.io/library/nginx"},
		"DockerFull":  {reason: "official images are those of library", image: "docker.io/library/nginx", want: "index.docker.io/library/nginx"},
		"DockerHost":  {reason: "its host may be written", image: "index.docker.io/nginx", want: "index.docker.io/library/nginx"},
		"DockerUser":  {reason: "so is one with a user", image: "docker.io/user/app", want: "index.docker.io/user/app"},
		"NoRegistry":  {reason: "a first part without dot and port is a user of Docker Hub", image: "registry/app", want: "index.docker.io/registry/app"},
		"IPv4":        {reason: "an address may be a registry", image: "192.0.2.1/www", want: "192.0.2.1/www"},
		"IPv6":        {reason: "so may one of IPv6, and its port", image: "[::1]:5000/x", want: "[::1]:5000/x"},
		"IPv6NoPort":  {reason: "and without a port", image: "[2001:db8::1]/team/www", want: "[2001:db8::1]/team/www"},
		"HostCase":    {reason: "hosts have no case, and one repository has one name", image: "R.Example.COM/www", want: "r.example.com/www"},
		"Punctuation": {reason: "the specification allows these", image: "r.example.com/a.b/c_d/e__f/g---h", want: "r.example.com/a.b/c_d/e__f/g---h"},
		"Empty":       {reason: "nothing is no image", err: `image "" is empty` + howTo},
		"Tag": {
			reason: "the tag is what is looked for", image: "registry.example.com/www:v1.0.0",
			err: `image "registry.example.com/www:v1.0.0" ends in a tag: remove all from the last colon on, the tag is selected`,
		},
		"TagBehindIPv6": {
			reason: "also behind a registry with colons", image: "[::1]:5000/www:v1.0.0",
			err: `image "[::1]:5000/www:v1.0.0" ends in a tag: remove all from the last colon on, the tag is selected`,
		},
		"Digest": {
			reason: "so is the digest", image: "registry.example.com/www@sha256:abc",
			err: `image "registry.example.com/www@sha256:abc" ends in a digest: remove all from the @ on, the tag is selected`,
		},
		"Scheme": {
			reason: "an image's name isn't a URL", image: "https://registry.example.com/www",
			err: `image "https://registry.example.com/www" begins with a scheme: remove it, and use insecure for plain HTTP`,
		},
		"RegistryAlone": {
			reason: "an address has no tag", image: "[::1]:5000",
			err: `image "[::1]:5000" names a registry and no repository in it` + howTo,
		},
		"UpperCase": {
			reason: "the specification allows lower case only, and what to write is known", image: "registry.example.com/Team/WWW",
			err: `image "registry.example.com/Team/WWW" is no repository: names have no upper case: write "registry.example.com/team/www"`,
		},
		"Upwards": {
			reason: "a path that leads upwards would ask for something else", image: "registry.example.com/a/../../b",
			err: `image "registry.example.com/a/../../b" is no repository: ".." can't be a part of its name` + howTo,
		},
		"EmptyPart": {
			reason: "two slashes are one too many", image: "registry.example.com/a//b",
			err: `image "registry.example.com/a//b" is no repository: "" can't be a part of its name` + howTo,
		},
		"SlashAtTheEnd": {
			reason: "so is one behind the name", image: "registry.example.com/a/",
			err: `image "registry.example.com/a/" is no repository: "" can't be a part of its name` + howTo,
		},
		"Space": {
			reason: "a blank that was copied along is shown", image: "registry.example.com/www ",
			err: `image "registry.example.com/www " is no repository: "www " can't be a part of its name` + howTo,
		},
		"Control": {
			reason: "a message is one line", image: "registry.example.com/\n",
			err: `image "registry.example.com/\n" is no repository: "\n" can't be a part of its name` + howTo,
		},
		"LongName": {
			reason: "registries bound names", image: "registry.example.com/" + strings.Repeat("a", 256),
			err: `image "registry.example.com/` + strings.Repeat("a", 179) + `..." is no repository: its name has 256 characters, of at most 255` + howTo,
		},
		"HostOfQuery": {
			reason: "a host is a host and nothing more", image: "r.example.com?x/www",
			err: `image "r.example.com?x/www" is no repository: "r.example.com?x" can't be a registry's host and port` + howTo,
		},
		"HostWithoutPort": {
			reason: "a colon wants a port", image: "r.example.com:/www",
			err: `image "r.example.com:/www" is no repository: "r.example.com:" can't be a registry's host and port` + howTo,
		},
		"PortTooLarge": {
			reason: "ports end at 65535", image: "r.example.com:65536/www",
			err: `image "r.example.com:65536/www" is no repository: "r.example.com:65536" can't be a registry's host and port` + howTo,
		},
		"IPv6WithoutBrackets": {
			reason: "which colon is the port's can't be told", image: "2001:db8::1/www",
			err: `image "2001:db8::1/www" is no repository: "2001:db8::1" can't be a registry's host and port` + howTo,
		},
		"IPv6Zone": {
			reason: "a zone means something on one machine only", image: "[fe80::1%25eth0]/www",
			err: `image "[fe80::1%25eth0]/www" is no repository: "[fe80::1%25eth0]" can't be a registry's host and port` + howTo,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := registry.ParseImage(tc.image, false)
			if err == nil {
				if diff := cmp.Diff(tc.want, got.String()); diff != "" {
					t.Errorf("%s: name (-want +got):\n%s", tc.reason, diff)
				}
			} else {
				checkTerminal(t, err)
			}

			checkText(t, tc.reason, tc.err, err)
		})
	}
}

// checkTerminal checks that an error says that trying again is useless.
func checkTerminal(t *testing.T, err error) {
	t.Helper()

	var class interface{ Terminal() bool }
	if !errors.As(err, &class) || !class.Terminal() {
		t.Errorf("%v isn't terminal", err)
	}
}

// FuzzParseImage checks that nothing panics, and that what is accepted means the same when it is read again.
func FuzzParseImage(f *testing.F) {
	for _, seed := range []string{
		"nginx", "docker.io/nginx", "registry.example.com:5000/a/b", "a@b", "a:b", "[::1]:5000/x", "[2001:db8::1]/a/b", "//", "a/../b", "R.x:1/y",
	} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, image string) {
		repo, err := registry.ParseImage(image, true)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("the message isn't one line: %q", err)
			}

			return
		}

		if strings.Contains(repo.RepositoryStr(), "..") || repo.Scheme() != "http" {
			t.Errorf("%q was read as %q", image, repo)
		}

		again, err := registry.ParseImage(repo.String(), true)
		if err != nil || again != repo {
			t.Errorf("%q was read as %q, and that as %q: %v", image, repo, again, err)
		}
	})
}

// TestParseImageSame checks that a repository is one thing however it is spelt: scans are shared by it.
func TestParseImageSame(t *testing.T) {
	t.Parallel()

	first, err := registry.ParseImage("nginx", false)
	if err != nil {
		t.Fatal(err)
	}

	for _, image := range []string{"library/nginx", "docker.io/nginx", "docker.io/library/nginx", "index.docker.io/library/nginx"} {
		got, err := registry.ParseImage(image, false)
		if err != nil {
			t.Fatal(err)
		}

		if got != first {
			t.Errorf("%s isn't the same repository as nginx: %#v, %#v", image, got, first)
		}
	}
}
