package webhook

import (
	"fmt"
	"strings"

	"github.com/fairlead/fairlead/controllers/receiver/posted"
)

// MaxPushes is how many different pushes of one payload count. What is beyond is found by the next scan.
const MaxPushes = 100

// Provider says who posts: what is verified, and how the payload is read.
type Provider string

// The providers.
const (
	Distribution Provider = "distribution"
	Harbor       Provider = "harbor"
	GitHub       Provider = "github"
	GitLab       Provider = "gitlab"
	DockerHub    Provider = "dockerhub"
	Quay         Provider = "quay"
	Azure        Provider = "azure"
	Google       Provider = "google"
	ECR          Provider = "ecr"
	Nexus        Provider = "nexus"
	Gitea        Provider = "gitea"
	Generic      Provider = "generic"
)

// Providers returns all of them, in the order of the documentation.
func Providers() []Provider {
	return []Provider{Distribution, Harbor, GitHub, GitLab, DockerHub, Quay, Azure, Google, ECR, Nexus, Gitea, Generic}
}

// Push is a hint: something was pushed to a repository.
type Push struct {
	// Host is the registry, "ghcr.io". It is empty where the payload doesn't tell, and for registries that are run by their
	// users, who may know one by several names: then any host matches.
	Host string
	// Repository is the path without the host, in lower case: "web-hook/www".
	Repository string
	// Tag and Digest are what was pushed, as far as the payload tells.
	Tag, Digest string
	// Below is set where the payload names only what the repository lies in: Repository and all below it may have changed.
	Below bool
}

// Matches reports whether the push may have changed a repository of a registry.
func (p Push) Matches(host, repository string) bool {
	if p.Host != "" && p.Host != canonicalHost(host) {
		return false
	}
	return p.Repository == repository || p.Below && strings.HasPrefix(repository, p.Repository+"/")
}

// Receive verifies a request of a provider, and returns what it says was pushed: nothing for a ping and for events that
// are about something else. The error is a *posted.Error.
func Receive(provider Provider, secret []byte, r posted.Request) ([]Push, error) {
	verify, parse := schemeOf(provider)
	if verify == nil {
		return nil, &posted.Error{Status: posted.StatusUnauthorized, Problem: fmt.Sprintf("%q is no provider of webhooks: write one of %s", provider, list())}
	}
	if len(secret) == 0 || !verify(secret, r) {
		return nil, unverified(provider)
	}
	pushes, err := parse(r)
	if err != nil {
		return nil, err
	}
	return distinct(pushes), nil
}
