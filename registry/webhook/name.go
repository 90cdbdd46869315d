package webhook

import (
	"regexp"
	"strings"
)

// Names as the OCI distribution specification has them ("Pulling manifests"), and hosts with an optional port.
var (
	hostName       = regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$`)
	repositoryName = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$`)
	tagName        = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
	digestName     = regexp.MustCompile(`^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-f]{32,128}$`)
)

// maxName bounds a host and a repository.
const maxName = 255

// dockerHub is the one name that Docker Hub's several hosts are compared by.
const dockerHub = "docker.io"

// canonicalHost is what hosts are compared by.
func canonicalHost(host string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ":443")
	switch host {
	case "index.docker.io", "registry-1.docker.io":
		return dockerHub
	default:
		return host
	}
}

// clean returns the push as it is compared, and false if no registry could have it. Payloads spell owners as people do:
// GitHub's "Web-Hook" is "web-hook" in a repository's name.
func (p Push) clean() (Push, bool) {
	p.Host, p.Repository, p.Digest = canonicalHost(p.Host), strings.ToLower(p.Repository), strings.ToLower(p.Digest)
	if p.Host == dockerHub && p.Repository != "" && !strings.Contains(p.Repository, "/") {
		p.Repository = "library/" + p.Repository
	}
	switch {
	case p.Host != "" && (len(p.Host) > maxName || !hostName.MatchString(p.Host)),
		len(p.Repository) > maxName || !repositoryName.MatchString(p.Repository),
		p.Tag != "" && !tagName.MatchString(p.Tag):
		return Push{}, false
	}
	// A digest is a remark: the registry is asked for it anyway.
	if !digestName.MatchString(p.Digest) {
		p.Digest = ""
	}
	return p, true
}

// distinct returns the pushes that a registry could have, each once, in their order, and not more than MaxPushes.
func distinct(pushes []Push) []Push {
	var kept []Push
	seen := map[Push]bool{}
	for _, push := range pushes {
		push, ok := push.clean()
		if !ok || seen[push] {
			continue
		}
		if len(kept) == MaxPushes {
			break
		}
		seen[push] = true
		kept = append(kept, push)
	}
	return kept
}

// splitImage takes "registry.example.com/web-hook/www:v1.0.36@sha256:..." apart. As in an ImagePolicy, an image without a
// registry is one of Docker Hub.
func splitImage(image string) Push {
	image, digest, _ := strings.Cut(image, "@")
	tag := ""
	if colon := strings.LastIndexByte(image, ':'); colon > strings.LastIndexByte(image, '/') {
		image, tag = image[:colon], image[colon+1:]
	}
	host, repository, found := strings.Cut(image, "/")
	if !found || !strings.ContainsAny(host, ".:") && host != "localhost" {
		host, repository = dockerHub, image
	}
	return Push{Host: host, Repository: repository, Tag: tag, Digest: digest}
}
