package gitwriter

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/fairlead/fairlead/failpoint"
)

const (
	// maxAttempts is how many pushes in a row one Write makes while others keep moving the branch.
	maxAttempts = 20
	// fewCommits are pushed about as fast as one: fewer would land no sooner.
	fewCommits = 16
	// maxLostAnswers is how often a Write repeats itself after a push whose answer never came.
	maxLostAnswers = 2
	// maxPause bounds the pause between two attempts, and historyLimit how far back a push whose answer was lost is searched for.
	maxPause     = 200 * time.Millisecond
	historyLimit = 10_000
)

// Write brings the values of the changes into Git: one commit for each change that differs, all of them in one push that
// succeeds only on the head it was made on. If the branch moved, it fetches, decides anew and pushes again, in the same call;
// where others are faster time and again, fewer commits at once. It decides from the mirrored head first: where nothing
// differs, no request is made.
//
// Outcomes are there for every policy, also beside an error: those that would have been written are Failed then. Errors are
// *Error or *TemplateError, or the context's. After an error nothing more is tried; the caller decides when to come again. A
// push that was taken although its answer was lost is found by the next Write, which then has nothing to do.
func (m *Mirror) Write(ctx context.Context, req WriteRequest) (WriteResult, error) {
	release, err := m.takeTurn(ctx)
	if err != nil {
		return WriteResult{}, err
	}
	defer release()
	s, err := m.open()
	if err != nil {
		return WriteResult{}, err
	}
	defer s.close()
	w := &writing{mirror: m, session: s, req: req, landed: map[outcomeKey]Outcome{}, past: newPast(m, req.Changes)}
	if err = w.run(ctx); err == nil {
		w.nameTakenBack(ctx)
	}
	m.trim()
	return w.result(err), err
}

// outcomeKey names an outcome: the policy, and which of its targets.
type outcomeKey struct {
	policy string
	index  int
}

// writing is one Write on its way.
type writing struct {
	mirror  *Mirror
	session *session
	req     WriteRequest

	head *tip
	// plan was decided from files.
	plan  plan
	files targetFiles
	// witness told what was written before; the plan rests on what it said.
	witness *witness
	past    *past
	// landed are the outcomes of what was pushed, which a later decision in the same run sees as unchanged.
	landed map[outcomeKey]Outcome

	// attempts are pushes, taken those of them that landed.
	commits, attempts, taken, conflicts, lostAnswers int
	// overtaken is how many pushes in a row others were faster than, share how many commits may go into the next (0: all). A
	// push takes the server the longer the more is in it, and whoever else pushes meanwhile is faster.
	overtaken, share int
}

// run repeats: decide on the head, push, until nothing differs.
func (w *writing) run(ctx context.Context) error {
	if w.head = w.mirror.current(); w.head == nil {
		var err error
		if w.head, err = w.mirror.refresh(ctx, w.session); err != nil {
			return err
		}
	}
	for {
		if err := w.decide(ctx); err != nil {
			return err
		}
		if len(w.plan.steps) == 0 {
			return nil
		}
		if w.exhausted() {
			return w.session.fault(opPush, ReasonConflict, nil,
				fmt.Sprintf("others moved the branch before %d of %d pushes: it is tried again later", w.attempts-w.taken, w.attempts))
		}
		if err := w.pause(ctx); err != nil {
			return err
		}
		done, err := w.push(ctx)
		if done || err != nil {
			return err
		}
	}
}

// decide makes the plan for the head. A plan depends on the targets' files, and on what was written to the targets before: if
// those are what they were when it was made, it holds on another head as well.
func (w *writing) decide(ctx context.Context) error {
	files, err := w.mirror.targetFiles(ctx, w.session, w.head, w.req.Changes)
	if err != nil {
		return err
	}
	if w.files != nil && maps.Equal(files, w.files) && w.witness.holds(w.head.id) {
		return nil
	}
	read, err := w.mirror.read(ctx, w.session, w.head, files)
	if err != nil {
		return err
	}
	w.witness = newWitness(w.past, w.head.id)
	for {
		w.plan, w.files = decide(w.req.Changes, read, w.witness.before), files
		if len(w.witness.needs) == 0 {
			return nil
		}
		if err := w.witness.look(ctx, w.session); err != nil {
			return err
		}
	}
}

// nameTakenBack finds out who took back what stays taken back.
func (w *writing) nameTakenBack(ctx context.Context) {
	before := w.mirror.history.found
	w.mirror.history.found = map[string]takenBack{}
	for _, outcomes := range w.plan.outcomes {
		for i := range outcomes {
			o := &outcomes[i]
			var word interface{ OnPurpose() bool }
			if errors.As(o.Err, &word) && word.OnPurpose() && o.standing.takenBack() {
				o.TakenBack = w.past.whoTookBack(ctx, w.session, w.head.id, o.Target, o.standing, before[o.Target.key()])
			}
		}
	}
}

// exhausted says that it is time to let others go on: nothing landed for long, or more pushes landed than there is work for,
// because somebody undoes it.
func (w *writing) exhausted() bool {
	return w.overtaken == maxAttempts || w.taken > len(w.req.Changes)/fewCommits
}

// pause waits a little before a third and later attempt, each time differently, so that writers don't march in step.
func (w *writing) pause(ctx context.Context) error {
	if w.overtaken < 2 {
		return nil
	}
	limit := min(maxPause, 2*time.Millisecond<<w.overtaken)
	timer := time.NewTimer(rand.N(limit)) //nolint:gosec // A pause is no secret.
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("push: %w", ctx.Err())
	}
}

