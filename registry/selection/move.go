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
	// TakenBack: somebody took back what was written last, and with it everything up to it.
	TakenBack StayKind = "TakenBack"
)

// StayError says why a target keeps what it holds. It isn't terminal: another selection or another value in Git can
// end it.
type StayError struct {
	// Kind is the reason.
	Kind StayKind
	// Held is what the target holds, Selected what it doesn't take.
	Held, Selected Reference
	// Rejected is what was taken back, if Kind is TakenBack: this tag and all before it, or this very digest.
	Rejected Reference
	// Release says what ends it, for a person: "push a newer version than v1.0.36, revert the revert, or pin it". Empty if
	// nothing needs to end.
	Release string
	// Problem is the whole message. It ends with Release, behind a colon.
	Problem string
}

// Error returns the message.
func (e *StayError) Error() string { return e.Problem }

// OnPurpose reports whether the target holds what somebody must have meant: anything but a later tag.
func (e *StayError) OnPurpose() bool { return e.Kind != Newer }

// Move decides whether a target that holds one reference takes the selected one: nil if it does, or has it already, else
// a *StayError. written is what was written to the target before, the newest first, as far as it is known; without it
// nothing can have been taken back. The rules, in their order:
//
//  1. A pin is taken always.
//  2. What was taken back isn't taken again: where the target doesn't hold what was written last, nor anything later,
//     only what is later than that is taken. Where there is no order to tell (a digest policy, another digest of the same
//     tag) the very digests that were taken back are refused.
//  3. What a digest policy selects is taken, and so is anything by a target that holds neither tag nor a digest whose
//     tag is known.
//  4. Of the tag that the target holds already, another digest is taken if the policy takes mutations.
//  5. With downgrades allowed the selected tag is taken whatever the target holds; else only where that is earlier.
func (s *Selector) Move(held, selected Reference, written ...Reference) error {
	if s.policy.Pin != "" {
		return nil
	}
	if held.Tag == "" && held.Digest != "" {
		held.Tag = tagOf(held.Digest, written)
	}
	if len(written) > 0 {
		if err := s.moveAgain(held, selected, written); err != nil {
			return err
		}
	}
	switch {
	case s.policy.Digest != nil || held.Tag == "":
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
		return s.noPlace(held, selected, len(written) > 0)
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
	release := "push a new tag, or set onMutation: Commit to take the new digest"
	return &StayError{Kind: OtherDigest, Held: held, Selected: selected, Release: release, Problem: fmt.Sprintf(
		"Git holds %s with the digest %s, and the selected digest is %s: %s",
		show(held.Tag), abbreviate(held.Digest), abbreviate(selected.Digest), release)}
}

// noPlace says that what Git holds has no place in the order, and what ends that. Where something was written before,
// emptying the target doesn't: that takes it back as well.
func (s *Selector) noPlace(held, selected Reference, written bool) error {
	noun, nothing := s.order.noun, ", or nothing,"
	if written {
		nothing = ""
	}
	what, release := "which is no "+noun, "a "+noun
	if _, refused := s.filter.extract(held.Tag); s.policy.Extract != "" {
		what, release = "of which tags.extract makes no "+noun, "a tag with one"
		if refused == whyNotIncluded {
			what, release = fmt.Sprintf("which tags.include %q doesn't match", s.policy.Include), "a tag that it matches"
		}
	}
	release = fmt.Sprintf("the target is held until %s%s stands there again", release, nothing)
	return &StayError{
		Kind: NoPlace, Held: held, Selected: selected, Release: release,
		Problem: fmt.Sprintf("Git holds %q, %s: %s", abbreviate(held.Tag), what, release),
	}
}
