package selection

import (
	"slices"
	"strings"
)

// Verdict says what became of a tag.
type Verdict string

// The verdicts, in the order in which they are considered. Every tag gets exactly one.
const (
	// NotAVersion: the tag isn't a version as the package comment defines it.
	NotAVersion Verdict = "NotAVersion"
	// OutsideRange: a version that the range doesn't take, pre-releases let in or not.
	OutsideRange Verdict = "OutsideRange"
	// PreRelease: the range would take it, but the policy doesn't take pre-releases.
	PreRelease Verdict = "PreRelease"
	// Superseded: eligible, but there is a later one.
	Superseded Verdict = "Superseded"
	// Chosen: the latest eligible tag.
	Chosen Verdict = "Chosen"
)

// TagVerdict is what became of one tag, and why.
type TagVerdict struct {
	Tag     string
	Verdict Verdict
	// Reason is one line for a person.
	Reason string
}

// Selection is the outcome for a set of tags.
type Selection struct {
	// Tag is the chosen tag; empty if none is eligible.
	Tag string
	// Verdicts holds one verdict for each distinct tag: versions first, the newest first, then the other tags by their
	// bytes.
	Verdicts []TagVerdict
	// Eligible counts the distinct tags that the policy takes: the chosen one and those that it supersedes.
	Eligible int
}

// Select judges every tag and chooses the latest eligible one. It never fails, whatever the tags hold. It keeps no
// reference to the slice, and doesn't change it.
func (s *Selector) Select(tags []string) Selection {
	versions, others := sortTags(tags)
	selection := Selection{Verdicts: make([]TagVerdict, 0, len(versions)+len(others))}

	var reasonSuperseded string

	for i := range versions {
		verdict := s.judge(&versions[i])

		if verdict.Verdict == Chosen {
			selection.Eligible++

			if selection.Tag == "" {
				selection.Tag = verdict.Tag
				reasonSuperseded = verdict.Tag + " is later"
			} else {
				verdict.Verdict, verdict.Reason = Superseded, reasonSuperseded
			}
		}

		selection.Verdicts = append(selection.Verdicts, verdict)
	}

	selection.Verdicts = append(selection.Verdicts, others...)

	return selection
}

// judge says whether the policy takes a version, apart from the others: Chosen if it does.
func (s *Selector) judge(v *version) TagVerdict {
	switch {
	case !s.anyRelease.has(v):
		return TagVerdict{Tag: v.tag, Verdict: OutsideRange, Reason: s.reasonOutside}
	case v.preRelease != "" && !s.prereleases && !s.released.has(v):
		return TagVerdict{Tag: v.tag, Verdict: PreRelease, Reason: reasonNoPreReleases}
	default:
		return TagVerdict{Tag: v.tag, Verdict: Chosen, Reason: reasonChosen}
	}
}

const (
	reasonChosen        = "the latest in the range"
	reasonNoPreReleases = "a pre-release, and the policy takes releases only"
)

// sortTags separates versions from other tags, each once and in the order of Selection.Verdicts. It sorts before it
// looks for duplicates: a set would cost more than the rest.
func sortTags(tags []string) (versions []version, others []TagVerdict) {
	versions = make([]version, 0, len(tags))

	for _, tag := range tags {
		v, reason := parseVersion(tag)
		if reason == "" {
			versions = append(versions, v)
		} else {
			others = append(others, TagVerdict{Tag: tag, Verdict: NotAVersion, Reason: reason})
		}
	}

	slices.SortFunc(versions, func(a, b version) int { return b.compare(&a) })
	slices.SortFunc(others, func(a, b TagVerdict) int { return strings.Compare(a.Tag, b.Tag) })

	versions = slices.CompactFunc(versions, func(a, b version) bool { return a.tag == b.tag })
	others = slices.CompactFunc(others, func(a, b TagVerdict) bool { return a.Tag == b.Tag })

	return versions, others
}
