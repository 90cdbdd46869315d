package selection

import (
	"cmp"
	"slices"
	"time"
)

// none is the place of a tag that isn't there.
const none = -1

// decision is a choice in the making. Tags are named by their place in the list.
//
//	every tag ─ filters ─ order ─ range ──▶ eligible by name ─ Git ──▶ candidate ─ facts ──▶ chosen
//
// It looks at every name once and at no fact that can't change the choice: a candidate that comes after one which is
// fit needs none.
type decision struct {
	*Selector

	in   Input
	tags []string
	keys []key
	// held is the key of what Git holds, if that has a say.
	held   key
	isHeld bool

	counts counts
	// top is the newest that is eligible by its name.
	top int
	// newest is the newest that has a place in the order, taken or not.
	newest int
	// chosen is the newest candidate that is fit, or the pinned tag.
	chosen int
	// known are the candidates of which facts are known, the newest first; at holds the standing of each by its place.
	known []weighed
	at    map[int]weighed
	needs []string
	// full says that no tag more may begin to wait.
	full bool
}

// counts are how many tags have a verdict.
type counts struct {
	excluded, notIncluded, notAVersion, outsideRange, preRelease int
	// candidates are eligible by name, and not older than what Git holds.
	candidates, older    int
	tooYoung, wrong      int
	superseded, selected int
}

// decide makes the choice.
func (s *Selector) decide(in Input) *decision {
	if in.Tags == nil {
		in.Tags = NewTags(nil)
	}
	d := &decision{Selector: s, in: in, tags: in.Tags.tags, keys: in.Tags.keys(s), top: none, newest: none, chosen: none}
	d.hold()
	d.survey()
	if s.policy.Pin != "" {
		d.pin()
		return d
	}
	d.weigh()
	switch {
	case s.weighs():
		d.chooseKnown()
	case len(d.known) > 0:
		d.choosePassable()
	case d.counts.candidates > 0:
		d.chosen = d.top
	}
	d.settle()
	return d
}

// hold finds out whether what Git holds has a say, and what that is.
func (d *decision) hold() {
	if d.in.Current.Tag == "" || d.policy.Downgrades || d.policy.Pin != "" || d.policy.Digest != nil {
		return
	}
	held, err := d.place(d.in.Current.Tag)
	d.held, d.isHeld = held, err == nil
}

// survey counts what names say, and finds the newest that is eligible by its name.
func (d *decision) survey() {
	for i := range d.keys {
		if d.keys[i].why == placed && (d.newest == none || d.compare(i, d.newest) > 0) {
			d.newest = i
		}
		switch d.byName(i) {
		case Excluded:
			d.counts.excluded++
		case NotIncluded:
			d.counts.notIncluded++
		case NotAVersion:
			d.counts.notAVersion++
		case OutsideRange:
			d.counts.outsideRange++
		case PreRelease:
			d.counts.preRelease++
		default:
			if d.olderThanHeld(i) {
				d.counts.older++
			} else {
				d.counts.candidates++
			}
			if d.top == none || d.compare(i, d.top) > 0 {
				d.top = i
			}
		}
	}
}

// byName is the verdict of a tag's name: Chosen if the policy takes it, apart from others and from facts.
func (d *decision) byName(i int) Verdict {
	switch k := &d.keys[i]; {
	case k.why != placed:
		return k.why.verdict()
	case d.order.judge == nil:
		return Chosen
	default:
		return d.order.judge(k)
	}
}

// compare is the total order of two tags that have a place.
func (d *decision) compare(i, j int) int {
	if order := d.order.compare(&d.keys[i], &d.keys[j]); order != 0 {
		return order
	}
	return cmp.Compare(i, j)
}

// olderThanHeld reports whether a tag that has a place comes before what Git holds.
func (d *decision) olderThanHeld(i int) bool {
	return d.isHeld && cmp.Or(d.order.compare(&d.keys[i], &d.held), cmp.Compare(d.tags[i], d.in.Current.Tag)) < 0
}

// isCandidate reports whether a tag is eligible by its name, and not older than what Git holds.
func (d *decision) isCandidate(i int) bool { return d.byName(i) == Chosen && !d.olderThanHeld(i) }

// pin chooses the pinned tag, whatever its name or the facts say.
func (d *decision) pin() {
	d.counts.superseded = d.counts.candidates
	d.chosen = d.in.Tags.find(d.policy.Pin)
	if d.chosen == none {
		return
	}
	d.counts.selected = 1
	switch d.byName(d.chosen) {
	case Excluded:
		d.counts.excluded--
	case NotIncluded:
		d.counts.notIncluded--
	case NotAVersion:
		d.counts.notAVersion--
	case OutsideRange:
		d.counts.outsideRange--
	case PreRelease:
		d.counts.preRelease--
	default:
		d.counts.superseded--
	}
}

