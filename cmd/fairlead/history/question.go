package history

import (
	"context"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/fairlead/fairlead/gitwriter/audit"
)

// Question is what is asked of a repository.
type Question struct {
	// Branch to read, as Repository.Tip takes it.
	Branch string
	// Query says which changes.
	Query audit.Query
	// Stats: figures are asked for, of the time up to Now unless the query says until when.
	Stats bool
	Now   time.Time
}

// Ask reads the history, and answers. The cluster's word for a name has to be looked up before.
func (r *Repository) Ask(ctx context.Context, q Question) (*Answer, error) {
	tip, exists, err := r.Tip(q.Branch)
	if err != nil {
		return nil, err
	}
	answer := &Answer{Changes: []audit.Change{}, Renames: []audit.Rename{}, Notes: []string{}, stats: q.Stats}
	found := &audit.History{}
	if exists {
		if found, err = r.read(ctx, tip, q.Query.Name); err != nil {
			return nil, err
		}
		answer.Revision, answer.Commits = found.Tip, found.Commits
		if answer.Changes, err = found.Select(q.Query); err != nil {
			return nil, err
		}
	}
	answer.tell(found, exists)
	if q.Stats {
		until := q.Query.Until
		if until.IsZero() {
			until = q.Now
		}
		stats := audit.Summarize(answer.Changes, q.Query.Since, until)
		answer.Stats = &stats
	}
	return answer, nil
}

func (r *Repository) read(ctx context.Context, tip plumbing.Hash, name string) (*audit.History, error) {
	shallow, err := r.Shallow()
	if err != nil {
		return nil, err
	}
	options := audit.Options{Shallow: shallow}
	// A place counts even if no commit tells of it.
	if place, err := audit.ParsePlace(name); err == nil {
		options.Places = append(options.Places, place)
	}
	return audit.Read(ctx, r, tip, options)
}
