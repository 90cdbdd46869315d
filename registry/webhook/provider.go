package webhook

import (
	"encoding/json"
	"strings"

	"github.com/fairlead/fairlead/controllers/receiver/posted"
)

// headerAPIKey is what EventBridge sends a key in.
const headerAPIKey = "X-Api-Key" //nolint:gosec // the name of a header

// parser reads the payload of a request that was verified.
type parser func(r posted.Request) ([]Push, error)

// schemeOf says how the requests of a provider are verified and read; nil for one that doesn't exist.
func schemeOf(provider Provider) (posted.Verifier, parser) {
	switch provider {
	case Distribution:
		return posted.SentIn(posted.HeaderAuthorization), parseDistribution
	case Harbor:
		return posted.SentIn(posted.HeaderAuthorization), parseHarbor
	case GitHub:
		return posted.SignedSHA256("sha256=", "X-Hub-Signature-256"), parseGitHub
	case GitLab:
		return posted.SentIn("X-Gitlab-Token"), parseGitLab
	case DockerHub:
		return posted.InURL, parseDockerHub
	case Quay:
		return posted.InURL, parseQuay
	case Azure:
		return posted.AnyOf(posted.SentIn(posted.HeaderAuthorization), posted.InURL), parseAzure
	case Google:
		return posted.InURL, parseGoogle
	case ECR:
		return posted.SentIn(posted.HeaderAuthorization, headerAPIKey), parseECR
	case Nexus:
		return posted.SignedSHA1("X-Nexus-Webhook-Signature"), parseNexus
	case Gitea:
		return posted.SignedSHA256("", "X-Gitea-Signature", "X-Forgejo-Signature"), parseGitea
	case Generic:
		return posted.SignedSHA256("sha256=", "X-Signature"), parseGeneric
	default:
		return nil, nil
	}
}

// unverified is the error for a request that isn't its provider's. It doesn't say what was sent.
func unverified(provider Provider) error {
	wants := map[Provider]string{
		Distribution: "the header Authorization must hold the token",
		Harbor:       "the header Authorization must hold the token",
		GitHub:       "the header X-Hub-Signature-256 must hold the HMAC-SHA256 of the body",
		GitLab:       "the header X-Gitlab-Token must hold the token",
		DockerHub:    "the last segment of the URL must be the token",
		Quay:         "the last segment of the URL must be the token",
		Azure:        "the header Authorization or the last segment of the URL must hold the token",
		Google:       "the last segment of the URL must be the token",
		ECR:          "the header Authorization or X-Api-Key must hold the token",
		Nexus:        "the header X-Nexus-Webhook-Signature must hold the HMAC-SHA1 of the body",
		Gitea:        "the header X-Gitea-Signature or X-Forgejo-Signature must hold the HMAC-SHA256 of the body",
		Generic:      "the header X-Signature must hold sha256= and the HMAC-SHA256 of the body",
	}
	return posted.Unverified(wants[provider])
}

// read decodes a payload. The error says nothing of what stands in it.
func read(provider Provider, body []byte, payload any) error {
	if json.Unmarshal(body, payload) != nil {
		return posted.Unreadable(string(provider))
	}
	return nil
}

// list names the providers.
func list() string {
	all := Providers()
	names := make([]string, len(all))
	for i, provider := range all {
		names[i] = string(provider)
	}
	return strings.Join(names, ", ")
}
