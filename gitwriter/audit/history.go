package audit

import (
	"context"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

// Options say what to read.
type Options struct {
	// Shallow are the commits whose parents the repository lacks, as the file "shallow" of a shallow clone lists them.
	Shallow []plumbing.Hash
	// Places are followed even if no commit says that Fairlead wrote them.
	Places []Place
}

// Read reads the history of a commit. Every error is an *Error, or the context's.
func Read(ctx context.Context, objects Objects, tip plumbing.Hash, options Options) (*History, error) {
	r := reader{objects: objects}
	shallow := map[plumbing.Hash]bool{}
	for _, id := range options.Shallow {
		shallow[id] = true
	}
	g, err := loadGraph(ctx, r, tip, shallow)
	if err != nil {
		return nil, err
	}
	places, asked := map[string]map[edit.Path]bool{}, map[Place]bool{}
	add := func(p Place, claimed bool) {
		if places[p.File] == nil {
			places[p.File] = map[edit.Path]bool{}
		}
		places[p.File][p.Path] = places[p.File][p.Path] || claimed
	}
	for _, p := range options.Places {
		asked[p] = true
		add(p, false)
	}
	for i := range g {
		for _, c := range g[i].claims {
			for _, p := range c.Places {
				add(p, true)
			}
		}
	}
	p, err := watchPlaces(ctx, r, g, places)
	if err != nil {
		return nil, err
	}
	return p.history(asked)
}

// teller puts a History together.
type teller struct {
	*replay

	steps   []kept
	fates   []fate
	arrived []int32
	actors  []Actor
	// subjects are those of the steps' commits.
	subjects []string
}

// history tells what a replay found.
func (p *replay) history(asked map[Place]bool) (*History, error) {
	v := p.verify(asked)
	t := &teller{replay: p}
	var index [][]int
	t.steps, index = p.keep(v)
	t.arrived = p.graph.arrivals(t.ownHeads())
	t.fates = fates(t.steps, p.crossed(index), p.standing(index), t.arrived)
	if err := t.readCommits(); err != nil {
		return nil, err
	}
	h := &History{Tip: p.graph[len(p.graph)-1].id.String(), Commits: len(p.graph), Changes: t.changes()}
	for i := range p.graph {
		if p.graph[i].cut {
			h.Cut = append(h.Cut, p.revision(int32(i)))
		}
	}
	for _, m := range slices.Backward(p.moves) {
		if t.tells(m) {
			h.Renames = append(h.Renames, Rename{Revision: p.revision(m.commit), From: p.watch.names[m.from], To: p.watch.names[m.to]})
		}
	}
	return h, nil
}

// tells reports whether a renamed file holds any change that is told.
func (t *teller) tells(m move) bool {
	roots := t.roots()
	return slices.ContainsFunc(t.steps, func(k kept) bool { return k.target.root == roots[m.from] })
}

// ownHeads reports of a commit whether Fairlead made it for a policy, so that the branch had it at once.
func (t *teller) ownHeads() func(int32) bool {
	own := map[int32]bool{}
	for _, s := range t.steps {
		if s.claim != nil && t.graph[s.commit].whole {
			own[s.commit] = true
		}
	}
	return func(commit int32) bool { return own[commit] }
}

// crossed are the crossings of steps that were kept.
func (p *replay) crossed(index [][]int) []crossing {
	var result []crossing
	for _, c := range p.crossings {
		for _, lost := range index[c.lost] {
			for _, taken := range index[c.taken] {
				if lost != taken {
					result = append(result, crossing{commit: c.commit, lost: int32(lost), taken: int32(taken)}) //nolint:gosec // Indices of memory.
				}
			}
		}
	}
	return result
}

// standing are the steps whose values stand at the tip.
func (p *replay) standing(index [][]int) map[int]bool {
	current := map[int]bool{}
	for _, state := range p.tip.files {
		if state == nil || state.moved {
			continue
		}
		for _, o := range state.origins {
			if o == unknown {
				continue
			}
			for _, i := range index[o] {
				current[i] = true
			}
		}
	}
	return current
}

func (p *replay) revision(commit int32) Revision {
	n := p.graph[commit]
	return Revision{Commit: n.id.String(), Time: time.Unix(max(0, n.when), 0).UTC()}
}

// webFlow commits for those who click on a button.
const webFlow = "noreply@github.com"

// readCommits reads once more the commits that did something, for who made them.
func (t *teller) readCommits() error {
	t.actors, t.subjects = make([]Actor, len(t.steps)), make([]string, len(t.steps))
	for i, s := range t.steps {
		n := t.graph[s.commit]
		body, err := t.reader.read(plumbing.CommitObject, n.id)
		if err != nil {
			return err
		}
		c, err := parseCommit(n.id, body)
		if err != nil {
			return err
		}
		t.subjects[i] = c.subject()
		who, kind := c.author, Person
		policy := ""
		if s.claim != nil {
			policy, kind = s.claim.Policy, Policy
			if !n.whole {
				kind = Carried
				if !c.author.when.Equal(c.committer.when) && c.committer.email != webFlow {
					who = c.committer
				}
			}
		}
		t.actors[i] = Actor{Kind: kind, Policy: policy, Name: who.name, Email: who.email}
	}
	return nil
}

// changes tells the steps, the newest first.
func (t *teller) changes() []Change {
	all := writers(t.steps)
	last := map[line]string{}
	changes := make([]Change, len(t.steps))
	for i, s := range t.steps {
		if s.claim != nil {
			last[s.target] = s.claim.Policy
		}
		c := Change{
			Revision: t.revision(s.commit), Subject: t.subjects[i], Places: s.places, From: referenceOf(s.from), To: s.reference,
			By: t.actors[i], writers: all[s.target], Policy: last[s.target],
		}
		if c.Policy == "" && len(c.writers) > 0 {
			c.Policy = c.writers[0]
		}
		if c.From != nil && len(s.before) > 0 {
			if before := t.steps[s.before[0]].reference; before != nil && before.Tag == c.From.Tag && c.From.Digest == "" {
				c.From.Digest = before.Digest
			}
		}
		if s.claim != nil && !s.claim.Seen.IsZero() && !s.claim.Seen.After(c.Time) {
			c.Seen = &s.claim.Seen
		}
		c.stands = c.Time
		if at := t.arrived[s.commit]; at != s.commit {
			arrived := t.revision(at)
			c.Arrived, c.stands = &arrived, arrived.Time
		}
		c.Outcome = t.outcome(i, c.stands)
		changes[len(changes)-1-i] = c
	}
	return changes
}

// outcome tells a step's fate.
func (t *teller) outcome(i int, stands time.Time) Outcome {
	f := t.fates[i]
	o := Outcome{State: f.state}
	if f.by < 0 {
		return o
	}
	at := t.revision(f.commit)
	o.By, o.To, o.At = &t.actors[f.by], t.steps[f.by].reference, &at
	if f.state != Dropped {
		o.Stood = max(0, int64(at.Time.Sub(stands)/time.Second))
	}
	return o
}
