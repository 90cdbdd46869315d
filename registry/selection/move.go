package selection

import (
	"errors"
	"fmt"
)

// StayKind says why a target keeps what it holds.
type StayKind string

// The reasons to stay.
const (
	// Newer: it holds a later tag than the selected one, and downgrades are forbidden.
	Newer StayKind = "Newer"
	// NoPlace: it holds something that has no place in the order, which somebody wrote on purpose.
	NoPlace StayKind = "NoPlace"
	// OtherDigest: it holds the selected tag with another digest, and mutations are only reported.
	OtherDigest StayKind = "OtherDigest"
)

// StayError says why a target keeps what it holds. It isn't terminal: another selection or another value in Git can
// end it.
type StayError struct {
	// Kind is the reason.
	Kind StayKind
	// Held is what the target holds, Selected what it doesn't take.
	Held, Selected Reference
	// Problem is the whole message.
	Problem string
}

// Error returns the message.
func (e *StayError) Error() string { return e.Problem }

// Move decides whether a target that holds one reference takes the selected one: nil if it does, or has it already, else
// a *StayError.
//
// A pin is taken always, and so is what a digest policy selects. A target without a tag takes anything. With downgrades
// allowed a target takes the selected tag whatever it holds.
func (s *Selector) Move(held, selected Reference) error {
	switch {
	case s.policy.Pin != "" || s.policy.Digest != nil || held.Tag == "":
		return nil
	case held.Tag == selected.Tag:
		return s.moveDigest(held, selected)
	case s.policy.Downgrades:
		return nil
	}
	later, err := s.Later(held.Tag, selected.Tag)
	var unplaced *TagError
	switch {
	case errors.As(err, &unplaced) && unplaced.Tag == held.Tag:
		return &StayError{Kind: NoPlace, Held: held, Selected: selected, Problem: s.noPlace(held.Tag)}
	case err != nil:
		return err
	case later:
		return &StayError{Kind: Newer, Held: held, Selected: selected, Problem: fmt.Sprintf(
			"Git holds %s, which is later than the selected %s: a target moves forward only", show(held.Tag), show(selected.Tag))}
	default:
		return nil
	}
}

// moveDigest decides about a target that holds the selected tag.
func (s *Selector) moveDigest(held, selected Reference) error {
	if s.policy.Mutations || held.Digest == "" || selected.Digest == "" || held.Digest == selected.Digest {
		return nil
	}
	return &StayError{Kind: OtherDigest, Held: held, Selected: selected, Problem: fmt.Sprintf(
		"Git holds %s with the digest %s, and the selected digest is %s: push a new tag, or set onMutation: Commit to take the new digest",
		show(held.Tag), abbreviate(held.Digest), abbreviate(selected.Digest))}
}

// noPlace says that what Git holds has no place in the order, and what ends that.
func (s *Selector) noPlace(tag string) string {
	noun := s.order.noun
	_, refused := s.filter.extract(tag)
	switch {
	case s.policy.Extract == "":
		return fmt.Sprintf("Git holds %q, which is no %s: the target is held until a %s, or nothing, stands there again", abbreviate(tag), noun, noun)
	case refused == whyNotIncluded:
		return fmt.Sprintf("Git holds %q, which tags.include %q doesn't match: the target is held until a tag that it matches, or nothing, stands there again",
			abbreviate(tag), s.policy.Include)
	default:
		return fmt.Sprintf("Git holds %q, of which tags.extract makes no %s: the target is held until a tag with one, or nothing, stands there again", abbreviate(tag), noun)
	}
}
