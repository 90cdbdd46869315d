package selection

import (
	"cmp"
	"errors"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// maxTagLength is the longest tag that a registry may hold (OCI distribution specification, "Pulling manifests").
const maxTagLength = 128

// Why a tag is no version. They are constants, so that a verdict about a tag costs no allocation.
const (
	reasonNotThree    = "doesn't have exactly three numbers, as 1.2.3 has"
	reasonLeadingZero = "has a number with a leading zero"
	reasonTooLarge    = "has a number beyond 64 bits"
	reasonPreRelease  = "has a malformed pre-release"
	reasonBuild       = "has malformed build metadata"
	reasonTooLong     = "is longer than the 128 characters of a tag"
)

// version is a tag that was read as a version. The numbers stand beside the tag, because reading them through parsed
// for each comparison is what sorting would spend its time on.
type version struct {
	tag                 string
	major, minor, patch uint64
	preRelease          bool
	parsed              *semver.Version
}

// parseVersion reads a tag as a version. If it is none, the second result says why, and isn't empty.
//
// semver.NewVersion isn't used: it takes "1.0", "20240101" and "01.2.3" for versions.
func parseVersion(tag string) (version, string) {
	if len(tag) > maxTagLength {
		return version{}, reasonTooLong
	}

	parsed, err := semver.StrictNewVersion(strings.TrimPrefix(tag, "v"))

	switch {
	case err == nil:
		return version{
			tag: tag, major: parsed.Major(), minor: parsed.Minor(), patch: parsed.Patch(),
			preRelease: parsed.Prerelease() != "", parsed: parsed,
		}, ""
	case errors.Is(err, semver.ErrSegmentStartsZero):
		return version{}, reasonLeadingZero
	case errors.Is(err, semver.ErrInvalidPrerelease):
		return version{}, reasonPreRelease
	case errors.Is(err, semver.ErrInvalidMetadata):
		return version{}, reasonBuild
	case errors.Is(err, semver.ErrEmptyString), errors.Is(err, semver.ErrInvalidSemVer), errors.Is(err, semver.ErrInvalidCharacters):
		return version{}, reasonNotThree
	case emptyPart(tag):
		return version{}, reasonNotThree
	default:
		return version{}, reasonTooLarge
	}
}

// emptyPart reports whether one of the three numbers is missing, as in "1..3". What strconv says about such a part is
// told apart from what it says about a number that is too large.
func emptyPart(tag string) bool {
	core := strings.TrimPrefix(tag, "v")
	if end := strings.IndexAny(core, "-+"); end >= 0 {
		core = core[:end]
	}

	for part := range strings.SplitSeq(core, ".") {
		if part == "" {
			return true
		}
	}

	return false
}

// compare is the total order of the package comment. It allocates nothing, which semver.Version.Compare does for
// each pair of pre-releases: sorting must not cost more memory than there are tags.
func (v *version) compare(other *version) int {
	switch {
	case v.major != other.major:
		return cmp.Compare(v.major, other.major)
	case v.minor != other.minor:
		return cmp.Compare(v.minor, other.minor)
	case v.patch != other.patch:
		return cmp.Compare(v.patch, other.patch)
	}

	if v.preRelease || other.preRelease {
		if order := comparePreRelease(v.parsed.Prerelease(), other.parsed.Prerelease()); order != 0 {
			return order
		}
	}

	return cmp.Or(
		compareIdentifiers(v.parsed.Metadata(), other.parsed.Metadata()),
		cmp.Compare(v.tag, other.tag),
	)
}

// comparePreRelease orders two pre-releases; none is the release itself, which comes after all of them.
func comparePreRelease(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return 1
	case b == "":
		return -1
	default:
		return compareIdentifiers(a, b)
	}
}

// compareIdentifiers orders two lists of identifiers separated by dots (SemVer 2.0.0, section 11, item 4); of two
// lists with the same beginning the longer is the later.
func compareIdentifiers(a, b string) int {
	for a != "" && b != "" {
		var left, right string

		left, a, _ = strings.Cut(a, ".")
		right, b, _ = strings.Cut(b, ".")

		if c := compareIdentifier(left, right); c != 0 {
			return c
		}
	}

	return cmp.Compare(len(a), len(b))
}

// compareIdentifier orders numbers by value, however long they are, words by bytes, and numbers before words.
func compareIdentifier(a, b string) int {
	aNumber, bNumber := isNumber(a), isNumber(b)

	switch {
	case aNumber && bNumber:
		a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")

		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	case aNumber:
		return -1
	case bNumber:
		return 1
	default:
		return cmp.Compare(a, b)
	}
}

// isNumber reports whether an identifier consists of digits alone.
func isNumber(identifier string) bool {
	for i := range len(identifier) {
		if identifier[i] < '0' || identifier[i] > '9' {
			return false
		}
	}

	return true
}
