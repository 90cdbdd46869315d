package selection

import "fmt"

// TagError says that a tag has no place in the order of versions.
type TagError struct {
	// Tag is the tag that is no version.
	Tag string
	// Reason completes a sentence that begins with the tag.
	Reason string
}

// Error returns the tag and why it is no version.
func (e *TagError) Error() string {
	return fmt.Sprintf("tag %q is no version: it %s", abbreviate(e.Tag), e.Reason)
}

// Terminal is true: the tag has to be replaced by one that is a version.
func (e *TagError) Terminal() bool { return true }

// Compare orders two tags by the total order of the package comment: negative if a is earlier than b, zero if they are
// the same string, positive if a is later. The range plays no part in it. The error is a *TagError when one of
// them is no version.
func (s *Selector) Compare(a, b string) (int, error) {
	left, reason := parseVersion(a)
	if reason != "" {
		return 0, &TagError{Tag: a, Reason: reason}
	}

	right, reason := parseVersion(b)
	if reason != "" {
		return 0, &TagError{Tag: b, Reason: reason}
	}

	return left.compare(&right), nil
}

// Later reports whether tag a comes after tag b in the order of Compare: whether moving from b to a is moving forward.
func (s *Selector) Later(a, b string) (bool, error) {
	order, err := s.Compare(a, b)

	return order > 0, err
}

// abbreviate bounds what a message quotes of a tag: Git and registries can hold anything.
func abbreviate(tag string) string {
	if len(tag) <= maxTagLength {
		return tag
	}

	return tag[:maxTagLength] + "..."
}
