package webhook

import (
	"strings"

	"github.com/fairlead/fairlead/controllers/receiver/posted"
)

// githubPackage is a package of GitHub Packages.
type githubPackage struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Ecosystem string `json:"ecosystem"`
	Type      string `json:"package_type"`
	Version   struct {
		URL       string `json:"package_url"`
		Container struct {
			Tag struct {
				Name   string `json:"name"`
				Digest string `json:"digest"`
			} `json:"tag"`
		} `json:"container_metadata"`
	} `json:"package_version"`
}

// parseGitHub reads the events package and registry_package ("Webhook events and payloads"). All others, ping among them,
// are about something else.
func parseGitHub(r posted.Request) ([]Push, error) {
	switch r.Header("X-Github-Event") {
	case "package", "registry_package":
	default:
		return nil, nil
	}
	var event struct {
		Package         *githubPackage `json:"package"`
		RegistryPackage *githubPackage `json:"registry_package"`
	}
	if err := read(GitHub, r.Body, &event); err != nil {
		return nil, err
	}
	var pushes []Push
	for _, about := range []*githubPackage{event.Package, event.RegistryPackage} {
		if about != nil && about.container() {
			pushes = append(pushes, about.push())
		}
	}
	return pushes, nil
}

// container reports whether the package is an image, not one of npm or Maven.
func (p *githubPackage) container() bool {
	is := func(kind string) bool {
		return strings.EqualFold(kind, "container") || strings.EqualFold(kind, "docker")
	}
	return is(p.Type) || is(p.Ecosystem)
}

// push is what the package says. package_url names the registry also of a GitHub Enterprise Server; a version that has no
// tag ends in a colon there.
func (p *githubPackage) push() Push {
	push := Push{Host: "ghcr.io", Repository: p.Namespace + "/" + p.Name}
	if p.Version.URL != "" {
		push = splitImage(strings.TrimSuffix(p.Version.URL, ":"))
	}
	return tagged(push, p.Version.Container.Tag.Name, p.Version.Container.Tag.Digest)
}
