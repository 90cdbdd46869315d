package selection

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Selector is a compiled policy. It is immutable and safe for concurrent use.
type Selector struct {
	policy Policy
	order  order
	filter filter
	// fingerprint is the same for policies that compare by the same keys.
	fingerprint string
}

// refuse makes the error of a field.
func refuse(field, format string, args ...any) error {
	return &PolicyError{Field: field, Problem: fmt.Sprintf(format, args...)}
}

// Compile checks a policy and makes it ready for use. The error is a *PolicyError, which names the field and says what
// to write instead.
func Compile(policy Policy) (*Selector, error) {
	s := &Selector{policy: policy}
	s.policy.Exclude, s.policy.Platforms = slices.Clone(policy.Exclude), slices.Clone(policy.Platforms)
	if policy.SemVer != nil {
		// White space has no meaning in a range, and the range is quoted in messages of one line.
		s.policy.SemVer = &SemVer{
			Range: strings.Join(strings.Fields(policy.SemVer.Range), " "), Prereleases: policy.SemVer.Prereleases, Strict: policy.SemVer.Strict,
		}
	}
	if err := check(&s.policy); err != nil {
		return nil, err
	}
	var err error
	if s.order, err = newOrder(&s.policy); err != nil {
		return nil, err
	}
	if s.filter, err = newFilter(&s.policy); err != nil {
		return nil, err
	}
	s.fingerprint = s.order.kind + "\n" + s.filter.fingerprint(&s.policy)
	return s, s.checkFollowed()
}

// newOrder returns the one order that a policy has.
func newOrder(policy *Policy) (order, error) {
	switch {
	case policy.SemVer != nil:
		return newSemVer(policy.SemVer)
	case policy.Numerical != nil:
		return numerical(policy.Numerical.Descending), nil
	case policy.Alphabetical != nil:
		return alphabetical(policy.Alphabetical.Descending), nil
	default:
		return following(policy.Digest.Tag), nil
	}
}

var (
	platform  = regexp.MustCompile(`^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$`)
	tagSyntax = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
)

// check finds what is wrong with a policy, its expressions and its range left aside.
func check(policy *Policy) error {
	if err := checkKinds(policy); err != nil {
		return err
	}
	switch {
	case policy.Digest != nil && !tagSyntax.MatchString(policy.Digest.Tag):
		return refuse("select.digest.tag", `select.digest.tag %q is no tag: write the one to follow, such as "latest"`, abbreviate(policy.Digest.Tag))
	case policy.Digest != nil && policy.Pin != "":
		return refuse("pin", "pin %q and select.digest exclude each other: set select.digest.tag", abbreviate(policy.Pin))
	case policy.Digest != nil && policy.Extract != "":
		return refuse("tags.extract", "tags.extract %q has no use with select.digest, which compares nothing: remove it", policy.Extract)
	case policy.Pin != "" && !tagSyntax.MatchString(policy.Pin):
		return refuse("pin", `pin %q is no tag: write one of the repository, such as "v1.0.30"`, abbreviate(policy.Pin))
	case policy.MinimumAge < 0:
		return refuse("minimumAge", `minimumAge %s is negative: write a duration such as "24h"`, short(policy.MinimumAge))
	}
	for i, written := range policy.Platforms {
		if !platform.MatchString(written) {
			return refuse(fmt.Sprintf("platforms[%d]", i),
				`platforms[%d] %q is no platform: write system, architecture and variant, such as "linux/amd64" or "linux/arm/v7"`, i, abbreviate(written))
		}
	}
	return nil
}

// checkKinds refuses a policy that doesn't have exactly one order.
func checkKinds(policy *Policy) error {
	kinds := 0
	for _, set := range []bool{policy.SemVer != nil, policy.Numerical != nil, policy.Alphabetical != nil, policy.Digest != nil} {
		if set {
			kinds++
		}
	}
	switch kinds {
	case 0:
		return refuse("select", `select: it doesn't say which tag is the newest: set one of semver, numerical, alphabetical and digest, such as semver with the range ">=1.0.0"`)
	case 1:
		return nil
	default:
		return refuse("select", "select: %d of semver, numerical, alphabetical and digest are set: set exactly one", kinds)
	}
}

// checkFollowed refuses a followed tag that can never be chosen.
func (s *Selector) checkFollowed() error {
	if s.policy.Digest == nil {
		return nil
	}
	const field = "select.digest.tag"
	tag := s.policy.Digest.Tag
	if by := s.filter.excludedBy(tag); by != nil {
		return refuse(field, "%s %q is left out by %s %q: change one of them", field, tag, by.field, by.written)
	}
	if s.filter.include != nil && !s.filter.include.match(tag) {
		return refuse(field, "%s %q isn't matched by tags.include %q: change one of them", field, tag, s.policy.Include)
	}
	return nil
}

// NeedsFacts reports whether the policy looks beyond names, at digests, ages or platforms: whether a selection can need
// something.
func (s *Selector) NeedsFacts() bool {
	return s.policy.Pin == "" && (s.weighs() || s.policy.Digest != nil)
}

// weighs reports whether facts decide between tags.
func (s *Selector) weighs() bool { return s.policy.MinimumAge > 0 || len(s.policy.Platforms) > 0 }

// Describe returns the rule in a few words of one line, for a commit message: "semver >=1.0.0", "numerical asc of $ts in
// ^main-(?P<ts>[0-9]+)$", "digest of latest", "pinned to v1.0.30".
func (s *Selector) Describe() string {
	if s.policy.Pin != "" {
		return "pinned to " + s.policy.Pin
	}
	rule := s.order.kind
	switch {
	case s.policy.Digest != nil:
		rule = "digest of " + s.policy.Digest.Tag
	case s.policy.SemVer != nil:
		rule += " " + s.policy.SemVer.Range
		if s.policy.SemVer.Prereleases {
			rule += " with pre-releases"
		}
	case s.policy.Numerical != nil:
		rule += direction(s.policy.Numerical)
	case s.policy.Alphabetical != nil:
		rule += direction(s.policy.Alphabetical)
	}
	if s.policy.Extract != "" {
		rule += " of " + s.policy.Extract
	}
	if s.policy.Include != "" && s.policy.Digest == nil {
		rule += " in " + s.policy.Include
	}
	return oneLine(rule)
}

// direction is the word for an end of an order.
func direction(o *Order) string {
	if o.Descending {
		return " desc"
	}
	return " asc"
}

// short writes a duration without parts that are zero: 24h.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
