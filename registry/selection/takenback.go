package selection

import (
	"cmp"
	"errors"
	"fmt"
)

// moveAgain refuses what somebody took back: where a target holds neither what was written last nor anything later, that is
// an explicit word, which only something newer, a pin, or the same value written again by a person takes back.
func (s *Selector) moveAgain(held, selected Reference, written []Reference) error {
	last := written[0]
	switch {
	case held == last:
		return nil
	case s.policy.Digest != nil || held.Tag == last.Tag:
		return s.moveToDigest(held, selected, written)
	}
	if held.Tag != "" {
		order, err := s.Compare(held.Tag, last.Tag)
		var unplaced *TagError
		switch {
		// What has no place holds the target by itself, unless downgrades are allowed.
		case errors.As(err, &unplaced) && (unplaced.Tag != held.Tag || !s.policy.Downgrades):
			return nil
		case err == nil && order > 0: // Somebody moved it forward.
			return nil
		}
	}
	later, err := s.Later(selected.Tag, last.Tag)
	if later || errors.As(err, new(*TagError)) {
		return err
	}
	return s.takenBack(held, selected, Reference{Tag: last.Tag}, show(last.Tag),
		fmt.Sprintf("push a newer %s than %s, revert the revert, or pin it", s.order.noun, show(last.Tag)))
}

// moveToDigest refuses the very digests that were taken back: those that were written after what the target holds; if that
// was never written, the last one.
func (s *Selector) moveToDigest(held, selected Reference, written []Reference) error {
	same := func(a, b Reference) bool {
		return a.Digest == b.Digest && (s.policy.Digest != nil || a.Tag == b.Tag)
	}
	taken := written[:1]
	for i, reference := range written {
		if same(reference, held) {
			taken = written[:i]
			break
		}
	}
	for _, reference := range taken {
		if reference.Digest == "" || !same(reference, selected) {
			continue
		}
		release := fmt.Sprintf("push another image under %s, or revert the revert", show(selected.Tag))
		if s.policy.Digest == nil {
			release = fmt.Sprintf("push a newer %s than %s, revert the revert, or pin it", s.order.noun, show(selected.Tag))
		}
		return s.takenBack(held, selected, reference, "the digest "+abbreviate(reference.Digest)+" of "+show(selected.Tag), release)
	}
	return nil
}

func (s *Selector) takenBack(held, selected, rejected Reference, what, release string) error {
	now := ", and nothing stands there now"
	switch {
	case held.Tag != "" && held.Tag != rejected.Tag:
		now = " to " + show(held.Tag)
	case held.Digest != "":
		now = " to " + abbreviate(held.Digest)
	case held.Tag != "":
		now = ""
	}
	return &StayError{
		Kind: TakenBack, Held: held, Selected: selected, Rejected: rejected, Release: release,
		Problem: fmt.Sprintf("%s was taken back%s: %s", what, now, release),
	}
}

// tagOf says which tag a digest was written for last; empty if it never was.
func tagOf(digest string, written []Reference) string {
	tag := ""
	for _, reference := range written {
		if reference.Digest == digest {
			tag = cmp.Or(tag, reference.Tag)
		}
	}
	return tag
}
