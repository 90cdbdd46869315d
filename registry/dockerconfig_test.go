package registry_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fairlead/fairlead/registry"
)

// TestParseDockerConfigErrors checks the messages for broken files, which quote nothing of them.
func TestParseDockerConfigErrors(t *testing.T) {
	t.Parallel()

	const (
		example    = `{"registry.example.com": {"username": "...", "password": "..."}}`
		unreadable = `dockerconfigjson can't be read: write it like {"auths": ` + example + `}`
		noAuths    = `dockerconfigjson has no "auths": write it like {"auths": ` + example + `}`
		helper     = `dockerconfigjson leaves its credentials to a credential helper, which can't be asked here: write the credential itself, like {"auths": ` + example + `}`
		badEntry   = `dockerconfigjson: "r.example.com": this entry can't be read: write it like {"username": "...", "password": "..."}`
		badAuth    = `dockerconfigjson: "r.example.com": auth isn't base64 of "username:password": write it anew, or write username and password`
	)

	cases := map[string]struct{ reason, data, want string }{
		"Empty":       {reason: "nothing is no file", want: unreadable},
		"NoJSON":      {reason: "a file that isn't JSON isn't quoted", data: "planted-secret", want: unreadable},
		"Truncated":   {reason: "nor half of one", data: `{"auths": {"r.example.com": {"password": "planted-secret`, want: unreadable},
		"NotAnObject": {reason: "nor a list", data: `{"auths": ["planted-secret"]}`, want: unreadable},
		"NotAString":  {reason: "nor a value of the wrong type", data: `{"auths": {"r.example.com": {"password": 123456}}}`, want: badEntry},
		"EntryIsText": {reason: "nor an entry of the wrong type", data: `{"auths": {"r.example.com": "planted-secret"}}`, want: badEntry},
		"NoAuths":     {reason: "a dockercfg in place of it is empty for the kubelet", data: `{"r.example.com": {"auth": "` + basic("u:p") + `"}}`, want: noAuths},
		"NullAuths":   {reason: "as is this", data: `{"auths": null}`, want: noAuths},
		"Helper":      {reason: "a file for credential helpers has no credential", data: `{"credsStore": "pass"}`, want: helper},
		"HelperEntries": {
			reason: "also where it lists the registries, as a desktop's does", data: `{"auths": {"https://index.docker.io/v1/": {}}, "credsStore": "desktop"}`,
			want: helper,
		},
		"HelperOfOne": {
			reason: "also one for a registry", data: `{"auths": {"r.example.com": {}}, "credHelpers": {"r.example.com": "cloud"}}`,
			want: helper,
		},
		"NotBase64":   {reason: "auth may be broken", data: `{"auths": {"r.example.com": {"auth": "planted secret"}}}`, want: badAuth},
		"NoSeparator": {reason: "auth may hold something else", data: `{"auths": {"r.example.com": {"auth": "` + basic("planted") + `"}}}`, want: badAuth},
		"UserInKey":   {reason: "a password in a key isn't quoted", data: `{"auths": {"https://u:planted/secret@r.example.com": {"auth": "x"}}}`, want: badAuth},
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

// TestParseDockercfgErrors checks the messages for broken files of the older form.
func TestParseDockercfgErrors(t *testing.T) {
	t.Parallel()

	const unreadable = `dockercfg can't be read: write it like {"registry.example.com": {"username": "...", "password": "..."}}`

	cases := map[string]struct{ reason, data, want string }{
		"Empty":  {reason: "nothing is no file", want: unreadable},
		"Null":   {reason: "nor is null", data: "null", want: unreadable},
		"NoJSON": {reason: "the oldest form was no JSON, and the kubelet doesn't read it", data: "auth = planted\nemail = me@example.com", want: unreadable},
		"Newer": {
			reason: "the newer form would be read as a registry named auths", data: `{"auths": {"r.example.com": {"username": "u"}}}`,
			want: `dockercfg has "auths", which makes it a dockerconfigjson: put it into a Secret of that type`,
		},
		"NotBase64": {
			reason: "auth may be broken", data: `{"r.example.com": {"auth": "planted secret"}}`,
			want: `dockercfg: "r.example.com": auth isn't base64 of "username:password": write it anew, or write username and password`,
		},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := registry.ParseDockercfg([]byte(tc.data))
			checkText(t, tc.reason, tc.want, err)
			checkTerminal(t, err)
		})
	}
}

// FuzzParseDockerConfig checks that no file makes anything panic, that nothing of one is printed, and that joining a
// file with itself changes nothing.
func FuzzParseDockerConfig(f *testing.F) {
	f.Add([]byte(`{"auths": {"https://index.docker.io/v1/": {"auth": "dTpw"}, "*.[/x": {"username": "u"}}}`))
	f.Add([]byte(`{"auths": {"": {"auth": "dTpw="}}, "credsStore": "x"}`))
	fuzzFile(f, registry.ParseDockerConfig)
}

// FuzzParseDockercfg checks the same of the older form.
func FuzzParseDockercfg(f *testing.F) {
	f.Add([]byte(`{"https://r.example.com:443/v2/team": {"auth": "dTpw"}, "r.*.com": {"identitytoken": "i"}}`))
	f.Add([]byte(`{"[::1]:5000": {"username": "u"}, "[*]": null}`))
	fuzzFile(f, registry.ParseDockercfg)
}

func fuzzFile(f *testing.F, parse func([]byte) (*registry.Keychain, error)) {
	f.Helper()

	images := []string{"r.example.com/team/www", "nginx", "[::1]:5000/x", "localhost:5000/x"}

	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := parse(data)
		if err != nil {
			checkTerminal(t, err)

			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("the message isn't one line: %q", err)
			}

			return
		}

		for _, image := range images {
			repo := repository(t, image)

			got := k.For(repo)
			if printed := fmt.Sprintf("%+v", got); printed != "anonymous" && printed != "credential (hidden)" {
				t.Errorf("a credential was printed: %s", printed)
			}

			if again := k.Join(k).For(repo); again != got {
				t.Errorf("%s: joined with itself it gives another credential", image)
			}
		}
	})
}
