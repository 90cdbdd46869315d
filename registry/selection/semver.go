package selection

import (
	"fmt"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// newSemVer makes the order of versions in a range.
func newSemVer(policy *SemVer) (order, error) {
	released, err := parseRange(policy.Range)
	if err != nil {
		return order{}, err
	}
	anyRelease := *released
	anyRelease.IncludePrerelease = true
	rules := &versionRule{
		prereleases: policy.Prereleases, released: newVersionRange(policy.Range, released), anyRelease: newVersionRange(policy.Range, &anyRelease),
	}
	o := order{
		kind: "semver", noun: "version", newest: fmt.Sprintf("the newest version in the range %q", policy.Range),
		read: parseVersion, compare: compareVersions, judge: rules.judge,
	}
	if policy.Strict {
		o.kind, o.read = "strict semver", parseStrict
	}
	return o, nil
}

// versionRule says which versions a policy takes.
type versionRule struct {
	prereleases bool
	// released is the range as it was written, anyRelease the same with pre-releases let in.
	released, anyRelease *versionRange
}

// judge says whether a version is taken, apart from the others.
func (r *versionRule) judge(v *key) Verdict {
	switch {
	case !r.anyRelease.has(v):
		return OutsideRange
	case v.build > 0 && !r.prereleases && !r.released.has(v):
		return PreRelease
	default:
		return Chosen
	}
}

// parseRange parses a range, and refuses what the parser takes for "every version" although nobody would write it
// for that: an empty range or an empty alternative.
func parseRange(written string) (*semver.Constraints, error) {
	const field = "select.semver.range"
	if written == "" {
		return nil, refuse(field, `%s is empty: write ">=0.0.0" to take every version`, field)
	}
	if len(written) > semver.MaxConstraintLen {
		return nil, refuse(field, "%s has %d characters, %d are allowed: shorten it", field, len(written), semver.MaxConstraintLen)
	}
	for alternative := range strings.SplitSeq(written, "||") {
		if strings.TrimSpace(alternative) == "" {
			return nil, refuse(field, `%s %q has an empty alternative, which would take every version: remove the "||" beside it`, field, written)
		}
	}
	constraints, err := semver.NewConstraint(written)
	if err != nil {
		return nil, refuse(field, `%s %q doesn't parse (%v): write it like ">=1.0.0", "1.x", "^1.2", "~1.2", "1.0 - 2.0" or ">=1.0.0 <2.0.0"`,
			field, written, err)
	}
	return constraints, nil
}
