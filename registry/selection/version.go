package selection

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// maxTagLength is the longest tag that a registry may hold (OCI distribution specification, "Pulling manifests").
const maxTagLength = 128

// parseVersion reads a text as a version. Its parts are parts of the text's own memory.
//
// It accepts what semver.StrictNewVersion does, without an allocation: most scans read the same thousands of tags
// again. semver.NewVersion takes "1.0", "20240101" and "01.2.3" for versions as well, and must not be used.
func parseVersion(text string) key {
	if len(text) > maxTagLength {
		return key{why: whyTooLong}
	}

	var v key

	rest, why := v.parseNumbers(strings.TrimPrefix(text, "v"))
	if why != placed {
		return key{why: why}
	}

	build := len(rest)
	if plus := strings.IndexByte(rest, '+'); plus >= 0 {
		build = plus
		if !validIdentifiers(rest[plus+1:]) {
			return key{why: whyBuild}
		}
	}

	if build > 0 {
		if why := checkPreRelease(rest[1:build]); why != placed {
			return key{why: why}
		}
	}

	v.text, v.build = rest, uint8(build) //nolint:gosec // it is no longer than a tag.

	return v
}

// parseStrict reads a version as SemVer 2.0.0 has it, without a leading "v".
func parseStrict(text string) key {
	v := parseVersion(text)
	if v.why == placed && text[0] == 'v' {
		return key{why: whyStrict}
	}

	return v
}

// parseNumbers reads the three numbers, and returns what follows them or why they are none.
func (v *key) parseNumbers(text string) (string, why) {
	zero, large := false, false

	for i, number := range [3]*uint64{&v.major, &v.minor, &v.patch} {
		if i > 0 {
			if !strings.HasPrefix(text, ".") {
				return "", whyNotThree
			}

			text = text[1:]
		}

		end := digits(text)
		if end == 0 {
			return "", whyNotThree
		}

		if i == 0 && end == len(text) {
			return "", whyDigits
		}

		value, fits := parseNumber(text[:end])
		zero, large = zero || hasLeadingZero(text[:end]), large || !fits
		*number, text = value, text[end:]
	}

	switch {
	case text != "" && text[0] != '-' && text[0] != '+':
		return "", whyNotThree
	case zero:
		return "", whyLeadingZero
	case large:
		return "", whyTooLarge
	default:
		return text, placed
	}
}

// digits is how many digits a text begins with.
func digits(text string) int {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return i
		}
	}

	return len(text)
}

// parseNumber reads digits, and reports whether they fit into 64 bits.
func parseNumber(digits string) (uint64, bool) {
	if len(digits) > 19 {
		value, err := strconv.ParseUint(digits, 10, 64)

		return value, err == nil
	}

	value := uint64(0)
	for i := range len(digits) {
		value = value*10 + uint64(digits[i]-'0')
	}

	return value, true
}

// checkPreRelease returns why a text is no pre-release (SemVer 2.0.0, section 9).
func checkPreRelease(text string) why {
	if !validIdentifiers(text) {
		return whyPreRelease
	}

	for identifier := range strings.SplitSeq(text, ".") {
		if isNumber(identifier) && hasLeadingZero(identifier) {
			return whyLeadingZero
		}
	}

	return placed
}

// validIdentifiers reports whether a text is a list of identifiers, separated by dots (SemVer 2.0.0, section 10).
func validIdentifiers(text string) bool {
	before := byte('.')

	for i := range len(text) {
		c := text[i]
		if c == '.' && before == '.' || c != '.' && !isIdentifier(c) {
			return false
		}

		before = c
	}

	return before != '.'
}

// isIdentifier reports whether a character can be part of an identifier.
func isIdentifier(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-'
}

// isNumber reports whether a text consists of digits, at least one.
func isNumber(text string) bool { return text != "" && digits(text) == len(text) }

// hasLeadingZero reports whether a number is written with a zero that it doesn't need.
func hasLeadingZero(number string) bool { return len(number) > 1 && number[0] == '0' }

// preRelease is the pre-release of a version, without its hyphen; empty if it is a release.
func (v *key) preRelease() string {
	if v.build == 0 {
		return ""
	}

	return v.text[1:v.build]
}

// metadata is the build metadata of a version, without its plus.
func (v *key) metadata() string { return strings.TrimPrefix(v.text[v.build:], "+") }

// semver returns a version as ranges want it.
func (v *key) semver() *semver.Version {
	return semver.New(v.major, v.minor, v.patch, v.preRelease(), v.metadata())
}

// compareVersions orders versions by the first two rules of the package comment.
func compareVersions(a, b *key) int {
	if order := a.compareRelease(b); order != 0 {
		return order
	}

	if a.text == b.text {
		return 0
	}

	if order := comparePreRelease(a.preRelease(), b.preRelease()); order != 0 {
		return order
	}

	return compareIdentifiers(a.metadata(), b.metadata())
}

// compareRelease orders by the three numbers alone.
func (v *key) compareRelease(other *key) int {
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
		return compareDigits(strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0"))
	case aNumber:
		return -1
	case bNumber:
		return 1
	default:
		return cmp.Compare(a, b)
	}
}
