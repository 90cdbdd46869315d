package selection

import (
	"slices"
	"strings"
	"time"
)

const (
	// MaxWaiting is how many tags of one policy have a running clock at most: the status that holds them stays small.
	MaxWaiting = 100
	// MaxNeeds is how many tags a selection asks about at once.
	MaxNeeds = 16
)

// Fact is what is known of a tag beyond its name.
type Fact struct {
	// Digest that the tag points to. Empty: nobody has asked.
	Digest string
	// FirstSeen is when that digest was first seen under that tag. Zero: now.
	FirstSeen time.Time
	// Platforms of the image: "linux/amd64", "linux/arm64/v8". Nil: nobody has asked.
	Platforms []string
	// Problem says why the tag can't be looked at, in a text that follows a colon: "the registry has no manifest for it".
	// Such a tag isn't taken, by any policy but a pin. Empty: there is none.
	Problem string
}

// Reference is a tag, a digest or both, as Git or a status holds it.
type Reference struct {
	// Tag may be empty.
	Tag string
	// Digest may be empty.
	Digest string
}

// Waiting is a tag whose minimum age runs.
type Waiting struct {
	// Tag that waits.
	Tag string
	// Until is when it is old enough.
	Until time.Time
}

// standing says what facts make of a candidate.
type standing int

const (
	// unseen: a fact that decides isn't known.
	unseen standing = iota
	// young: its age runs.
	young
	// wrong: it lacks a platform, or can't be looked at.
	wrong
	// fit: it can be chosen.
	fit
)

// weighed is a candidate with what is known of it. The zero value is one of which nothing is.
type weighed struct {
	at       int
	standing standing
	// clock says that its digest is known, so that its age runs or has run.
	clock bool
	// until is when it is old enough.
	until time.Time
	// problem is why it can't be looked at, missing the first platform that it lacks.
	problem, missing string
}

// weigh puts what is known of candidates in order. Where facts decide nothing, only those that can't be looked at count.
func (d *decision) weigh() {
	for tag, fact := range d.in.Known {
		if fact.Problem == "" && !d.weighs() {
			continue
		}
		if i := d.in.Tags.find(tag); i != none && d.isCandidate(i) {
			d.known = append(d.known, d.weighFact(i, fact))
		}
	}
	slices.SortFunc(d.known, func(a, b weighed) int { return d.compare(b.at, a.at) })
	d.at = make(map[int]weighed, len(d.known))
	for i := range d.known {
		d.at[d.known[i].at] = d.known[i]
	}
}

// weighFact says what one fact makes of a candidate: too young is considered before the wrong platform.
func (d *decision) weighFact(i int, fact Fact) weighed {
	w := weighed{at: i, clock: fact.Digest != ""}
	if fact.Problem != "" {
		w.standing, w.problem = wrong, fact.Problem
		return w
	}
	if d.policy.MinimumAge > 0 {
		if !w.clock {
			return w
		}
		seen := fact.FirstSeen
		if seen.IsZero() {
			seen = d.in.Now
		}
		if w.until = seen.Add(d.policy.MinimumAge); w.until.After(d.in.Now) {
			w.standing = young
			return w
		}
	}
	if len(d.policy.Platforms) > 0 {
		if fact.Platforms == nil {
			return w
		}
		if w.missing = missing(d.policy.Platforms, fact.Platforms); w.missing != "" {
			w.standing = wrong
			return w
		}
	}
	w.standing = fit
	return w
}

// verdictOf is the verdict of a candidate that isn't fit.
func (d *decision) verdictOf(w weighed) Verdict {
	if w.standing == young || w.standing == unseen && d.policy.MinimumAge > 0 && !w.clock {
		return TooYoung
	}
	return WrongPlatform
}

// missing returns the first platform that is wanted and not there. One without a variant is there in any variant;
// arm64 has been called arm64/v8 as well.
func missing(wanted, there []string) string {
	for _, want := range wanted {
		if !slices.ContainsFunc(there, func(have string) bool {
			return have == want || strings.HasPrefix(have, want+"/") || want == have+"/v8" && strings.HasSuffix(have, "/arm64")
		}) {
			return want
		}
	}
	return ""
}
