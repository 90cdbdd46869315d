package selection

import (
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
