package selection

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// versionRange answers whether a range takes a version. semver.Constraints decides; but each of its refusals formats
// a message that nobody reads, so that it is asked once for all releases that it can't tell apart.
//
// Every operator of a range compares the numbers of a release with those that it was given, part by part. So its
// answer changes only at a few releases, the edges: for >1.2.3 these are 1.0.0, 1.2.0, 1.2.3, 1.2.4, 1.3.0 and 2.0.0.
// All releases from one edge up to the next get the same answer.
type versionRange struct {
	constraints *semver.Constraints
	// releasesOnly is true if no pre-release is taken, whatever its numbers.
	releasesOnly bool
	// edges are in order.
	edges []version
	// takes holds the answer for the releases before the first edge, and from each edge on.
	takes []bool
}

// number matches what could be a version in a range. It may match more than that, which adds an edge and changes nothing.
var number = regexp.MustCompile(`([0-9]+)(?:\.([0-9xX*]+))?(?:\.([0-9xX*]+))?`)

// newVersionRange finds the edges of a range and asks for the answers between them.
func newVersionRange(written string, constraints *semver.Constraints) *versionRange {
	r := &versionRange{
		constraints: constraints,
		// A hyphen begins a pre-release, or stands between two versions.
		releasesOnly: !constraints.IncludePrerelease && !strings.Contains(written, "-"),
	}

	// An operand without any number stands for 0.0.0.
	matches := append(number.FindAllStringSubmatch(written, -1), []string{"", "0", "0", "0"})

	for _, match := range matches {
		major, minor, patch := part(match[1]), part(match[2]), part(match[3])

		r.edges = append(r.edges,
			version{major: major}, version{major: major + 1},
			version{major: major, minor: minor}, version{major: major, minor: minor + 1},
			version{major: major, minor: minor, patch: 1},
			version{major: major, minor: minor, patch: patch}, version{major: major, minor: minor, patch: patch + 1},
		)
	}

	slices.SortFunc(r.edges, func(a, b version) int { return a.compareRelease(&b) })
	r.edges = slices.CompactFunc(r.edges, func(a, b version) bool { return a.compareRelease(&b) == 0 })

	r.takes = append(r.takes, constraints.Check((&version{}).semver()))
	for i := range r.edges {
		r.takes = append(r.takes, constraints.Check(r.edges[i].semver()))
	}

	return r
}

// part reads a part of a version in a range; one that is missing, "x" or "*" is zero, as for the range itself.
func part(text string) uint64 {
	value, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}

	return value
}

// has reports whether the range takes a version.
func (r *versionRange) has(v *version) bool {
	if v.preRelease != "" {
		return !r.releasesOnly && r.constraints.Check(v.semver())
	}

	at, found := slices.BinarySearchFunc(r.edges, v, func(edge version, v *version) int { return edge.compareRelease(v) })
	if found {
		at++
	}

	return r.takes[at]
}
