package metrics

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Stage is a part of a release's way.
type Stage string

// The stages. Committed, applied and healthy follow each other; released is all of them together.
const (
	// StageCommitted is from when a tag was first seen, and had its minimum age, until the server has taken its commit.
	StageCommitted Stage = "committed"
	// StageApplied is from when a revision was pushed, or somebody else's was found, until an Application has applied it.
	StageApplied Stage = "applied"
	// StageHealthy is from then until everything of it is healthy.
	StageHealthy Stage = "healthy"
	// StageReleased is from when the tag was first seen, and had its minimum age, until it runs and is healthy.
	StageReleased Stage = "released"
)

// maxReleases is how many revisions are remembered. Those that nobody has applied by then aren't measured.
const maxReleases = 1024

// Release is what a commit brings.
type Release struct {
	// Application that it is for; empty if it names only a repository.
	Application string
	// Due is when the tag was first seen and old enough.
	Due time.Time
}

// revision is a head of a branch.
type revision struct {
	repository types.NamespacedName
	id         string
}

// way is how far a head is on its way.
type way struct {
	// known since then: it was pushed, or found.
	since    time.Time
	releases []Release
}

// releases remembers the heads of late, so that the ways of what they brought can be timed. A restart forgets them: what is under way
// then isn't measured.
type releases struct {
	mu    sync.Mutex
	ways  map[revision]way
	order []revision
}

func newReleases() *releases { return &releases{ways: map[revision]way{}} }

// add notes a head, unless it is known.
func (r *releases) add(head revision, since time.Time, brought []Release) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.ways[head]; ok {
		return
	}
	if len(r.order) >= maxReleases {
		delete(r.ways, r.order[0])
		r.order = r.order[1:]
	}
	r.ways[head] = way{since: since, releases: brought}
	r.order = append(r.order, head)
}

func (r *releases) find(head revision) (way, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, ok := r.ways[head]
	return found, ok
}

// due is since when the oldest release for an Application was due.
func (w way) due(application string) (time.Time, bool) {
	var due time.Time
	for _, release := range w.releases {
		if release.Application == application && (due.IsZero() || release.Due.Before(due)) {
			due = release.Due
		}
	}
	return due, !due.IsZero()
}

// HeadFound notes that a branch has another head since then, and times the releases that it brings if Fairlead pushed it.
func (m *Metrics) HeadFound(repository types.NamespacedName, head string, at time.Time, brought ...Release) {
	m.releases.add(revision{repository, head}, at, brought)
	for _, release := range brought {
		m.took(StageCommitted, at.Sub(release.Due))
	}
}

// Rollout is a revision that an Application applies.
type Rollout struct {
	Repository types.NamespacedName
	Revision   string
	// Application is its name, Created when it was declared: a revision that was there before isn't timed.
	Application string
	Created     time.Time
	// Again: the same revision was rolled out before, as where the spec was edited. That isn't timed either.
	Again bool
}

// wayOf finds the way of what is rolled out, if it is to be timed.
func (m *Metrics) wayOf(r Rollout) (way, bool) {
	found, ok := m.releases.find(revision{r.Repository, r.Revision})
	return found, ok && !r.Again && !found.since.Before(r.Created)
}

// Applied times a revision that an Application has applied.
func (m *Metrics) Applied(r Rollout, at time.Time) {
	if way, ok := m.wayOf(r); ok {
		m.took(StageApplied, at.Sub(way.since))
	}
}

// Healthy times a rollout that was applied and is healthy now.
func (m *Metrics) Healthy(r Rollout, applied, at time.Time) {
	m.took(StageHealthy, at.Sub(applied))
	way, ok := m.wayOf(r)
	if !ok {
		return
	}
	due, ok := way.due(r.Application)
	if !ok {
		due, ok = way.due("")
	}
	if ok {
		m.took(StageReleased, at.Sub(due))
	}
}

func (m *Metrics) took(stage Stage, duration time.Duration) {
	m.stages.WithLabelValues(string(stage)).Observe(max(0, duration).Seconds())
}
