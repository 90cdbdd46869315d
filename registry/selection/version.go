package selection

import (
	"cmp"
	"strconv"
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

// version is a tag that was read as a version; its parts are parts of the tag's own memory.
type version struct {
	tag                 string
	major, minor, patch uint64
	preRelease, build   string
}

// parseVersion reads a tag as a version. If it is none, the second result says why, and isn't empty.
//
// It accepts what semver.StrictNewVersion does, without an allocation: most scans read the same thousands of tags
// again. semver.NewVersion takes "1.0", "20240101" and "01.2.3" for versions as well, and must not be used.
func parseVersion(tag string) (version, string) {
	if len(tag) > maxTagLength {
		return version{}, reasonTooLong
	}

	v := version{tag: tag}

	core, build, hasBuild := strings.Cut(strings.TrimPrefix(tag, "v"), "+")
	core, preRelease, hasPreRelease := strings.Cut(core, "-")

	if reason := v.parseNumbers(core); reason != "" {
		return version{}, reason
	}

	if hasPreRelease {
		if reason := checkPreRelease(preRelease); reason != "" {
			return version{}, reason
		}
	}

	if hasBuild && !validIdentifiers(build) {
		return version{}, reasonBuild
	}

	v.preRelease, v.build = preRelease, build

	return v, ""
}

// parseNumbers reads the three numbers, and returns why they are none.
func (v *version) parseNumbers(core string) string {
	major, rest, _ := strings.Cut(core, ".")
	minor, patch, _ := strings.Cut(rest, ".")

	if !isNumber(major) || !isNumber(minor) || !isNumber(patch) {
		return reasonNotThree
	}

	for _, part := range []struct {
		text  string
		value *uint64
	}{{major, &v.major}, {minor, &v.minor}, {patch, &v.patch}} {
		if hasLeadingZero(part.text) {
			return reasonLeadingZero
		}

		value, err := strconv.ParseUint(part.text, 10, 64)
		if err != nil {
			return reasonTooLarge
		}

		*part.value = value
	}

	return ""
}

// checkPreRelease returns why a text is no pre-release (SemVer 2.0.0, section 9).
func checkPreRelease(text string) string {
	if !validIdentifiers(text) {
		return reasonPreRelease
	}

	for identifier := range strings.SplitSeq(text, ".") {
		if isNumber(identifier) && hasLeadingZero(identifier) {
			return reasonLeadingZero
		}
	}

	return ""
}

// validIdentifiers reports whether a text is a list of identifiers, separated by dots (SemVer 2.0.0, section 10).
func validIdentifiers(text string) bool {
	for identifier := range strings.SplitSeq(text, ".") {
		if identifier == "" || strings.ContainsFunc(identifier, isNoIdentifier) {
			return false
		}
	}

	return true
}

// isNoIdentifier reports whether a character can't be part of an identifier.
func isNoIdentifier(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-'
}

// isNumber reports whether a text consists of digits, at least one.
func isNumber(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}

	return text != ""
}

// hasLeadingZero reports whether a number is written with a zero that it doesn't need.
func hasLeadingZero(number string) bool { return len(number) > 1 && number[0] == '0' }

// semver returns the version as ranges want it.
func (v *version) semver() *semver.Version {
	// It parses faster than it makes a version of its parts, because then it writes the text as well.
	if parsed, err := semver.StrictNewVersion(strings.TrimPrefix(v.tag, "v")); err == nil {
		return parsed
	}

	return semver.New(v.major, v.minor, v.patch, v.preRelease, v.build)
}

// compare is the total order of the package comment.
func (v *version) compare(other *version) int {
	if order := v.compareRelease(other); order != 0 {
		return order
	}

	if order := comparePreRelease(v.preRelease, other.preRelease); order != 0 {
		return order
	}

	return cmp.Or(compareIdentifiers(v.build, other.build), cmp.Compare(v.tag, other.tag))
}

// compareRelease orders by the three numbers alone.
func (v *version) compareRelease(other *version) int {
	switch {
	case v.major != other.major:
		return cmp.Compare(v.major, other.major)
	case v.minor != other.minor:
		return cmp.Compare(v.minor, other.minor)
	default:
		return cmp.Compare(v.patch, other.patch)
	}
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
