package selection

import (
	"fmt"
	"slices"
	"strings"
)

// maxWarnings bounds a status.
const maxWarnings = 8

// warnings says what is legal, and probably not meant. The texts hold no counters, and name the first tag that will do, so
// that they don't change with every tag that is pushed.
func (d *decision) warnings() []string {
	var all []string
	if d.policy.SemVer != nil {
		all = d.versionWarnings()
	}
	all = append(all, d.filterWarnings()...)
	slices.Sort(all)
	return all[:min(len(all), maxWarnings)]
}

// filterWarnings are about filters that let nothing through that counts.
func (d *decision) filterWarnings() []string {
	c := &d.counts
	switch {
	case len(d.tags) == 0 || d.top != none || d.policy.Digest != nil:
		return nil
	case c.notAVersion > 0 && d.filter.include != nil && d.policy.Extract == "":
		return d.extractWarnings()
	case c.excluded+c.notIncluded < len(d.tags):
		return nil
	case c.notIncluded == 0:
		return []string{"tags.exclude hides every tag: remove the expression that matches too much"}
	case d.hidesIncluded():
		return []string{fmt.Sprintf("tags.exclude hides every tag that tags.include %q matches: remove the expression that matches too much", d.policy.Include)}
	default:
		return []string{fmt.Sprintf("tags.include %q matches no tag: compare it with the tags of the repository", d.policy.Include)}
	}
}

// hidesIncluded reports whether an excluded tag would be included otherwise.
func (d *decision) hidesIncluded() bool {
	for i := range d.keys {
		if d.keys[i].why == whyExcluded && d.filter.include != nil && d.filter.include.match(d.tags[i]) {
			return true
		}
	}
	return false
}

// extractWarnings are about an inclusion whose tags have no place as a whole.
func (d *decision) extractWarnings() []string {
	if d.filter.include.compiled.NumSubexp() == 0 {
		return []string{fmt.Sprintf("tags.include %q matches tags that are no %s as a whole: put the %s in a group, as in %q, and set tags.extract",
			d.policy.Include, d.order.noun, d.order.noun, example)}
	}
	return []string{fmt.Sprintf("tags.include %q has groups, but without tags.extract the whole tag is compared: set tags.extract to %q",
		d.policy.Include, strings.SplitN(groupsOf(d.filter.include.compiled), ",", 2)[0])}
}

// versionWarnings are about tags that look like versions and are none, or the other way round.
func (d *decision) versionWarnings() []string {
	var all []string
	for _, find := range []func() string{d.unorderedCandidate, d.hiddenSuffix, d.plainNumber, d.dateOutOfPlace, d.dateVersion} {
		if warning := find(); warning != "" {
			all = append(all, warning)
		}
	}
	return all
}

// unorderedCandidate warns of rc9, which comes after rc10: SemVer takes both for words.
func (d *decision) unorderedCandidate() string {
	if d.top == none || d.keys[d.top].build == 0 {
		return ""
	}
	top := &d.keys[d.top]
	word, count := splitCount(top.preRelease())
	if word == "" || count == "" {
		return ""
	}
	worst, most := none, count
	for i := range d.keys {
		k := &d.keys[i]
		if k.why != placed || k.build == 0 || k.compareRelease(top) != 0 || d.byName(i) != Chosen {
			continue
		}
		if other, n := splitCount(k.preRelease()); other == word && n != "" && compareDigits(n, most) > 0 {
			worst, most = i, n
		}
	}
	if worst == none {
		return ""
	}
	name := strings.TrimRight(word[strings.LastIndexByte(word, '.')+1:], "-")
	return fmt.Sprintf("%q sorts above %q: write %s.%s, %s.%s", d.tags[d.top], d.tags[worst], name, count, name, most)
}

// splitCount splits rc10 into rc and 10. Both are empty if it isn't a word with a number at its end.
func splitCount(preRelease string) (word, count string) {
	word = strings.TrimRight(preRelease, "0123456789")
	count = strings.TrimLeft(preRelease[len(word):], "0")
	if word == "" || count == "" || strings.HasSuffix(word, ".") {
		return "", ""
	}
	return word, count
}

