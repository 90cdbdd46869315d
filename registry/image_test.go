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
		"Port":        {reason: "a port isn't a tag", image: "registry.example.com:5000/www", want: "registry.example.com:5000/www"},
		"DockerHub":   {reason: "a name without a registry is one of Docker Hub", image: "nginx", want: "index.docker.io/library/nginx"},
		"DockerUser":  {reason: "so is one with a user", image: "docker.io/user/app", want: "index.docker.io/user/app"},
		"IPv6":        {reason: "an address may be a registry", image: "[::1]:5000/www", want: "[::1]:5000/www"},
		"Punctuation": {reason: "the specification allows these", image: "r.example.com/a.b/c_d/e__f/g---h", want: "r.example.com/a.b/c_d/e__f/g---h"},
		"Empty":       {reason: "nothing is no image", err: `image "" is empty` + howTo},
		"Tag": {
			reason: "the tag is what is looked for", image: "registry.example.com/www:v1.0.0",
			err: `image "registry.example.com/www:v1.0.0" ends in a tag: remove all from the last colon on, the tag is selected`,
		},
		"Digest": {
			reason: "so is the digest", image: "registry.example.com/www@sha256:abc",
			err: `image "registry.example.com/www@sha256:abc" ends in a digest: remove all from the @ on, the tag is selected`,
		},
		"Scheme": {
			reason: "an image's name isn't a URL", image: "https://registry.example.com/www",
			err: `image "https://registry.example.com/www" begins with a scheme: remove it, and use insecure for plain HTTP`,
		},
		"UpperCase": {
			reason: "the specification allows lower case only", image: "registry.example.com/WWW",
			err: `image "registry.example.com/WWW" is no repository (repository can only contain the characters ` +
				"`abcdefghijklmnopqrstuvwxyz0123456789_-./`: WWW)" + howTo,
		},
		"Upwards": {
			reason: "a path that leads upwards would ask for something else", image: "registry.example.com/a/../../b",
			err: `image "registry.example.com/a/../../b" is no repository (".." can't be a part of its name)` + howTo,
		},
		"EmptyPart": {
			reason: "two slashes are one too many", image: "registry.example.com/a//b",
			err: `image "registry.example.com/a//b" is no repository ("" can't be a part of its name)` + howTo,
		},
		"Control": {
			reason: "a message is one line", image: "registry.example.com/\n",
			err: `image "registry.example.com/\n" is no repository (repository can only contain the characters ` +
				"`abcdefghijklmnopqrstuvwxyz0123456789_-./`:)" + howTo,
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

// FuzzParseImage checks that nothing panics, and that what is accepted can be told apart from its neighbours.
func FuzzParseImage(f *testing.F) {
	for _, seed := range []string{"nginx", "registry.example.com:5000/a/b", "a@b", "a:b", "[::1]:5000/x", "//", "a/../b"} {
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
	})
}