// choosePassable chooses the newest candidate that isn't known to have a problem.
func (d *decision) choosePassable() {
	for i := range d.keys {
		if _, bad := d.at[i]; !bad && d.isCandidate(i) && (d.chosen == none || d.compare(i, d.chosen) > 0) {
			d.chosen = i
		}
	}
}

// chooseKnown chooses the newest candidate whose facts suffice, and asks for those of later ones.
func (d *decision) chooseKnown() {
	for i := range d.known {
		if d.known[i].standing == fit {
			d.chosen, d.known = d.known[i].at, d.known[:i]
			break
		}
	}
	d.ask()
}

// ask asks for what isn't known of candidates later than the chosen one: of the newest first, and for no more clocks than
// may run.
func (d *decision) ask() {
	clocks, asked := 0, make([]int, 0, 2*MaxNeeds)
	for i := range d.known {
		switch d.known[i].standing { //nolint:exhaustive // the others are final.
		case young:
			clocks++
		case unseen:
			asked = append(asked, d.known[i].at)
		}
	}
	room := MaxNeeds
	if d.policy.MinimumAge > 0 {
		room = min(room, MaxWaiting-clocks)
		d.full = room <= 0
	}
	asked = append(asked, d.newestUnknown(room)...)
	slices.SortFunc(asked, func(i, j int) int { return d.compare(j, i) })
	for _, i := range asked[:min(len(asked), MaxNeeds)] {
		d.needs = append(d.needs, d.tags[i])
	}
}

// newestUnknown counts the candidates later than the chosen one of which nothing is known, and returns the newest of them.
func (d *decision) newestUnknown(limit int) []int {
	var newest []int
	unknown := 0
	for i := range slices.Backward(d.keys) {
		if !d.isCandidate(i) || d.chosen != none && d.compare(i, d.chosen) <= 0 {
			continue
		}
		if _, found := d.at[i]; found {
			continue
		}
		unknown++
		if limit <= 0 || len(newest) == limit && d.compare(i, newest[limit-1]) < 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(newest, i, func(j, i int) int { return d.compare(i, j) })
		newest = slices.Insert(newest, at, i)
		newest = newest[:min(len(newest), limit)]
	}
	if d.policy.MinimumAge > 0 {
		d.counts.tooYoung += unknown
	} else {
		d.counts.wrong += unknown
	}
	return newest
}

// settle counts what facts decided.
func (d *decision) settle() {
	for i := range d.known {
		if d.chosen != none && d.compare(d.known[i].at, d.chosen) < 0 {
			break
		}
		if d.verdictOf(d.known[i]) == TooYoung {
			d.counts.tooYoung++
		} else {
			d.counts.wrong++
		}
	}
	d.counts.superseded = d.counts.candidates - d.counts.tooYoung - d.counts.wrong
	if d.chosen == none {
		return
	}
	d.counts.superseded--
	d.counts.selected = 1
	if d.policy.Digest != nil && d.digest() == "" {
		d.needs = []string{d.tags[d.chosen]}
	}
}

// digest is that of the chosen tag, if it is known.
func (d *decision) digest() string { return d.in.Known[d.tags[d.chosen]].Digest }

// verdict is the one verdict of a tag.
func (d *decision) verdict(i int) Verdict {
	switch verdict := d.byName(i); {
	case i == d.chosen:
		return Chosen
	case verdict != Chosen:
		return verdict
	case d.olderThanHeld(i):
		return OlderThanCurrent
	case d.policy.Pin != "" || d.chosen != none && d.compare(i, d.chosen) < 0:
		return Superseded
	default:
		return d.verdictOf(d.at[i])
	}
}

// waiting are the candidates whose age runs, the newest first; of too many those that are old enough first.
func (d *decision) waiting() []Waiting {
	var all []Waiting
	for i := range d.known {
		if d.known[i].standing == young {
			all = append(all, Waiting{Tag: d.tags[d.known[i].at], Until: d.known[i].until})
		}
	}
	if len(all) <= MaxWaiting {
		return all
	}
	untils := make([]time.Time, len(all))
	for i := range all {
		untils[i] = all[i].Until
	}
	slices.SortFunc(untils, time.Time.Compare)
	last, left := untils[MaxWaiting-1], MaxWaiting
	for _, until := range untils {
		if until.Before(last) {
			left--
		}
	}
	return slices.DeleteFunc(all, func(w Waiting) bool {
		if w.Until.Equal(last) {
			left--
			return left < 0
		}
		return w.Until.After(last)
	})
}
