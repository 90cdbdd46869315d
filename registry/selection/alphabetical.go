package selection

import "strings"

// alphabetical orders by bytes.
func alphabetical(descending bool) order {
	o := order{
		kind: "alphabetical", noun: "text", newest: "the last in alphabetical order",
		read: func(text string) key { return key{text: text} }, compare: func(a, b *key) int { return strings.Compare(a.text, b.text) },
	}
	if descending {
		o.newest = "the first in alphabetical order"
		o.compare = func(a, b *key) int { return strings.Compare(b.text, a.text) }
	}
	return o
}

// following gives one tag a place, and no other.
func following(tag string) order {
	return order{
		kind: "digest " + tag, noun: "followed tag", newest: "the tag that is followed",
		read: func(text string) key {
			if text != tag {
				return key{why: whyNotFollowed}
			}
			return key{}
		},
		compare: func(*key, *key) int { return 0 },
	}
}
