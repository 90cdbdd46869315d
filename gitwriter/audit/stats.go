package audit

import (
	"math"
	"slices"
	"time"
)

// week is what deployments are counted by.
const week = 7 * 24 * time.Hour

// Stats are figures about a time. Durations are in seconds.
type Stats struct {
	// Since and Until are the time that is looked at.
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	// Total are the figures of all policies together, Policies of each, sorted by name.
	Total    Figures       `json:"total"`
	Policies []PolicyStats `json:"policies"`
}

// PolicyStats are the figures of one policy.
type PolicyStats struct {
	Figures

	Policy string `json:"policy"`
}

// Figures are how often and how well images were deployed.
type Figures struct {
	// Deployments are the commits that Fairlead made for a policy, that the branch had, and that lie in the time. A commit counts
	// once, however many targets it writes.
	Deployments int `json:"deployments"`
	// PerWeek is Deployments by the weeks of the time; a shorter time counts as one week.
	PerWeek float64 `json:"perWeek"`
	// Lead is from the tag's being seen in the registry to the commit, of those deployments of which the commit says it.
	Lead Spread `json:"leadSeconds"`
	// TakenBack are the deployments of which a target was reverted, whenever that was, and by whomever; Share is their part.
	TakenBack int     `json:"takenBack"`
	Share     float64 `json:"takenBackShare"`
	// Restore is from a taken back deployment's commit to the commit that took it back: the first, if it has several targets.
	Restore Spread `json:"restoreSeconds"`
}

// Spread is how durations are spread, in seconds.
type Spread struct {
	// Count is how many there are. Without any, the others are zero.
	Count int `json:"count"`
	// Median has as many below as above it; of an even number, it is the middle between the two in the middle.
	Median int64 `json:"median"`
	// P90 is the shortest that nine of ten don't exceed.
	P90 int64 `json:"p90"`
	Max int64 `json:"max"`
}

// deployment is one commit of one policy.
type deployment struct {
	commit, policy string
}

// result is what is known of a deployment.
type result struct {
	lead    int64
	hasLead bool
	// restored is after how many seconds it was first taken back, -1 if it wasn't.
	restored int64
}

// Summarize computes the figures of changes. They lie between since and until; a zero since is the time of the oldest
// deployment among them.
func Summarize(changes []Change, since, until time.Time) Stats {
	found, oldest := deployments(changes)
	if since.IsZero() {
		since = oldest
	}
	if since.IsZero() || since.After(until) {
		since = until
	}
	weeks := max(1, float64(until.Sub(since))/float64(week))
	all := make([]*result, 0, len(found))
	byPolicy := map[string][]*result{}
	for key, r := range found {
		all = append(all, r)
		byPolicy[key.policy] = append(byPolicy[key.policy], r)
	}
	s := Stats{Since: since.UTC(), Until: until.UTC(), Total: figures(all, weeks), Policies: []PolicyStats{}}
	for policy, results := range sortedMap(byPolicy) {
		s.Policies = append(s.Policies, PolicyStats{Policy: policy, Figures: figures(results, weeks)})
	}
	return s
}

// deployments are those among changes, and the time of the oldest one.
func deployments(changes []Change) (found map[deployment]*result, oldest time.Time) {
	found = map[deployment]*result{}
	for _, c := range changes {
		if c.By.Kind != Policy || c.Outcome.State == Dropped {
			continue
		}
		if oldest.IsZero() || c.Time.Before(oldest) {
			oldest = c.Time
		}
		key := deployment{commit: c.Commit, policy: c.By.Policy}
		r := found[key]
		if r == nil {
			r = &result{restored: -1}
			found[key] = r
		}
		if c.Seen != nil {
			r.lead, r.hasLead = int64(c.Time.Sub(*c.Seen)/time.Second), true
		}
		if c.Outcome.State == Reverted && (r.restored < 0 || c.Outcome.Stood < r.restored) {
			r.restored = c.Outcome.Stood
		}
	}
	return found, oldest
}

func figures(results []*result, weeks float64) Figures {
	var leads, restores []int64
	for _, r := range results {
		if r.hasLead {
			leads = append(leads, r.lead)
		}
		if r.restored >= 0 {
			restores = append(restores, r.restored)
		}
	}
	f := Figures{
		Deployments: len(results), PerWeek: round(float64(len(results)) / weeks), Lead: spread(leads),
		TakenBack: len(restores), Restore: spread(restores),
	}
	if f.Deployments > 0 {
		f.Share = round(float64(f.TakenBack) / float64(f.Deployments))
	}
	return f
}

// round keeps four digits behind the point.
func round(x float64) float64 { return math.Round(x*10_000) / 10_000 }

func spread(seconds []int64) Spread {
	n := len(seconds)
	if n == 0 {
		return Spread{}
	}
	slices.Sort(seconds)
	return Spread{
		Count: n, Median: (seconds[(n-1)/2] + seconds[n/2]) / 2, P90: seconds[(9*n+9)/10-1], Max: seconds[n-1],
	}
}
