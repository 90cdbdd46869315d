package selection

import (
	"fmt"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Policy is a person's wish: which tags count, and which of them is the newest.
type Policy struct {
	// SemVer takes the highest version in a range.
	SemVer *SemVer
}

// SemVer takes the highest version in a range.
type SemVer struct {
	// Range is a constraint in the language of Masterminds/semver: ">=1.0.0", "1.x", "^1.2", "~1.2", "1.0 - 2.0",
	// ">=1.0.0 <2.0.0", "1.x || >=3.0.0".
	Range string
	// Prereleases lets pre-releases count. Without it they count only in an alternative of the range that names a
	// pre-release itself, such as ">=1.0.0-0".
	Prereleases bool
}

// Selector is a compiled policy. It is immutable and safe for concurrent use.
type Selector struct {
	written     string
	prereleases bool
	// released is the range as it was written, anyRelease the same with pre-releases let in.
	released, anyRelease *versionRange
	reasonOutside        string
}

// PolicyError says what is wrong with a policy, and what to write instead.
type PolicyError struct {
	// Problem is the whole message.
	Problem string
}

// Error returns the message.
func (e *PolicyError) Error() string { return e.Problem }

// Terminal is true: the policy must be changed.
func (e *PolicyError) Terminal() bool { return true }

// Compile checks a policy and makes it ready for use. The error is a *PolicyError, and says what to write instead.
func Compile(policy Policy) (*Selector, error) {
	if policy.SemVer == nil {
		return nil, &PolicyError{Problem: `select: no order of versions is given: set semver with a range such as ">=1.0.0"`}
	}

	// White space has no meaning in a range, and the range is quoted in messages of one line.
	written := strings.Join(strings.Fields(policy.SemVer.Range), " ")

	released, err := parseRange(written)
	if err != nil {
		return nil, err
	}

	anyRelease := *released
	anyRelease.IncludePrerelease = true

	return &Selector{
		written:       written,
		prereleases:   policy.SemVer.Prereleases,
		released:      newVersionRange(written, released),
		anyRelease:    newVersionRange(written, &anyRelease),
		reasonOutside: fmt.Sprintf("outside the range %q", written),
	}, nil
}

// parseRange parses a range, and refuses what the parser takes for "every version" although nobody would write it
// for that: an empty range or an empty alternative.
func parseRange(written string) (*semver.Constraints, error) {
	if written == "" {
		return nil, &PolicyError{Problem: `semver range is empty: write ">=0.0.0" to take every version`}
	}

	if len(written) > semver.MaxConstraintLen {
		return nil, &PolicyError{Problem: fmt.Sprintf(
			"semver range has %d characters, %d are allowed: shorten it", len(written), semver.MaxConstraintLen)}
	}

	for alternative := range strings.SplitSeq(written, "||") {
		if strings.TrimSpace(alternative) == "" {
			return nil, &PolicyError{Problem: fmt.Sprintf(
				`semver range %q has an empty alternative, which would take every version: remove the "||" beside it`, written)}
		}
	}

	constraints, err := semver.NewConstraint(written)
	if err != nil {
		return nil, &PolicyError{Problem: fmt.Sprintf(
			`semver range %q doesn't parse (%v): write it like ">=1.0.0", "1.x", "^1.2", "~1.2", "1.0 - 2.0" or ">=1.0.0 <2.0.0"`, written, err)}
	}

	return constraints, nil
}

// Describe returns the rule in a few words of one line, for a commit message: `semver >=1.0.0`.
func (s *Selector) Describe() string {
	if s.prereleases {
		return "semver " + s.written + " with pre-releases"
	}

	return "semver " + s.written
}
