package registry

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// component is one part of a repository's name (OCI distribution specification, "Pulling manifests").
var component = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$`)

// InputError says what is wrong with an image's name or a credential file. It holds nothing secret.
type InputError struct {
	// Problem is the whole message.
	Problem string
}

// Error returns the message.
func (e *InputError) Error() string { return e.Problem }

// Terminal is true: the input must be changed.
func (e *InputError) Terminal() bool { return true }

// ParseImage reads the name of a repository, "registry.example.com/web-hook/www". A name without a registry is one
// of Docker Hub. With insecure the registry is spoken to over plain HTTP; without it always over TLS. The error is
// an *InputError: a tag or a digest behind the name is refused, because it is the tag that is looked for.
func ParseImage(image string, insecure bool) (name.Repository, error) {
	if problem := misspelled(image); problem != "" {
		return name.Repository{}, &InputError{Problem: fmt.Sprintf("image %q %s", abbreviate(image), problem)}
	}

	var opts []name.Option
	if insecure {
		opts = append(opts, name.Insecure)
	}

	repo, err := name.NewRepository(image, opts...)
	if err != nil {
		return name.Repository{}, &InputError{Problem: fmt.Sprintf(
			"image %q is no repository (%s): write it like registry.example.com/team/name", abbreviate(image), clean(err.Error()))}
	}

	for part := range strings.SplitSeq(repo.RepositoryStr(), "/") {
		if !component.MatchString(part) {
			return name.Repository{}, &InputError{Problem: fmt.Sprintf(
				"image %q is no repository (%q can't be a part of its name): write it like registry.example.com/team/name",
				abbreviate(image), abbreviate(part))}
		}
	}

	return repo, nil
}

// misspelled finds the mistakes that deserve a better message than that of the parser.
func misspelled(image string) string {
	last := image[strings.LastIndex(image, "/")+1:]

	switch {
	case image == "":
		return "is empty: write it like registry.example.com/team/name"
	case strings.Contains(image, "://"):
		return "begins with a scheme: remove it, and use insecure for plain HTTP"
	case strings.Contains(image, "@"):
		return "ends in a digest: remove all from the @ on, the tag is selected"
	case strings.Contains(last, ":"):
		return "ends in a tag: remove all from the last colon on, the tag is selected"
	default:
		return ""
	}
}

// plainHTTP reports whether a registry was parsed as insecure. The type hides that, and its Scheme method answers
// "http" for private and loopback addresses too, to which no credential may go in plain text unasked.
func plainHTTP(reg name.Registry) bool {
	insecure, err := name.NewRegistry(reg.RegistryStr(), name.Insecure)

	return err == nil && insecure == reg
}
