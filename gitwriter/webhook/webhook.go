package webhook

import (
	"fmt"
	"strings"

	"github.com/fairlead/fairlead/controllers/receiver/posted"
)

// MaxPushes is how many different branches of one payload count. What is beyond is found at the next look.
const MaxPushes = 100

// Provider says who posts: what is verified, and how the payload is read.
type Provider string

// The providers.
const (
	GitHub    Provider = "github"
	GitLab    Provider = "gitlab"
	Gitea     Provider = "gitea"
	Bitbucket Provider = "bitbucket"
	Generic   Provider = "generic"
)

// Providers returns all of them, in the order of the documentation.
func Providers() []Provider { return []Provider{GitHub, GitLab, Gitea, Bitbucket, Generic} }

// Push is a hint: a branch was pushed to, created or deleted.
type Push struct {
	// Repositories are the names of the one repository, one for each way of cloning it that the payload tells.
	Repositories []Repository
	// Branch is the branch's short name; "" means any.
	Branch string
	// Revision is the commit that it points to since; "" if the payload doesn't tell, or the branch was deleted.
	Revision string
}

// Matches reports whether the push may have moved a branch of the repository at a URL: https, http, ssh, or user@host:path.
func (p Push) Matches(url, branch string) bool {
	if p.Branch != "" && p.Branch != branch {
		return false
	}
	at, ok := ParseRepository(url)
	if !ok {
		return false
	}
	for _, repository := range p.Repositories {
		if repository.is(at) {
			return true
		}
	}
	return false
}

// Receive verifies a request of a provider, and returns what it says was pushed: nothing for a ping and for events that
// are about something else, tags among them. The error is a *posted.Error.
func Receive(provider Provider, secret []byte, r posted.Request) ([]Push, error) {
	scheme, ok := schemeOf(provider)
	if !ok {
		return nil, &posted.Error{Status: posted.StatusUnauthorized, Problem: fmt.Sprintf("%q is no provider of Git webhooks: write one of %s", provider, list())}
	}
	if len(secret) == 0 || !scheme.verify(secret, r) {
		return nil, posted.Unverified(scheme.wants)
	}
	pushes, err := scheme.parse(r)
	if err != nil {
		return nil, err
	}
	return distinct(pushes), nil
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
