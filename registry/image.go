package registry

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

var (
	// component is one part of a repository's name (OCI distribution specification, "Pulling manifests").
	component = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$`)
	// hostname is a registry's host as Docker's references have it, but for IPv6 addresses.
	hostname = regexp.MustCompile(`^(?:[a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])(?:\.(?:[a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9]))*$`)
)

const (
	// maxRepository is the length that registries bound names by (OCI distribution specification, "Pulling manifests").
	maxRepository = 255
	// maxPort is the largest port.
	maxPort = 65535
	// howToWrite ends the messages about names.
	howToWrite = "write it like registry.example.com/team/name"
)

// InputError says what is wrong with an image's name or a credential file. It holds nothing secret.
type InputError struct {
	// Problem is the whole message.
	Problem string
}

// Error returns the message.
func (e *InputError) Error() string { return e.Problem }

// Terminal is true: the input must be changed.
func (e *InputError) Terminal() bool { return true }

// ParseImage reads the name of a repository, "registry.example.com/web-hook/www", as Docker and the OCI distribution
// specification have it: the part before the first slash is a registry if it holds a dot or a colon or is "localhost"; it
// may be an IPv6 address in brackets. A name without a registry is one of Docker Hub, and one without a slash is an
// official image there. Names of one repository that are spelt differently give equal results.
//
// With insecure the registry is spoken to over plain HTTP; without it always over TLS. The error is an *InputError: a
// tag or a digest behind the name is refused, because it is the tag that is looked for.
func ParseImage(image string, insecure bool) (name.Repository, error) {
	if problem := misspelled(image); problem != "" {
		return name.Repository{}, &InputError{Problem: fmt.Sprintf("image %q %s", abbreviate(image), problem)}
	}

	host, path := splitImage(image)
	if problem := misnamed(image, host, path); problem != "" {
		return name.Repository{}, &InputError{Problem: fmt.Sprintf("image %q is no repository: %s", abbreviate(image), problem)}
	}

	var opts []name.Option
	if insecure {
		opts = append(opts, name.Insecure)
	}

	reg, err := name.NewRegistry(host, opts...)
	if err != nil {
		return name.Repository{}, &InputError{Problem: fmt.Sprintf(
			"image %q is no repository: %s: %s", abbreviate(image), clean(err.Error()), howToWrite)}
	}

	return reg.Repo(path), nil
}

// splitImage returns the registry and the path of a name, both in full.
func splitImage(image string) (host, path string) {
	first, rest, slash := strings.Cut(image, "/")
	if slash && (first == "localhost" || strings.ContainsAny(first, ".:")) {
		host, path = strings.ToLower(first), rest
	} else {
		path = image
	}

	if host == "" || host == "docker.io" {
		host = name.DefaultRegistry
	}

	if host == name.DefaultRegistry && !strings.Contains(path, "/") {
		path = "library/" + path
	}

	return host, path
}

// misspelled finds the mistakes that deserve a better message than that a part is wrong.
func misspelled(image string) string {
	last := image[strings.LastIndex(image, "/")+1:]

	switch {
	case image == "":
		return "is empty: " + howToWrite
	case strings.Contains(image, "://"):
		return "begins with a scheme: remove it, and use insecure for plain HTTP"
	case strings.Contains(image, "@"):
		return "ends in a digest: remove all from the @ on, the tag is selected"
	case strings.HasPrefix(last, "[") && last == image:
		return "names a registry and no repository in it: " + howToWrite
	case strings.Contains(last, ":"):
		return "ends in a tag: remove all from the last colon on, the tag is selected"
	default:
		return ""
	}
}

// misnamed says which part of an image's name can't be one, and is empty if all can.
func misnamed(image, host, path string) string {
	if !validHost(host) {
		return fmt.Sprintf("%q can't be a registry's host and port: %s", abbreviate(host), howToWrite)
	}

	if strings.ToLower(path) != path {
		return fmt.Sprintf("names have no upper case: write %q", abbreviate(strings.ToLower(image)))
	}

	for part := range strings.SplitSeq(path, "/") {
		if !component.MatchString(part) {
			return fmt.Sprintf("%q can't be a part of its name: %s", abbreviate(part), howToWrite)
		}
	}

	if len(path) > maxRepository {
		return fmt.Sprintf("its name has %d characters, of at most %d: %s", len(path), maxRepository, howToWrite)
	}

	return ""
}

// validHost reports whether a registry can have this host and port.
func validHost(host string) bool {
	bare, port := splitPort(host)

	if port != "" || strings.HasSuffix(host, ":") {
		if number, err := strconv.Atoi(port); err != nil || number < 1 || number > maxPort || strconv.Itoa(number) != port {
			return false
		}
	}

	if inner, bracket := strings.CutPrefix(bare, "["); bracket {
		inner, closed := strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)

		return closed && err == nil && addr.Is6() && addr.Zone() == ""
	}

	return hostname.MatchString(bare)
}

// plainHTTP reports whether a registry was parsed as insecure. The type hides that, and its Scheme method answers
// "http" for private and loopback addresses too, to which no credential may go in plain text unasked.
func plainHTTP(reg name.Registry) bool {
	insecure, err := name.NewRegistry(reg.RegistryStr(), name.Insecure)

	return err == nil && insecure == reg
}
