package selection

import "time"

// Policy is a person's wish: which tags count, and which of them is the newest. Exactly one of SemVer, Numerical,
// Alphabetical and Digest is set.
type Policy struct {
	// Include is a regular expression (RE2) that a tag must match, anywhere in it unless it is anchored by ^ and $.
	// Empty: every tag.
	Include string
	// Extract is what is compared instead of the whole tag, made of the groups of Include: "$ts", "${1}", "$1.$2.0".
	// "$$" stands for a dollar sign. Empty: the whole tag.
	Extract string
	// Exclude are regular expressions; a tag that one of them matches, anywhere in it, doesn't count. It is taken as it
	// is: DefaultExclude is for the caller to give.
	Exclude []string

	// SemVer takes the highest version in a range.
	SemVer *SemVer
	// Numerical takes the largest decimal number.
	Numerical *Order
	// Alphabetical takes the last by the order of bytes.
	Alphabetical *Order
	// Digest follows a tag that is pushed again and again.
	Digest *Digest

	// Platforms that an image must have, all of them: "linux/amd64", "linux/arm64/v8".
	Platforms []string
	// MinimumAge is how long a digest must have been known under a tag. Zero: not at all.
	MinimumAge time.Duration
	// Pin is the one tag to run, whatever else the policy says. Empty: none.
	Pin string

	// Downgrades lets a target move to an earlier tag than it holds.
	Downgrades bool
	// Mutations lets a target take another digest of the tag that it holds.
	Mutations bool
}

// SemVer takes the highest version in a range.
type SemVer struct {
	// Range is a constraint in the language of Masterminds/semver: ">=1.0.0", "1.x", "^1.2", "~1.2", "1.0 - 2.0",
	// ">=1.0.0 <2.0.0", "1.x || >=3.0.0".
	Range string
	// Prereleases lets pre-releases count. Without it they count only in an alternative of the range that names a
	// pre-release itself, such as ">=1.0.0-0".
	Prereleases bool
	// Strict passes over versions with a leading "v", which SemVer 2.0.0 doesn't know.
	Strict bool
}

// Order says which end of an order is the newest.
type Order struct {
	// Descending makes the first one the newest, instead of the last one.
	Descending bool
}

// Digest follows a mutable tag.
type Digest struct {
	// Tag that is followed.
	Tag string
}

// PolicyError says what is wrong with a policy, and what to write instead.
type PolicyError struct {
	// Field is the guilty field as an ImagePolicy's spec names it: "tags.include", "platforms[1]".
	Field string
	// Problem is the whole message; it names the field.
	Problem string
}

// Error returns the message.
func (e *PolicyError) Error() string { return e.Problem }

// Terminal is true: the policy must be changed.
func (e *PolicyError) Terminal() bool { return true }

// DefaultExclude returns the exclusions of a policy that names none: signatures, attestations, SBOMs, and the tags under
// which registries without referrers keep them.
func DefaultExclude() []string { return []string{`\.sig$`, `\.att$`, `\.sbom$`, `^sha256-`} }
