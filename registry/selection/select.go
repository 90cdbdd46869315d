package selection

import (
	"fmt"
	"strings"
	"time"
)

// Verdict says what became of a tag.
type Verdict string

// The verdicts, in the order in which they are considered. Every tag gets exactly one.
const (
	// Excluded: an expression of tags.exclude matches it.
	Excluded Verdict = "Excluded"
	// NotIncluded: tags.include doesn't match it, or it isn't the tag that a digest policy follows.
	NotIncluded Verdict = "NotIncluded"
	// NotAVersion: what is compared has no place in the order: no version, no number.
	NotAVersion Verdict = "NotAVersion"
	// OutsideRange: a version that the range doesn't take, pre-releases let in or not.
	OutsideRange Verdict = "OutsideRange"
	// PreRelease: the range would take it, but the policy doesn't take pre-releases.
	PreRelease Verdict = "PreRelease"
	// TooYoung: its digest hasn't been known for the minimum age, or isn't known yet.
	TooYoung Verdict = "TooYoung"
	// WrongPlatform: the image lacks a platform, its platforms aren't known yet, or it can't be looked at.
	WrongPlatform Verdict = "WrongPlatform"
	// OlderThanCurrent: eligible, but earlier than what Git holds, and downgrades are forbidden.
	OlderThanCurrent Verdict = "OlderThanCurrent"
	// Superseded: eligible, but another one is chosen or pinned.
	Superseded Verdict = "Superseded"
	// Chosen: the newest eligible tag, or the pinned one.
	Chosen Verdict = "Chosen"
)

// Input is what a choice is made from.
type Input struct {
	// Tags of the repository. Nil: none.
	Tags *Tags
	// Known is what is known of some tags; those that aren't among Tags play no part.
	Known map[string]Fact
	// Now is the time that ages are counted to.
	Now time.Time
	// Current is what Git holds; its zero value is nothing, which is later than no tag. It plays no part where downgrades
	// are allowed, in pins, and in digest policies.
	Current Reference
}

// Selection is the outcome for a list of tags.
type Selection struct {
	// Tag is the chosen tag, as it is spelt in the registry; empty if there is none.
	Tag string
	// Digest of the chosen tag as it is known; empty if it isn't.
	Digest string
	// Reason is one line about why this tag was chosen, or why none was. It holds no counters and no times.
	Reason string
	// Needs are the tags that must be looked at before the choice is final, the newest first, at most MaxNeeds: whoever can
	// look adds them to Input.Known and selects anew. The choice is final when it is empty; until then tags that nobody
	// looked at aren't chosen.
	Needs []string
	// Newest is the newest of all tags that have a place in the order, with the reason why it isn't chosen; nil where it is, and
	// where there is no order.
	Newest *TagVerdict
	// Waiting are the tags later than the chosen one whose minimum age runs, the newest first, at most MaxWaiting: those
	// that are old enough first.
	Waiting []Waiting
	// Eligible counts the distinct tags that the policy takes: chosen, superseded, or older than what Git holds.
	Eligible int
	// Total counts the distinct tags. It is the sum of Counts.
	Total int
	// Counts holds how many tags have each verdict; verdicts that no tag has are left out.
	Counts map[Verdict]int
	// Warnings say what is legal, and probably not meant: at most 8, sorted, without counters.
	Warnings []string
}

// TagVerdict is what became of one tag, and why.
type TagVerdict struct {
	Tag     string
	Verdict Verdict
	// Reason is one line for a person.
	Reason string
}

// Explanation is a selection with the verdict of every tag.
type Explanation struct {
	Selection

	// Verdicts holds one verdict for each distinct tag: those that have a place in the order first, the newest first, then
	// the others by their bytes.
	Verdicts []TagVerdict
}

// Select chooses the newest tag that the policy takes. It never fails, whatever the tags hold.
func (s *Selector) Select(in Input) Selection { return s.decide(in).selection() }