// usual are the words that people mean as a pre-release.
var usual = map[string]bool{ //nolint:gochecknoglobals // a table.
	"a": true, "alpha": true, "b": true, "beta": true, "c": true, "canary": true, "cr": true, "dev": true, "ea": true, "edge": true, "experimental": true,
	"insiders": true, "m": true, "milestone": true, "next": true, "nightly": true, "pre": true, "preview": true, "prerelease": true, "rc": true,
	"snapshot": true, "test": true, "unstable": true,
}

// hiddenSuffix warns of versions that are hidden because SemVer takes a suffix such as -1 or -alpine for a pre-release,
// unless the same version is there without it.
func (d *decision) hiddenSuffix() string {
	if d.counts.preRelease == 0 {
		return ""
	}
	for i := range d.keys {
		k := &d.keys[i]
		if k.why != placed || k.build == 0 || d.byName(i) != PreRelease {
			continue
		}
		suffix := k.preRelease()
		word := strings.ToLower(strings.TrimRight(suffix[:wordEnd(suffix)], "0123456789"))
		if usual[word] {
			continue
		}
		if d.top != none {
			if order := k.compareRelease(&d.keys[d.top]); order < 0 || order == 0 && word != "" {
				continue
			}
		}
		return fmt.Sprintf("%q is hidden, because SemVer takes its suffix for a pre-release: set select.semver.prereleases, or extract the version without it",
			d.tags[i])
	}
	return ""
}

// wordEnd is where the first word of a pre-release ends.
func wordEnd(preRelease string) int {
	if end := strings.IndexAny(preRelease, ".-"); end >= 0 {
		return end
	}
	return len(preRelease)
}

// plainNumber warns of 20240101 and of commits that happen to have no letter.
func (d *decision) plainNumber() string {
	return d.firstOf(whyDigits, func(text string) bool { return isNumber(strings.TrimPrefix(text, "v")) },
		"%q is no version, though it may look like one: compare such tags by select.numerical, or leave them out by tags.exclude")
}

// dateOutOfPlace warns of 2024.01.02.
func (d *decision) dateOutOfPlace() string {
	return d.firstOf(whyLeadingZero, isYear,
		"%q is no version, because of its leading zero: compare such tags by select.alphabetical, or leave them out by tags.exclude")
}

// firstOf makes a warning of the first tag that has no place for a reason, and looks as it is given.
func (d *decision) firstOf(reason why, looks func(text string) bool, format string) string {
	if d.counts.notAVersion == 0 {
		return ""
	}
	for i := range d.keys {
		if d.keys[i].why != reason {
			continue
		}
		if text, _ := d.filter.extract(d.tags[i]); looks(text) {
			return fmt.Sprintf(format, abbreviate(d.tags[i]))
		}
	}
	return ""
}

// isYear reports whether a text begins with the year of a date.
func isYear(text string) bool {
	return len(text) > 5 && digits(text) == 4 && text[4] == '.' && text[:4] >= "1990" && text[:4] < "2100"
}

// dateVersion warns of 2024.1.2, which comes after every real version.
func (d *decision) dateVersion() string {
	if d.top == none || !isDate(&d.keys[d.top]) {
		return ""
	}
	for i := range d.keys {
		if k := &d.keys[i]; k.why == placed && k.major < 1000 && d.byName(i) == Chosen {
			return fmt.Sprintf("%q looks like a date, and as a version is later than %q: leave it out by tags.exclude, or by a range such as \"<1000\"",
				d.tags[d.top], d.tags[i])
		}
	}
	return ""
}

// isDate reports whether a version looks like a date: 2024.1.2, 20240102.0.0.
func isDate(v *key) bool {
	return v.major >= 1990 && v.major < 2100 && v.minor <= 12 && v.patch <= 31 || v.major >= 19900101 && v.major < 21000101
}
