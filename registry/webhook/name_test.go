package webhook_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry/webhook"
)

func TestGenericImages(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		body   string
		want   webhook.Push
	}{
		"Tag": {
			reason: "a reference as docker push prints it", body: `{"image": "registry.example.com:5000/www:v1.0.36"}`,
			want: webhook.Push{Host: "registry.example.com:5000", Repository: "www", Tag: "v1.0.36"},
		},
		"Digest": {
			reason: "with its digest", body: `{"image": "registry.example.com/www:v1.0.36@` + digest + `"}`,
			want: webhook.Push{Host: "registry.example.com", Repository: "www", Tag: "v1.0.36", Digest: digest},
		},
		"Local":  {reason: "localhost is a host without a dot", body: `{"image": "localhost/www"}`, want: webhook.Push{Host: "localhost", Repository: "www"}},
		"IPv6":   {reason: "an address in brackets", body: `{"image": "[::1]:5000/www"}`, want: webhook.Push{Host: "[::1]:5000", Repository: "www"}},
		"Hub":    {reason: "an image without a registry is Docker Hub's, as in a policy", body: `{"image": "webhook/www"}`, want: webhook.Push{Host: "docker.io", Repository: "webhook/www"}},
		"Nginx":  {reason: "and one of a single word is in library", body: `{"image": "nginx"}`, want: webhook.Push{Host: "docker.io", Repository: "library/nginx"}},
		"Hub443": {reason: "the port of https is no other registry", body: `{"image": "Registry.example.com:443/www"}`, want: webhook.Push{Host: "registry.example.com", Repository: "www"}},
		"Parts": {
			reason: "each part by itself", body: `{"image": "registry.example.com/www", "tag": "v1.0.36", "digest": "` + digest + `"}`,
			want: webhook.Push{Host: "registry.example.com", Repository: "www", Tag: "v1.0.36", Digest: digest},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := webhook.Receive(webhook.Generic, []byte(secret), sign(webhook.Generic, secret, []byte(tc.body)).webhook())
			if err != nil {
				t.Fatalf("%s: Receive(...): %v", tc.reason, err)
			}
			if diff := cmp.Diff([]webhook.Push{tc.want}, got); diff != "" {
				t.Errorf("%s: Receive(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason           string
		push             webhook.Push
		host, repository string
		want             bool
	}{
		"Same":       {reason: "the repository itself", push: webhook.Push{Host: "ghcr.io", Repository: "a/b"}, host: "ghcr.io", repository: "a/b", want: true},
		"OtherHost":  {reason: "the same path elsewhere", push: webhook.Push{Host: "ghcr.io", Repository: "a/b"}, host: "quay.io", repository: "a/b"},
		"AnyHost":    {reason: "a push that doesn't say its host", push: webhook.Push{Repository: "a/b"}, host: "r.example.com:5000", repository: "a/b", want: true},
		"Case":       {reason: "a host has no case", push: webhook.Push{Host: "r.example.com", Repository: "a"}, host: "R.example.com", repository: "a", want: true},
		"Hub":        {reason: "Docker Hub has several hosts", push: webhook.Push{Host: "docker.io", Repository: "a/b"}, host: "index.docker.io", repository: "a/b", want: true},
		"Prefix":     {reason: "a repository isn't what lies below it", push: webhook.Push{Repository: "a/b"}, host: "h", repository: "a/b/c"},
		"Below":      {reason: "unless the push says so", push: webhook.Push{Repository: "a/b", Below: true}, host: "h", repository: "a/b/c", want: true},
		"BelowSelf":  {reason: "and the repository itself counts", push: webhook.Push{Repository: "a/b", Below: true}, host: "h", repository: "a/b", want: true},
		"BelowWords": {reason: "a/bc doesn't lie below a/b", push: webhook.Push{Repository: "a/b", Below: true}, host: "h", repository: "a/bc"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tc.push.Matches(tc.host, tc.repository); got != tc.want {
				t.Errorf("%s: Matches(%q, %q) = %t, want %t", tc.reason, tc.host, tc.repository, got, tc.want)
			}
		})
	}
}
