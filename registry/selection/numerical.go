package selection

import (
	"cmp"
	"strings"
)

// numerical orders decimal numbers of any length, exactly: they are never made machine numbers.
func numerical(descending bool) order {
	o := order{
		kind: "numerical", noun: "number", newest: "the largest number",
		read: parseDigits, compare: func(a, b *key) int { return compareDigits(a.text, b.text) },
	}
	if descending {
		o.newest = "the smallest number"
		o.compare = func(a, b *key) int { return compareDigits(b.text, a.text) }
	}
	return o
}

// parseDigits reads a decimal number. Signs, points, exponents, spaces and words have no place among them.
func parseDigits(text string) key {
	if !isNumber(text) {
		return key{why: whyNoNumber}
	}
	return key{text: strings.TrimLeft(text, "0")}
}

// compareDigits orders two numbers without leading zeros.
func compareDigits(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
