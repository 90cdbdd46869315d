package selection

import (
	"fmt"
	"slices"
	"time"
)

// Explain decides as Select does, and says of every tag what became of it.
func (s *Selector) Explain(in Input) Explanation {
	d := s.decide(in)
	explanation := Explanation{Selection: d.selection(), Verdicts: make([]TagVerdict, 0, len(d.tags))}
	order := make([]int, 0, len(d.tags))
	for i := range d.keys {
		if d.keys[i].why == placed {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(i, j int) int { return d.compare(j, i) })
	for i := range d.keys {
		if d.keys[i].why != placed {
			order = append(order, i)
		}
	}
	for _, i := range order {
		verdict := d.verdict(i)
		explanation.Verdicts = append(explanation.Verdicts, TagVerdict{Tag: d.tags[i], Verdict: verdict, Reason: d.reasonFor(i, verdict)})
	}
	return explanation
}

// reasonFor is one line about a verdict.
func (d *decision) reasonFor(i int, verdict Verdict) string {
	tag := d.tags[i]
	switch verdict {
	case Chosen:
		return d.reason()
	case Excluded:
		by := d.filter.excludedBy(tag)
		return fmt.Sprintf("%s %q matches it", by.field, by.written)
	case NotIncluded:
		if d.keys[i].why == whyNotFollowed {
			return "the policy follows " + d.policy.Digest.Tag
		}
		return fmt.Sprintf("tags.include %q doesn't match it", d.policy.Include)
	case NotAVersion:
		return d.unplaced(tag, d.keys[i].why)
	case OutsideRange:
		return fmt.Sprintf("outside the range %q", d.policy.SemVer.Range)
	case PreRelease:
		return "a pre-release, and the policy takes releases only"
	case OlderThanCurrent:
		return fmt.Sprintf("earlier than %s, which Git holds", show(d.in.Current.Tag))
	case Superseded:
		if d.policy.Pin != "" {
			return "pinned to " + d.policy.Pin
		}
		return show(d.tags[d.chosen]) + " is later"
	case TooYoung, WrongPlatform:
		return d.reasonOf(d.at[i])
	default:
		return ""
	}
}

// reasonOf says what is wrong with a candidate that isn't fit.
func (d *decision) reasonOf(w weighed) string {
	switch {
	case w.standing == young:
		return "old enough at " + w.until.UTC().Format(time.RFC3339)
	case w.problem != "":
		return "it can't be looked at: " + cut(oneLine(w.problem), maxProblem)
	case w.missing != "":
		return "it has no " + w.missing
	case d.policy.MinimumAge == 0 || w.clock:
		return "its platforms aren't known yet"
	case d.full:
		return fmt.Sprintf("its digest isn't known, and %d others wait already", MaxWaiting)
	default:
		return "its digest isn't known yet"
	}
}
