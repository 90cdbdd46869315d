package webhook_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/controllers/receiver/posted"
	"github.com/fairlead/fairlead/registry/webhook"
)

// example is a payload of each provider that says a push.
func example(tb testing.TB, provider webhook.Provider) (body []byte, headers map[string]string) {
	tb.Helper()
	switch provider {
	case webhook.GitHub:
		return fixture(tb, "github-package.json"), map[string]string{"X-GitHub-Event": "package"}
	case webhook.GitLab:
		return fixture(tb, "gitlab-pipeline.json"), nil
	default:
		return fixture(tb, string(provider)+".json"), nil
	}
}

func TestNoneIsOpen(t *testing.T) {
	t.Parallel()
	problems := map[webhook.Provider]string{
		webhook.Distribution: "the request isn't verified: the header Authorization must hold the token",
		webhook.Harbor:       "the request isn't verified: the header Authorization must hold the token",
		webhook.GitHub:       "the request isn't verified: the header X-Hub-Signature-256 must hold the HMAC-SHA256 of the body",
		webhook.GitLab:       "the request isn't verified: the header X-Gitlab-Token must hold the token",
		webhook.DockerHub:    "the request isn't verified: the last segment of the URL must be the token",
		webhook.Quay:         "the request isn't verified: the last segment of the URL must be the token",
		webhook.Azure:        "the request isn't verified: the header Authorization or the last segment of the URL must hold the token",
		webhook.Google:       "the request isn't verified: the last segment of the URL must be the token",
		webhook.ECR:          "the request isn't verified: the header Authorization or X-Api-Key must hold the token",
		webhook.Nexus:        "the request isn't verified: the header X-Nexus-Webhook-Signature must hold the HMAC-SHA1 of the body",
		webhook.Gitea:        "the request isn't verified: the header X-Gitea-Signature or X-Forgejo-Signature must hold the HMAC-SHA256 of the body",
		webhook.Generic:      "the request isn't verified: the header X-Signature must hold sha256= and the HMAC-SHA256 of the body",
	}
	for _, provider := range webhook.Providers() {
		body, headers := example(t, provider)
		good := func() request {
			signed := sign(provider, secret, body)
			maps.Copy(signed.headers, headers)
			return signed
		}
		if pushes, err := webhook.Receive(provider, []byte(secret), good().webhook()); err != nil || len(pushes) == 0 {
			t.Fatalf("%s: the right request gives %v, %v", provider, pushes, err)
		}
		cases := map[string]struct {
			reason string
			secret string
			change func(*request)
		}{
			"Nothing":       {reason: "who sends nothing is nobody", secret: secret, change: func(r *request) { r.headers, r.token = headers, "" }},
			"OtherSecret":   {reason: "another secret is none", secret: secret + "x", change: func(*request) {}},
			"EmptySecret":   {reason: "an empty secret would be one that everybody knows", secret: "", change: func(r *request) { *r = sign(provider, "", r.body) }},
			"EmptyInBearer": {reason: "nor is it one behind a scheme", secret: "", change: func(r *request) { r.headers = map[string]string{"Authorization": "Bearer "} }},
			"Shorter": {reason: "the beginning of what is right is wrong", secret: secret, change: func(r *request) {
				for header, value := range r.headers {
					r.headers[header] = value[:len(value)-1]
				}
				r.token = strings.TrimSuffix(r.token, "h")
			}},
			"InTheWrongPlace": {reason: "what belongs into a header isn't taken from the URL, nor the other way round", secret: secret, change: func(r *request) {
				if r.token == "" {
					r.headers, r.token = nil, secret
				} else {
					r.headers, r.token = map[string]string{"Authorization": "Bearer " + secret, "X-Api-Key": secret}, ""
				}
			}},
			"SecretAsSignature": {reason: "a signature isn't the secret itself", secret: secret, change: func(r *request) {
				for header := range r.headers {
					if strings.Contains(header, "Signature") {
						r.headers[header] = secret
						return
					}
				}
				r.headers, r.token = nil, ""
			}},
		}
		for name, tc := range cases {
			t.Run(string(provider)+"/"+name, func(t *testing.T) {
				t.Parallel()
				if provider == webhook.Azure && name == "InTheWrongPlace" {
					t.Skip("Azure may send it in both")
				}
				changed := good()
				tc.change(&changed)
				pushes, err := webhook.Receive(provider, []byte(tc.secret), changed.webhook())
				want := &posted.Error{Status: posted.StatusUnauthorized, Problem: problems[provider]}
				var got *posted.Error
				if !errors.As(err, &got) || pushes != nil || cmp.Diff(want, got) != "" {
					t.Errorf("%s: Receive(...): %v, %v, want %v", tc.reason, pushes, err, want)
				}
			})
		}
	}
}

func TestOtherPlaces(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason   string
		provider webhook.Provider
		change   func(*request)
	}{
		"DistributionAsIs": {
			reason: "headers are written as they are into the registry's configuration", provider: webhook.Distribution,
			change: func(r *request) { r.headers["Authorization"] = secret },
		},
		"HarborBearer": {
			reason: "Harbor sends what was typed into its form", provider: webhook.Harbor,
			change: func(r *request) { r.headers["Authorization"] = "Bearer " + secret },
		},
		"Scheme": {
			reason: "RFC 9110, 11.1: the scheme's case doesn't matter", provider: webhook.Harbor,
			change: func(r *request) { r.headers["Authorization"] = "bearer " + secret },
		},
		"AzureURL": {
			reason: "a custom header is easily forgotten", provider: webhook.Azure,
			change: func(r *request) { r.headers, r.token = nil, secret },
		},
		"APIKey": {
			reason: "a connection of EventBridge with an API key", provider: webhook.ECR,
			change: func(r *request) { r.headers = map[string]string{"X-Api-Key": secret} },
		},
		"Forgejo": {
			reason: "Forgejo sends its own name, too", provider: webhook.Gitea,
			change: func(r *request) {
				r.headers = map[string]string{"X-Forgejo-Signature": r.headers["X-Gitea-Signature"]}
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, _ := example(t, tc.provider)
			changed := sign(tc.provider, secret, body)
			tc.change(&changed)
			if pushes, err := webhook.Receive(tc.provider, []byte(secret), changed.webhook()); err != nil || len(pushes) == 0 {
				t.Errorf("%s: Receive(...): %v, %v, want a push", tc.reason, pushes, err)
			}
		})
	}
}

func TestBodyIsSigned(t *testing.T) {
	t.Parallel()
	for _, provider := range []webhook.Provider{webhook.GitHub, webhook.Nexus, webhook.Gitea, webhook.Generic} {
		body, headers := example(t, provider)
		signed := sign(provider, secret, body)
		maps.Copy(signed.headers, headers)
		signed.body = []byte(strings.Replace(string(body), "v1.0.36", "v1.0.35", 1))
		if pushes, err := webhook.Receive(provider, []byte(secret), signed.webhook()); err == nil {
			t.Errorf("%s: a body that was changed on its way gives %v, want an error", provider, pushes)
		}
	}
}
