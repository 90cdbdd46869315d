package gitwriter

import (
	"cmp"
	"strings"
)

// reference is what a target says of an image. Any part may be missing, and one that was read from Git may be anything.
type reference struct{ repository, tag, digest string }

// referenceOf reads the reference that a target's values make together; texts are what stands, or belongs, at each. Parts of
// their own come before those inside an image.
func referenceOf(values []Value, texts []string) reference {
	var r reference
	for i, v := range values {
		if v.Part == PartImage {
			r = parseImage(texts[i])
		}
	}
	for i, v := range values {
		switch v.Part {
		case PartTag:
			r.tag = texts[i]
		case PartDigest:
			r.digest = texts[i]
		case PartRepository:
			r.repository = texts[i]
		case PartImage:
		}
	}
	return r
}

// parseImage takes an image reference apart: a colon behind the last slash begins the tag, an at sign the digest.
func parseImage(image string) reference {
	name, digest, _ := strings.Cut(image, "@")
	r := reference{repository: name, digest: digest}
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		r.repository, r.tag = name[:colon], name[colon+1:]
	}
	return r
}

// image puts together again what parseImage took apart.
func (r reference) image() string {
	image := r.repository
	if r.tag != "" {
		image += ":" + r.tag
	}
	if r.digest != "" {
		image += "@" + r.digest
	}
	return image
}

// oneLine makes the parts fit for a message.
func (r reference) oneLine() reference {
	return reference{
		repository: oneLine(r.repository, maxShownValue), tag: oneLine(r.tag, maxShownValue), digest: oneLine(r.digest, maxShownValue),
	}
}

// version tells which image of the repository it is: "v1.0.36", "v1.0.36@sha256:...", "sha256:...", or nothing.
func (r reference) version() string {
	if r.tag != "" && r.digest != "" {
		return r.tag + "@" + r.digest
	}
	return r.tag + r.digest
}

// difference tells an old reference from the new one, with no more than that takes.
func (r reference) difference(now reference) (from, to string) {
	switch {
	case now.tag != "" && r.tag != now.tag:
		return cmp.Or(r.tag, shortDigest(r.digest)), now.tag
	case now.digest != "" && r.digest != now.digest:
		return shortDigest(r.digest), shortDigest(now.digest)
	case r.digest != now.digest:
		return r.tag + "@" + shortDigest(r.digest), now.tag
	case now.repository != "" && r.repository != now.repository:
		return r.repository, now.repository
	default: // The same in another spelling, such as a number where a string belongs.
		same := cmp.Or(now.tag, shortDigest(now.digest), now.repository)
		return same, same
	}
}

// shortDigits is how many digits of a digest are shown to a person.
const shortDigits = 12

// shortDigest cuts "sha256:0123..." to twelve digits.
func shortDigest(digest string) string {
	algorithm, hash, _ := strings.Cut(digest, ":")
	digits := []rune(hash) // What stood in Git may be anything.
	if len(digits) <= shortDigits {
		return digest
	}
	return algorithm + ":" + string(digits[:shortDigits])
}

// parseVersion reads what version writes.
func parseVersion(text string) reference {
	tag, digest, both := strings.Cut(text, "@")
	if !both && strings.Contains(text, ":") { // No tag has a colon.
		return reference{digest: text}
	}
	return reference{tag: tag, digest: digest}
}
