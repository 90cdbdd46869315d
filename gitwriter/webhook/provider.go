package webhook

import (
	"encoding/json"

	"github.com/fairlead/fairlead/controllers/receiver/posted"
)

// scheme is how a provider's requests are verified and read.
type scheme struct {
	verify posted.Verifier
	// wants says what the verifier asks for.
	wants string
	parse func(r posted.Request) ([]Push, error)
}

// schemeOf says how the requests of a provider are verified and read; false for one that doesn't exist.
func schemeOf(provider Provider) (scheme, bool) {
	switch provider {
	case GitHub:
		return scheme{
			posted.SignedSHA256("sha256=", "X-Hub-Signature-256"), "the header X-Hub-Signature-256 must hold the HMAC-SHA256 of the body", parseGitHub,
		}, true
	case GitLab:
		return scheme{posted.SentIn("X-Gitlab-Token"), "the header X-Gitlab-Token must hold the token", parseGitLab}, true
	case Gitea:
		return scheme{
			posted.SignedSHA256("", "X-Gitea-Signature", "X-Forgejo-Signature"),
			"the header X-Gitea-Signature or X-Forgejo-Signature must hold the HMAC-SHA256 of the body", parseGitea,
		}, true
	case Bitbucket:
		return scheme{
			posted.SignedSHA256("sha256=", "X-Hub-Signature"), "the header X-Hub-Signature must hold sha256= and the HMAC-SHA256 of the body", parseBitbucket,
		}, true
	case Generic:
		return scheme{
			posted.SignedSHA256("sha256=", "X-Signature"), "the header X-Signature must hold sha256= and the HMAC-SHA256 of the body", parseGeneric,
		}, true
	default:
		return scheme{}, false
	}
}

// read decodes a payload.
func read(provider Provider, body []byte, payload any) error {
	if json.Unmarshal(body, payload) != nil {
		return posted.Unreadable(string(provider))
	}
	return nil
}

// pushed is a push to one reference, or nothing if that is no branch.
func pushed(reference, revision string, urls ...string) []Push {
	branch, ok := branchOf(reference)
	if !ok {
		return nil
	}
	return []Push{{Repositories: repositories(urls...), Branch: branch, Revision: revision}}
}