// selection is the outcome of a decision.
func (d *decision) selection() Selection {
	selection := Selection{
		Reason: d.reason(), Needs: d.needs, Waiting: d.waiting(), Total: len(d.tags), Counts: d.counts.byVerdict(), Warnings: d.warnings(),
	}
	if d.chosen != none {
		selection.Tag, selection.Digest = d.tags[d.chosen], d.digest()
	}
	if i := d.newest; i != none && i != d.chosen && d.policy.Digest == nil {
		verdict := d.verdict(i)
		selection.Newest = &TagVerdict{Tag: d.tags[i], Verdict: verdict, Reason: d.reasonFor(i, verdict)}
	}
	for _, verdict := range []Verdict{Chosen, Superseded, OlderThanCurrent} {
		selection.Eligible += selection.Counts[verdict]
	}
	return selection
}

// byVerdict are the counts that aren't zero.
func (c *counts) byVerdict() map[Verdict]int {
	counted := make(map[Verdict]int)
	for verdict, count := range map[Verdict]int{
		Excluded: c.excluded, NotIncluded: c.notIncluded, NotAVersion: c.notAVersion, OutsideRange: c.outsideRange, PreRelease: c.preRelease,
		TooYoung: c.tooYoung, WrongPlatform: c.wrong, OlderThanCurrent: c.older, Superseded: c.superseded, Chosen: c.selected,
	} {
		if count > 0 {
			counted[verdict] = count
		}
	}
	return counted
}

// reason is one line about the outcome.
func (d *decision) reason() string {
	switch {
	case d.chosen == none:
		return d.reasonForNone()
	case d.policy.Pin != "":
		return "pinned to " + d.policy.Pin
	case d.weighs():
		return d.order.newest + " that " + d.suffices()
	default:
		return d.order.newest
	}
}

// suffices is the verb of a sentence about a tag whose facts suffice.
func (d *decision) suffices() string {
	var clauses []string
	if d.policy.MinimumAge > 0 {
		clauses = append(clauses, "has been known for "+short(d.policy.MinimumAge))
	}
	if len(d.policy.Platforms) > 0 {
		clauses = append(clauses, "has "+strings.Join(d.policy.Platforms, ", "))
	}
	return strings.Join(clauses, " and ")
}

// reasonForNone says why nothing was chosen: what kept out the tags that got furthest.
func (d *decision) reasonForNone() string {
	c := &d.counts
	switch {
	case len(d.tags) == 0:
		return "the repository has no tags"
	case d.policy.Pin != "":
		return fmt.Sprintf("the pinned tag %s isn't in the repository", d.policy.Pin)
	case d.policy.Digest != nil && c.candidates == 0:
		return fmt.Sprintf("the followed tag %s isn't in the repository", d.policy.Digest.Tag)
	case len(d.needs) > 0:
		return "no tag that was looked at " + d.suffices()
	case c.candidates > 0 && d.weighs():
		return "no eligible tag " + d.suffices()
	case c.candidates > 0:
		return "no eligible tag can be looked at"
	case c.older > 0:
		return fmt.Sprintf("no eligible tag is later than %s, which Git holds", show(d.in.Current.Tag))
	default:
		return d.reasonForNoName()
	}
}

// reasonForNoName says why no tag is eligible by its name.
func (d *decision) reasonForNoName() string {
	c := &d.counts
	switch {
	case c.preRelease > 0:
		return "only pre-releases are in the range, and the policy takes releases only"
	case c.outsideRange > 0:
		return "no version is in the range"
	case c.notAVersion > 0 && d.policy.Extract != "":
		return fmt.Sprintf("tags.extract makes no %s of any tag", d.order.noun)
	case c.notAVersion > 0:
		return fmt.Sprintf("no tag that counts is a %s", d.order.noun)
	case c.notIncluded > 0:
		return "tags.include matches no tag that isn't excluded"
	default:
		return "tags.exclude hides every tag"
	}
}
