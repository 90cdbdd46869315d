package choice

import (
	"context"
	"maps"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fairlead/fairlead/registry/selection"
)

const (
	// maxLooks bounds how many tags one decision looks at.
	maxLooks = 256
	// maxAtOnce bounds how many it looks at together: the newest alone first, because it is usually the one, then more.
	maxAtOnce = 8
)

// Look asks the registry about one tag: its digest, and its platforms where the policy names some. A tag that is gone has a
// Problem; an error ends the decision.
type Look func(ctx context.Context, tag string) (selection.Fact, error)

// Resolve finds out what a decision needs to know of tags: of the newest first, and of none that plays no part in it. It
// returns the input with which the decision is final, and keeps all that is known in it. A digest that is new under its tag was first
// seen now: the clocks in clocks count for the tags whose digest hasn't changed. The error is that of look.
//
// The decision is final also where maxLooks tags were looked at and none sufficed: what wasn't looked at isn't chosen.
func Resolve(ctx context.Context, selector *selection.Selector, in selection.Input, clocks Clocks, look Look) (selection.Input, error) {
	in.Known = maps.Clone(in.Known)
	if in.Known == nil {
		in.Known = map[string]selection.Fact{}
	}
	for looks, atOnce := 0, 1; looks < maxLooks; atOnce = min(2*atOnce, maxAtOnce) {
		needs := selector.Select(in).Needs
		if len(needs) == 0 {
			break
		}
		needs = needs[:min(len(needs), atOnce)]
		facts := make([]selection.Fact, len(needs))
		group, ctx := errgroup.WithContext(ctx)
		for i, tag := range needs {
			group.Go(func() (err error) {
				facts[i], err = look(ctx, tag)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return in, err
		}
		for i, tag := range needs {
			in.Known[tag] = since(tag, facts[i], clocks, in.Now)
		}
		looks += len(needs)
	}
	return in, nil
}

// since sets since when the digest of a tag is known.
func since(tag string, fact selection.Fact, clocks Clocks, now time.Time) selection.Fact {
	fact.FirstSeen = now
	if began, ok := clocks[selection.Reference{Tag: tag, Digest: fact.Digest}]; ok {
		fact.FirstSeen = began
	}
	return fact
}
