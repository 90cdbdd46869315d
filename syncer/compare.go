package syncer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// concurrency is the number of requests that one sync sends at a time.
const concurrency = 4

// DryRunner asks the API server: an *Applier is one.
type DryRunner interface {
	// DryRun returns what the object of a state would become if it were applied.
	DryRun(ctx context.Context, state State) (Outcome, error)
	// Get returns an object as it is; nil if there is none.
	Get(ctx context.Context, id ID) (*unstructured.Unstructured, error)
}

// Comparer tells whether live objects are what a revision says, and remembers the answers. Only the API server can tell (it
// fills in defaults, converts, and knows who owns which field), but it needs to be asked once for each pair of desired and
// live object: an Application at rest costs no request, nor does a change of an object's status.
//
// A Comparer serves one Application, and holds two hashes for each of its objects. It is safe for concurrent use.
type Comparer struct {
	mu    sync.Mutex
	known map[ID]verdict
}

// verdict is an answer that was got for a pair of desired and live object.
type verdict struct {
	desired, live string // fingerprints
	difference    string // empty: none
	conflicts     []Conflict
}

// NewComparer returns a Comparer that knows nothing.
func NewComparer() *Comparer { return &Comparer{known: map[ID]verdict{}} }

// Compare tells of each desired object whether the live one is what it says. live holds the objects as last seen; a
// missing entry or nil is an object that isn't there. Pairs that were compared before cost nothing, others a dry run.
//
// An object that the API server refuses, in the dry run already, isn't synced, its Err says why. An error means that the
// API server couldn't answer; the states are valid as far as they go.
func (c *Comparer) Compare(ctx context.Context, dry DryRunner, desired []*unstructured.Unstructured, live map[ID]*unstructured.Unstructured) ([]State, error) {
	pairs := c.recall(desired, live)
	group, limited := errgroup.WithContext(ctx)
	group.SetLimit(concurrency)
	for i := range pairs {
		if pairs[i].answered {
			continue
		}
		group.Go(func() error { return c.ask(limited, dry, &pairs[i]) })
	}
	err := group.Wait()
	return statesOf(pairs), err
}

// Recall is Compare without asking: what isn't known isn't synced. It is for who is going to apply all that differs
// anyway: applying tells the same as a dry run, in one request instead of two.
func (c *Comparer) Recall(desired []*unstructured.Unstructured, live map[ID]*unstructured.Unstructured) []State {
	return statesOf(c.recall(desired, live))
}

// Record remembers what an apply has made of the objects: those are synced as they came back.
func (c *Comparer) Record(states []State) {
	for _, state := range states {
		if state.Changed || state.Synced {
			c.remember(state.ID, verdict{desired: Fingerprint(state.Desired), live: Fingerprint(state.Live)})
		}
	}
}

// Forget makes the next Compare ask for everything anew.
func (c *Comparer) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.known)
}

// missing is the difference of an object that isn't there.
const missing = "is missing"

// changedInGit is the difference of an object that was as its manifest says before the manifest changed.
const changedInGit = "has changed in Git"

// pair is one desired object and what is known of it.
type pair struct {
	State

	asked    verdict // the fingerprints
	answered bool
}

// recall answers what it can from memory, and forgets the objects that aren't desired any more.
func (c *Comparer) recall(desired []*unstructured.Unstructured, live map[ID]*unstructured.Unstructured) []pair {
	pairs := make([]pair, len(desired))
	for i, obj := range desired {
		id := IDOf(obj)
		pairs[i] = pair{State: State{ID: id, Desired: obj, Live: live[id], Difference: "is not compared yet"}}
		if pairs[i].Live == nil {
			pairs[i].Difference, pairs[i].Compared, pairs[i].answered = missing, true, true
			continue
		}
		pairs[i].asked = verdict{desired: Fingerprint(obj), live: Fingerprint(pairs[i].Live)}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := make(map[ID]verdict, len(pairs))
	for i := range pairs {
		known, ok := c.known[pairs[i].ID]
		if !ok {
			continue
		}
		kept[pairs[i].ID] = known
		switch {
		case known.live != pairs[i].asked.live:
		case known.desired == pairs[i].asked.desired:
			pairs[i].answer(known)
		case known.difference == "":
			// The live object was as an earlier manifest says, so that this one changes it.
			pairs[i].Difference, pairs[i].Compared = changedInGit, true
		}
	}
	c.known = kept
	return pairs
}

func (p *pair) answer(known verdict) {
	p.Synced, p.Difference, p.Conflicts = known.difference == "", known.difference, known.conflicts
	p.Compared, p.answered = true, true
}

// ask compares by a dry run.
func (c *Comparer) ask(ctx context.Context, dry DryRunner, p *pair) error {
	outcome, err := dry.DryRun(ctx, p.State)
	if err == nil && !outcome.same(p.Live) && outcome.Object.GetResourceVersion() != p.Live.GetResourceVersion() {
		// The watch is behind: what it shows isn't what the dry run was made on.
		err = p.refresh(ctx, dry)
	}
	if err != nil {
		failure := &Error{Op: "compare", ID: p.ID, Err: err, Hint: hintFor(err, &p.State)}
		p.Err, p.Difference = failure, "can't be compared: "+wordsOf(err)
		if refused(err) {
			return nil
		}
		return failure
	}
	if p.answered {
		return nil
	}
	answer := p.asked
	if !outcome.same(p.Live) {
		answer.difference, answer.conflicts = outcome.difference(p.Live)+takenFrom(outcome.Conflicts), outcome.Conflicts
	}
	p.answer(answer)
	c.remember(p.ID, answer)
	return nil
}

// refresh looks at the object itself.
func (p *pair) refresh(ctx context.Context, dry DryRunner) error {
	live, err := dry.Get(ctx, p.ID)
	if err != nil {
		return err
	}
	p.Live = live
	if live == nil {
		p.Difference, p.Compared, p.answered = missing, true, true
		return nil
	}
	p.asked.live = Fingerprint(live)
	return nil
}

func (c *Comparer) remember(id ID, answer verdict) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[id] = answer
}

func statesOf(pairs []pair) []State {
	states := make([]State, len(pairs))
	for i := range pairs {
		states[i] = pairs[i].State
	}
	return states
}

// maxFields bounds how many fields a difference names.
const maxFields = 3

// same says whether the outcome is what live is, apart from fields that are ignored.
func (o Outcome) same(live *unstructured.Unstructured) bool {
	return Fingerprint(ignoring(o.Object, o.ignored)) == Fingerprint(ignoring(live, o.ignored))
}

// difference names the fields in which live differs from the outcome.
func (o Outcome) difference(live *unstructured.Unstructured) string {
	fields := differing(nil, "", declared(ignoring(live, o.ignored).Object), declared(ignoring(o.Object, o.ignored).Object))
	if len(fields) > 1 { // what a client-side apply notes for the next one is news only where nothing else is
		fields = slices.DeleteFunc(fields, func(field string) bool { return field == member("metadata.annotations", lastApplied) })
	}
	if more := len(fields) - maxFields; more > 0 {
		return fmt.Sprintf("differs in %s and %d more fields", strings.Join(fields[:maxFields], ", "), more)
	}
	return "differs in " + strings.Join(fields, ", ")
}
