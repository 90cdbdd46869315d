package selection

import (
	"cmp"
	"fmt"
)

// key is what a tag is compared by, read once for all policies that compare by the same. It is small because a
// repository can have very many tags.
type key struct {
	// major, minor and patch are those of a version.
	major, minor, patch uint64
	// text is a number's digits without leading zeros, of a version what follows the three numbers ("-rc.1+7"), else
	// what is compared itself.
	text string
	// build is where in the text the build metadata of a version begins.
	build uint8
	// why says why there is no place in the order; zero if there is one.
	why why
}

// why says in one byte why a tag has no place in the order.
type why uint8

const (
	placed why = iota
	whyExcluded
	whyNotIncluded
	whyNotFollowed
	whyLongKey
	whyNotThree
	whyDigits
	whyLeadingZero
	whyTooLarge
	whyPreRelease
	whyBuild
	whyTooLong
	whyStrict
	whyNoNumber
)

// reason completes a sentence that begins with what is compared. What filters refuse has its own text.
func (w why) reason() string {
	switch w {
	case whyLongKey:
		return "is too long to be compared"
	case whyNotThree, whyDigits:
		return "doesn't have exactly three numbers, as 1.2.3 has"
	case whyLeadingZero:
		return "has a number with a leading zero"
	case whyTooLarge:
		return "has a number beyond 64 bits"
	case whyPreRelease:
		return "has a malformed pre-release"
	case whyBuild:
		return "has malformed build metadata"
	case whyTooLong:
		return "is longer than the 128 characters of a tag"
	case whyStrict:
		return `begins with "v", which strict SemVer doesn't know`
	case whyNoNumber:
		return "isn't made of the digits 0 to 9 alone"
	default:
		return ""
	}
}

// verdict is the verdict of a tag without a place in the order.
func (w why) verdict() Verdict {
	switch w {
	case whyExcluded:
		return Excluded
	case whyNotIncluded, whyNotFollowed:
		return NotIncluded
	default:
		return NotAVersion
	}
}

// order is one way to tell which of two tags is the newer. All kinds of policies differ in it alone.
type order struct {
	// kind tells keys of this order from those of others.
	kind string
	// noun is what has a place in it.
	noun string
	// newest says why the newest was chosen, none why nothing was: the noun is there, and not taken.
	newest string
	// read reads what is compared. The text may hold any bytes.
	read func(text string) key
	// compare orders two keys that have a place. Zero if the order can't tell them apart: then the tag's bytes do.
	compare func(a, b *key) int
	// judge says whether a key that has a place is taken, apart from others: Chosen if it is. Nil: all are.
	judge func(k *key) Verdict
}

// TagError says that a tag has no place in the order of a policy.
type TagError struct {
	// Tag is the tag without a place.
	Tag string
	// Reason completes a sentence that begins with the tag.
	Reason string
}

// Error returns the tag and why it has no place.
func (e *TagError) Error() string { return fmt.Sprintf("tag %q %s", abbreviate(e.Tag), e.Reason) }

// Terminal is true: the tag has to be replaced by one that has a place.
func (e *TagError) Terminal() bool { return true }

// Compare orders two tags by the total order of the package comment: negative if a is earlier than b, zero if they are
// the same string, positive if a is later. What is extracted is compared; ranges and exclusions play no part in it, nor
// does an inclusion from which nothing is extracted. The error is a *TagError when one of them has no place in the
// order; under a digest policy no two tags have.
func (s *Selector) Compare(a, b string) (int, error) {
	left, err := s.place(a)
	if err != nil {
		return 0, err
	}
	right, err := s.place(b)
	if err != nil {
		return 0, err
	}
	if s.policy.Digest != nil && a != b {
		return 0, &TagError{Tag: a, Reason: "has no place in an order: a digest policy has none"}
	}
	return cmp.Or(s.order.compare(&left, &right), cmp.Compare(a, b)), nil
}

// Later reports whether tag a comes after tag b in the order of Compare: whether moving from b to a is moving forward.
func (s *Selector) Later(a, b string) (bool, error) {
	order, err := s.Compare(a, b)
	return order > 0, err
}

// place reads a tag that needn't be one of the repository. The error is a *TagError.
func (s *Selector) place(tag string) (key, error) {
	if s.policy.Digest != nil {
		return key{}, nil
	}
	text, refused := s.filter.extract(tag)
	if refused == whyNotIncluded {
		return key{}, &TagError{Tag: tag, Reason: fmt.Sprintf("isn't matched by tags.include %q", s.policy.Include)}
	}
	k := key{why: refused}
	if refused == placed {
		k = s.order.read(text)
	}
	if k.why != placed {
		return key{}, &TagError{Tag: tag, Reason: fmt.Sprintf("is no %s: it %s", s.order.noun, s.unplaced(tag, k.why))}
	}
	return k, nil
}

// unplaced completes a sentence that begins with a tag of which nothing was read that has a place in the order.
func (s *Selector) unplaced(tag string, why why) string {
	text, refused := s.filter.extract(tag)
	if s.policy.Extract == "" || refused != placed {
		return why.reason()
	}
	return fmt.Sprintf("gives %q, which %s", abbreviate(text), why.reason())
}
