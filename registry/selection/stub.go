package selection

import "fmt"

// Tags is a list of distinct tags.
type Tags struct{ tags []string }

// NewTags makes a list of distinct tags.
func NewTags(tags []string) *Tags { return &Tags{tags: tags} }

// Len is how many there are.
func (t *Tags) Len() int { return len(t.tags) }

// Selector is a compiled policy. It is immutable and safe for concurrent use.
type Selector struct{}

// Compile checks a policy and makes it ready for use.
func Compile(policy Policy) (*Selector, error) { return &Selector{}, nil }

// Select chooses.
func (s *Selector) Select(in Input) Selection { return Selection{} }

// Explain explains.
func (s *Selector) Explain(in Input) Explanation { return Explanation{} }

// NeedsFacts reports whether the policy looks beyond names.
func (s *Selector) NeedsFacts() bool { return false }

// Compare orders two tags.
func (s *Selector) Compare(a, b string) (int, error) { return 0, nil }

// Later reports whether a comes after b.
func (s *Selector) Later(a, b string) (bool, error) { return false, nil }

// StayKind says why a target stays.
type StayKind string

// The kinds.
const (
	// Newer: Git holds a later tag.
	Newer StayKind = "Newer"
	// NoPlace: what Git holds has no place in the order.
	NoPlace StayKind = "NoPlace"
	// OtherDigest: Git holds the selected tag with another digest.
	OtherDigest StayKind = "OtherDigest"
)

// StayError says why a target keeps what it holds.
type StayError struct {
	Kind           StayKind
	Held, Selected Reference
	Problem        string
}

// Error returns the message.
func (e *StayError) Error() string { return e.Problem }

// Move decides.
func (s *Selector) Move(held, selected Reference) error { return nil }

// TagError says that a tag has no place in the order.
type TagError struct{ Tag, Reason string }

// Error returns the message.
func (e *TagError) Error() string { return fmt.Sprintf("tag %q %s", e.Tag, e.Reason) }

// Terminal is true.
func (e *TagError) Terminal() bool { return true }

// Describe describes.
func (s *Selector) Describe() string { return "" }
