package selection

import (
	"math"
	"regexp"
	"slices"
	"strconv"

	"github.com/Masterminds/semver/v3"
)

// versionRange answers whether a range takes a version. semver.Constraints decides; but each of its refusals formats
// a message that nobody reads, so that it is asked once for all versions that it can't tell apart.
//
// Every operator of a range compares the numbers of a version with those that it was given, part by part, and a
// pre-release only where the numbers are equal. So its answer changes only at a few releases, the edges: for >1.2.3
// these are 1.0.0, 1.2.0, 1.2.3, 1.2.4, 1.3.0 and 2.0.0. All releases from one edge up to the next get the same
// answer, and so do all pre-releases whose numbers lie between the two.
type versionRange struct {
	constraints *semver.Constraints
	// edges are in order; the first is 0.0.0.
	edges []key
	// takes holds the answer for releases from each edge on, between that for pre-releases after it.
	takes, between []bool
}

// number matches what could be a version in a range. It may match more than that, which adds an edge and changes nothing.
var number = regexp.MustCompile(`([0-9]+)(?:\.([0-9xX*]+))?(?:\.([0-9xX*]+))?`)

// newVersionRange finds the edges of a range and asks for the answers between them.
func newVersionRange(written string, constraints *semver.Constraints) *versionRange {
	r := &versionRange{constraints: constraints}

	// An operand without any number stands for 0.0.0.
	matches := append(number.FindAllStringSubmatch(written, -1), []string{"", "0", "0", "0"})

	for _, match := range matches {
		major, minor, patch := part(match[1]), part(match[2]), part(match[3])

		r.edges = append(r.edges,
			key{major: major}, key{major: major + 1},
			key{major: major, minor: minor}, key{major: major, minor: minor + 1},
			key{major: major, minor: minor, patch: 1},
			key{major: major, minor: minor, patch: patch}, key{major: major, minor: minor, patch: patch + 1},
		)
	}

	slices.SortFunc(r.edges, func(a, b key) int { return a.compareRelease(&b) })
	r.edges = slices.CompactFunc(r.edges, func(a, b key) bool { return a.compareRelease(&b) == 0 })

	for i := range r.edges {
		edge := r.edges[i]
		r.takes = append(r.takes, constraints.Check(edge.semver()))

		if edge.patch < math.MaxUint64 {
			edge.patch++
			edge.text, edge.build = "-0", 2
		}

		r.between = append(r.between, constraints.Check(edge.semver()))
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
func (r *versionRange) has(v *key) bool {
	// low becomes the last edge that isn't after the version.
	low, high := 0, len(r.edges)
	for high-low > 1 {
		middle := (low + high) / 2
		if r.edges[middle].compareRelease(v) <= 0 {
			low = middle
		} else {
			high = middle
		}
	}

	switch {
	case v.build == 0:
		return r.takes[low]
	case r.edges[low].compareRelease(v) == 0 || v.patch == math.MaxUint64:
		return r.constraints.Check(v.semver())
	default:
		return r.between[low]
	}
}
