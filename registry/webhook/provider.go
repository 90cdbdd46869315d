package webhook

import (
	"encoding/json"
	"strings"
)

// parser reads the payload of a request that was verified.
type parser func(r Request) ([]Push, error)

// schemeOf says how the requests of a provider are verified and read; nil for one that doesn't exist.
func schemeOf(provider Provider) (verifier, parser) {
	switch provider {
	case Distribution:
		return sentIn(headerAuthorization), parseDistribution
	case Harbor:
		return sentIn(headerAuthorization), parseHarbor
	case GitHub:
		return signedSHA256("sha256=", "X-Hub-Signature-256"), parseGitHub
	case GitLab:
		return sentIn("X-Gitlab-Token"), parseGitLab
	case DockerHub:
		return inURL, parseDockerHub
	case Quay:
		return inURL, parseQuay
	case Azure:
		return anyOf(sentIn(headerAuthorization), inURL), parseAzure
	case Google:
		return inURL, parseGoogle
	case ECR:
		return sentIn(headerAuthorization, headerAPIKey), parseECR
	case Nexus:
		return signedSHA1("X-Nexus-Webhook-Signature"), parseNexus
	case Gitea:
		return signedSHA256("", "X-Gitea-Signature", "X-Forgejo-Signature"), parseGitea
	case Generic:
		return signedSHA256("sha256=", "X-Signature"), parseGeneric
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
	return &Error{Status: StatusUnauthorized, Problem: "the request isn't verified: " + wants[provider]}
}

// read decodes a payload. The error says nothing of what stands in it.
func read(provider Provider, body []byte, payload any) error {
	if json.Unmarshal(body, payload) != nil {
		return &Error{Status: StatusBadRequest, Problem: "the body isn't the JSON that " + string(provider) + " sends"}
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
