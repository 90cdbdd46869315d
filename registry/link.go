package registry

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// nextPage returns where the page behind this one is: the target of the Link header with the relation "next" (OCI
// distribution specification, "Listing tags"; RFC 8288), nil if there is none. It is resolved against the page's own
// address. The scheme is kept, because registries behind a proxy often name the wrong one; the host must be the same.
func nextPage(header http.Header, page *url.URL) (*url.URL, error) {
	target, found := nextLink(header)
	if !found {
		return nil, nil //nolint:nilnil // no next page is no error.
	}

	next, err := page.Parse(target)
	if err != nil {
		return nil, &violation{problem: "its link to the next page can't be read", hint: "check the registry's configuration"}
	}

	if !sameHost(next, page) {
		return nil, &violation{
			problem: "its link to the next page leads to another host, " + clean(next.Host),
			hint:    "check the external address in the registry's configuration",
		}
	}

	next.Scheme, next.Host, next.User, next.Fragment = page.Scheme, page.Host, nil, ""

	return next, nil
}

// nextLink finds the target of the first link whose relation is "next", or isn't given, in the Link headers.
func nextLink(header http.Header) (string, bool) {
	for _, line := range header.Values("Link") {
		for line != "" {
			_, rest, found := strings.Cut(line, "<")
			if !found {
				break
			}

			target, rest, found := strings.Cut(rest, ">")
			if !found {
				break
			}

			// The parameters end where the next link begins.
			parameters := rest
			if end := strings.Index(rest, "<"); end >= 0 {
				parameters = rest[:end]
			}

			if target != "" && isNext(parameters) {
				return target, true
			}

			line = rest
		}
	}

	return "", false
}

// isNext reports whether a link's parameters name the relation "next", or none.
func isNext(parameters string) bool {
	for parameter := range strings.FieldsFuncSeq(parameters, func(r rune) bool { return r == ';' || r == ',' }) {
		key, value, _ := strings.Cut(parameter, "=")
		if !strings.EqualFold(strings.TrimSpace(key), "rel") {
			continue
		}

		for relation := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(value), `"`)) {
			if strings.EqualFold(relation, "next") {
				return true
			}
		}

		return false
	}

	return true
}

// sameHost compares host and port; a port that is left out is the scheme's own, whatever the scheme.
func sameHost(a, b *url.URL) bool {
	return strings.EqualFold(hostPort(a), hostPort(b))
}

// hostPort returns host and port, without the port that is the scheme's own.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" || port == "80" && u.Scheme == "http" || port == "443" && u.Scheme == "https" {
		return u.Hostname()
	}

	return net.JoinHostPort(u.Hostname(), port)
}
