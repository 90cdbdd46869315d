package audit

import (
	"regexp"
	"slices"
	"strings"
)

// digestPattern is the grammar of a digest, OCI image spec 1.1, "Digests".
var digestPattern = regexp.MustCompile(`^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]{32,128}$`)

// referenceOf reads the reference that the values at a target's places make together; nil if none of the places is there.
func referenceOf(values []scalar) *Reference {
	if !slices.ContainsFunc(values, func(s scalar) bool { return s.there }) {
		return nil
	}
	var own, image Reference
	for _, s := range values {
		switch {
		case !s.there || s.text == "":
		case digestPattern.MatchString(s.text):
			own.Digest = oneLine(s.text, maxValue)
		case strings.ContainsAny(s.text, "/:@"):
			image = parseImage(s.text)
		default:
			own.Tag = oneLine(s.text, maxValue)
		}
	}
	if own.Tag == "" {
		own.Tag = image.Tag
	}
	if own.Digest == "" {
		own.Digest = image.Digest
	}
	own.Repository = image.Repository
	return &own
}

// parseImage takes an image reference apart: a colon behind the last slash begins the tag, an at sign the digest.
func parseImage(image string) Reference {
	name, digest, _ := strings.Cut(oneLine(image, maxValue), "@")
	r := Reference{Repository: name, Digest: digest}
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		r.Repository, r.Tag = name[:colon], name[colon+1:]
	}
	return r
}

// holds reports whether what stands at a place is what a claim says. A repository stands in no claim: a value that can be one
// is taken for it.
func (c Claim) holds(s scalar) bool {
	if !s.there || s.text == "" {
		return false
	}
	r := referenceOf([]scalar{s})
	switch {
	case r.Tag != "" || r.Digest != "":
		return (r.Tag == "" || r.Tag == c.To.Tag) && (r.Digest == "" || r.Digest == c.To.Digest)
	default:
		return strings.Contains(r.Repository, "/") && !strings.ContainsAny(r.Repository, " \t")
	}
}

// site is a place under any of its file's names.
type site struct{ root, place int }

// verdicts is which claims hold.
type verdicts struct {
	// roots[file] is one of the names of each file, the same for all of them.
	roots []int
	// sites are those that a claim wrote which holds, or that the caller named.
	sites map[site]bool
	// claims are those that hold, by step.
	claims map[int]*Claim
}

// verify holds the claims of a history against what its steps did.
func (p *replay) verify(asked map[Place]bool) verdicts {
	v := verdicts{roots: p.roots(), sites: map[site]bool{}, claims: map[int]*Claim{}}
	for file, name := range p.watch.names {
		for place, key := range p.watch.paths[file] {
			if asked[Place{File: name, Path: key}] {
				v.sites[site{v.roots[file], place}] = true
			}
		}
	}
	for i, s := range p.steps {
		claims := p.graph[s.commit].claims
		for n := range claims {
			if p.proves(s, claims[n], &v) {
				v.claims[i] = &claims[n]
			}
		}
	}
	return v
}

// proves reports whether a step did what a claim says, and notes where.
func (p *replay) proves(s step, c Claim, v *verdicts) bool {
	proven := false
	for i, place := range p.watch.targets[s.file][s.target] {
		changed := len(s.from) == 0 || s.from[i] != s.to[i]
		if changed && c.holds(s.to[i]) && p.watch.claims(c, s.file, place) {
			v.sites[site{v.roots[s.file], place}] = true
			proven = true
		}
	}
	return proven
}

// roots unites the names of each file.
func (p *replay) roots() []int {
	roots := make([]int, len(p.watch.names))
	for i := range roots {
		roots[i] = i
	}
	find := func(i int) int {
		for roots[i] != i {
			i = roots[i]
		}
		return i
	}
	for _, m := range p.moves {
		roots[find(m.from)] = find(m.to)
	}
	for i := range roots {
		roots[i] = find(i)
	}
	return roots
}

// kept is a step without the places that no claim wrote.
type kept struct {
	step

	claim  *Claim
	target line
	places []string
	// reference is what the target says afterwards, the digest of a claim included; nil: nothing.
	reference *Reference
}

// line is one target under any of its file's names.
type line struct{ root, target int }

// keep leaves out what nobody proved to be an image, and links what is left. index tells for each step where it is now, or
// which ones are what it was made of.
func (p *replay) keep(v verdicts) (steps []kept, index [][]int) {
	index = make([][]int, len(p.steps))
	for i, s := range p.steps {
		k := kept{step: s, claim: v.claims[i], target: line{v.roots[s.file], s.target}}
		var before []int
		for _, b := range s.before {
			before = append(before, index[b]...)
		}
		slices.Sort(before)
		before = slices.Compact(before)
		var from, to []scalar
		for n, place := range p.watch.targets[s.file][s.target] {
			if !v.sites[site{v.roots[s.file], place}] {
				continue
			}
			k.places = append(k.places, Place{File: p.watch.names[s.file], Path: p.watch.paths[s.file][place]}.String())
			to = append(to, s.to[n])
			if s.from != nil {
				from = append(from, s.from[n])
			}
		}
		if len(k.places) == 0 || s.from != nil && slices.Equal(from, to) {
			index[i] = before
			continue
		}
		k.from, k.to, k.before = from, to, nil
		for _, b := range before {
			k.before = append(k.before, int32(b)) //nolint:gosec // An index of memory.
		}
		k.reference = referenceOf(to)
		if k.claim != nil && k.reference != nil && k.reference.Digest == "" && k.reference.Tag == k.claim.To.Tag {
			k.reference.Digest = k.claim.To.Digest
		}
		index[i] = []int{len(steps)}
		steps = append(steps, k)
	}
	return steps, index
}