// push makes the plan's commits, as many as may go at once, and pushes them. done: the branch has all, and the last is its head.
func (w *writing) push(ctx context.Context) (done bool, err error) {
	service, err := w.session.receiveService(ctx)
	if err != nil {
		return false, err
	}
	b := newBuilder(w.mirror.objects, w.head, w.req, w.mirror.now(), !service.capabilities["no-thin"])
	failpoint.Reach(failpoint.BeforeEdit)
	steps := w.plan.steps
	if w.share > 0 {
		steps = steps[:min(w.share, len(steps))]
	}
	revisions := make([]plumbing.Hash, len(steps))
	for i, s := range steps {
		if revisions[i], err = b.add(s); err != nil {
			return false, err
		}
	}
	pack, err := writePack(b.pack)
	if err != nil {
		return false, fmt.Errorf("write a pack: %w", err)
	}
	failpoint.Reach(failpoint.AfterObjects)
	w.attempts++
	status, err := w.session.push(ctx, w.head.id, b.last.id, service, pack)
	failpoint.Reach(failpoint.AfterPush)
	if err == nil && status.accepted {
		w.accepted(b, revisions)
		w.head = w.mirror.move(b.last)
		return len(revisions) == len(w.plan.steps), nil
	}
	return w.rejected(ctx, b, revisions, status, err)
}

// yield makes the next push a smaller one. The first time somebody is faster it may be by chance.
func (w *writing) yield(commits int) {
	w.overtaken++
	if w.overtaken > 1 {
		w.share = max(fewCommits, commits/2)
	}
}

// accepted notes what is in Git now.
func (w *writing) accepted(b *builder, revisions []plumbing.Hash) {
	w.taken++
	w.overtaken = 0
	steps := w.plan.steps[:len(revisions)]
	w.mirror.objects.put(b.fresh)
	w.commits += len(steps)
	w.mirror.remember(b, steps, revisions)
	for i, s := range steps {
		for _, target := range s.written {
			outcome := w.plan.outcomes[s.change.Policy][target.index]
			outcome.Revision = revisions[i].String()
			w.landed[outcomeKey{s.change.Policy, target.index}] = outcome
		}
	}
}

// rejected finds out what a push came to that wasn't acknowledged, by reading the branch again:
//
//	branch at our tip, or past it  the push landed, its answer was lost
//	branch moved elsewhere         somebody was faster: decide anew
//	branch where it was            the server refused, or is in trouble
func (w *writing) rejected(ctx context.Context, b *builder, revisions []plumbing.Hash, status pushStatus, pushErr error) (done bool, err error) {
	if pushErr != nil && !answerLost(pushErr) {
		return false, pushErr
	}
	old := w.head
	id, err := w.session.readHead(ctx)
	if err != nil && pushErr != nil {
		return false, pushErr
	}
	if err != nil {
		return false, err
	}
	switch {
	case id == b.last.id:
		w.accepted(b, revisions)
		w.head = w.mirror.move(b.last)
		return len(revisions) == len(w.plan.steps), nil
	case id != old.id:
		w.conflicts++
		if w.head, err = w.mirror.advance(ctx, w.session, id); err != nil {
			return false, err
		}
		if pushErr != nil && w.mirror.objects.descends(id, b.last.id, historyLimit) {
			w.accepted(b, revisions)
		} else {
			w.yield(len(revisions))
		}
		return false, nil
	default:
		w.yield(len(revisions))
		return false, w.refused(status, pushErr)
	}
}

// refused says what a push came to that left the branch where it was: an error, or nothing if it is worth another attempt.
func (w *writing) refused(status pushStatus, pushErr error) error {
	switch {
	case pushErr != nil:
		w.lostAnswers++
		if w.lostAnswers < maxLostAnswers {
			return nil
		}
		return pushErr
	case status.lost():
		return nil
	case !status.unpacked && refusalOf(status.words, "") == "":
		return w.session.fault(opPush, ReasonUnavailable, nil, "the server couldn't take the commits: it is tried again later; the server said: "+status.words)
	default:
		return w.session.fault(opPush, refusalOf(status.words, ReasonRefused), nil, "the server refused the push to "+quote(w.session.remote.Branch)+": "+status.words)
	}
}

// answerLost reports whether a failed push may have landed all the same.
func answerLost(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return !ok || e.Reason == ReasonUnavailable || e.Reason == ReasonProtocol || e.Reason == ReasonTooLarge
}

// result tells what became of everything, given the run's error.
func (w *writing) result(err error) WriteResult {
	r := WriteResult{Outcomes: w.plan.outcomes, Commits: w.commits, Attempts: w.attempts, Conflicts: w.conflicts, Requests: w.session.requests, Rewrites: w.session.rewrites}
	if w.head != nil {
		r.Head = w.head.Head
	}
	if r.Outcomes == nil { // The run ended before anything could be decided.
		r.Outcomes = map[string][]Outcome{}
		for _, c := range w.req.Changes {
			for _, t := range c.Targets {
				r.Outcomes[c.Policy] = append(r.Outcomes[c.Policy], Outcome{Target: t, State: Failed, Err: err})
			}
		}
		return r
	}
	for policy, outcomes := range r.Outcomes {
		for i := range outcomes {
			o := &outcomes[i]
			landed, was := w.landed[outcomeKey{policy, i}]
			switch {
			case err != nil && o.State == Committed: // Decided, but the server didn't take it.
				*o = Outcome{Target: o.Target, State: Failed, Current: o.Previous, Err: err}
			case was && slices.Equal(landed.Current, o.Current):
				*o = landed
			}
		}
	}
	return r
}
