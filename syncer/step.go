package syncer

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Phases in which objects are deleted; no hook runs in them.
const (
	prunePhase     HookPhase = "Prune"
	pruneLastPhase HookPhase = "PruneLast"
	// CascadePhase: an Application that is being deleted has its objects deleted, between its PreDelete and its PostDelete hooks.
	CascadePhase HookPhase = "Delete"
)

// phases are the phases of a sync in their order, and then those of a deletion. SyncFail comes after whatever has failed.
//
//nolint:gochecknoglobals // a table; nothing changes it
var phases = []HookPhase{PreSync, SyncPhase, prunePhase, pruneLastPhase, PostSync, SyncFail, PreDelete, CascadePhase, PostDelete}

// Place is where a step stands in a sync or in a deletion. The zero value is before the first.
type Place struct {
	Phase HookPhase
	Wave  int
}

// String is the place as it stands in a status: "PreSync -1"; empty for the zero value.
func (p Place) String() string {
	if p.Phase == "" {
		return ""
	}
	return fmt.Sprintf("%s %d", p.Phase, p.Wave)
}

// ParsePlace reads what String has written. What can't be read is the zero value: the sync begins anew.
func ParsePlace(text string) Place {
	phase, number, _ := strings.Cut(text, " ")
	wave, err := strconv.Atoi(number)
	if err != nil || !slices.Contains(phases, HookPhase(phase)) {
		return Place{}
	}
	return Place{Phase: HookPhase(phase), Wave: wave}
}

// After says whether the place comes after another.
func (p Place) After(other Place) bool { return p.compare(other) > 0 }

// compare orders places: by phase, then by wave; what is pruned goes in the reverse order of waves.
func (p Place) compare(other Place) int {
	waves := cmp.Compare(p.Wave, other.Wave)
	if p.Phase == prunePhase || p.Phase == pruneLastPhase {
		waves = -waves
	}
	return cmp.Or(cmp.Compare(slices.Index(phases, p.Phase), slices.Index(phases, other.Phase)), waves)
}

// describe is the place for people.
func (p Place) describe() string {
	switch {
	case p.Phase == SyncPhase:
		return fmt.Sprintf("wave %d", p.Wave)
	case p.Phase == prunePhase || p.Phase == pruneLastPhase:
		return "pruning"
	case p.Wave != 0:
		return fmt.Sprintf("%s hooks of wave %d", p.Phase, p.Wave)
	}
	return fmt.Sprintf("%s hooks", p.Phase)
}

// Step is a part of a sync: what is done at the same time, and has to be over before the next step begins.
type Step struct {
	Place

	// Apply are the objects that are applied, in order.
	Apply []ID
	// Hooks that are run, in order, after the objects were applied.
	Hooks []Hook
	// Prune are the objects that are deleted, in order.
	Prune []ID
}

// StepsOf divides a sync into its steps, in order. prune are the objects that are to be pruned: live tells their waves.
// Hooks of other phases than PreSync, Sync and PostSync are no part of it.
func StepsOf(desired []*unstructured.Unstructured, hooks []Hook, prune []ID, live map[ID]*unstructured.Unstructured, options Options) []Step {
	steps := map[Place]*Step{}
	at := func(place Place) *Step {
		if steps[place] == nil {
			steps[place] = &Step{Place: place}
		}
		return steps[place]
	}
	for _, obj := range desired {
		step := at(Place{SyncPhase, MetaOf(obj).Wave})
		step.Apply = append(step.Apply, IDOf(obj))
	}
	for _, hook := range hooks {
		if hook.Phase == PreSync || hook.Phase == SyncPhase || hook.Phase == PostSync {
			step := at(Place{hook.Phase, hook.Wave})
			step.Hooks = append(step.Hooks, hook)
		}
	}
	for _, id := range prune {
		step := at(placeOfPruning(live[id], options))
		step.Prune = append(step.Prune, id)
	}
	return inOrder(steps)
}

// FailureSteps are the steps that follow when a sync has failed: its SyncFail hooks.
func FailureSteps(hooks []Hook) []Step { return hookSteps(hooks, SyncFail) }

// DeletionSteps are the steps of one phase of a deletion, PreDelete or PostDelete: its hooks.
func DeletionSteps(hooks []Hook, phase HookPhase) []Step { return hookSteps(hooks, phase) }

// hookSteps are the steps of a phase that consists of nothing but hooks.
func hookSteps(hooks []Hook, phase HookPhase) []Step {
	steps := map[Place]*Step{}
	for _, hook := range hooks {
		if hook.Phase != phase {
			continue
		}
		place := Place{hook.Phase, hook.Wave}
		if steps[place] == nil {
			steps[place] = &Step{Place: place}
		}
		steps[place].Hooks = append(steps[place].Hooks, hook)
	}
	return inOrder(steps)
}

func inOrder(steps map[Place]*Step) []Step {
	ordered := make([]Step, 0, len(steps))
	for _, step := range steps {
		ordered = append(ordered, *step)
	}
	slices.SortFunc(ordered, func(a, b Step) int { return a.compare(b.Place) })
	return ordered
}

// placeOfPruning is where an object is pruned. Nothing is known of one that isn't seen: it goes with the others.
func placeOfPruning(live *unstructured.Unstructured, options Options) Place {
	place := Place{Phase: prunePhase}
	if live != nil {
		place.Wave = MetaOf(live).Wave
		if own, err := options.Of(live); err == nil {
			options = own
		}
	}
	if options.PruneLast {
		place.Phase = pruneLastPhase
	}
	return place
}

// InOnePass says whether the steps are done in one pass, with nothing to wait for: objects of one wave, and then the pruning.
func InOnePass(steps []Step) bool {
	count := map[HookPhase]int{}
	for _, step := range steps {
		count[step.Phase]++
		if len(step.Hooks) > 0 || step.Phase == pruneLastPhase || count[step.Phase] > 1 {
			return false
		}
	}
	return true
}

// Progress is how far a sync is, as the cluster shows it.
type Progress struct {
	// At is the step that was begun last. What comes before it is over, however it fares by now.
	At Place
	// Object tells of one that is applied in a step. It is asked for the objects of the steps that are looked at.
	Object func(ID) ObjectProgress
	// Hooks that were started.
	Hooks map[HookKey]HookResult
	// Left are the objects that are to be pruned and aren't gone; true for one whose deletion was asked for.
	Left map[ID]bool
}

// ObjectProgress is how far the applying of one object is.
type ObjectProgress struct {
	// Applied is true if it is as desired.
	Applied bool
	// Blocked says why it can't be applied now, to be read after its ID; empty if it can.
	Blocked string
	// Health of the object.
	Health Health
}

// HookKey names a hook in one phase.
type HookKey struct {
	Phase HookPhase
	ID    ID
}

// Key names the hook in its phase.
func (h Hook) Key() HookKey { return HookKey{h.Phase, h.ID()} }

// Move is what a sync has to do next. It is over if it has nothing to do, to wait for, and hasn't failed.
type Move struct {
	// Place of the step that is under way, or of the last.
	Place Place
	// Apply, Start and Prune are what is to be done now, in this order.
	Apply []ID
	Start []Hook
	Prune []ID
	// Waits says what is waited for; empty if nothing is.
	Waits string
	// Failed says why the sync has failed; empty if it hasn't.
	Failed string
}

// Acts says whether there is something to be done now.
func (m Move) Acts() bool { return len(m.Apply) > 0 || len(m.Start) > 0 || len(m.Prune) > 0 }

// Over says whether the sync has done all that it had to do.
func (m Move) Over() bool { return !m.Acts() && m.Waits == "" && m.Failed == "" }

// NextMove finds the step that a sync is at, and what there is to do. Between two steps everything of the first has to be
// applied and healthy, its hooks have succeeded, what it prunes is gone. The objects of the last step aren't waited for.
func NextMove(steps []Step, progress Progress) Move {
	move := Move{Place: progress.At}
	for i, step := range steps {
		if progress.At != (Place{}) && step.compare(progress.At) < 0 {
			continue
		}
		if move = step.next(progress, i == len(steps)-1); !move.Over() {
			return move
		}
	}
	return move
}

// next is what there is to do in a step.
func (s Step) next(progress Progress, last bool) Move {
	look := look{move: Move{Place: s.Place}, progress: progress, last: last}
	look.objects(s.Apply)
	look.hooks(s.Hooks)
	look.pruned(s.Prune)
	switch {
	case len(look.failed) > 0:
		return Move{Place: s.Place, Failed: s.describe() + ": " + enumerate(look.failed)}
	case !look.move.Acts() && len(look.waits) > 0:
		look.move.Waits = fmt.Sprintf("waits for %s: %s", s.describe(), enumerate(look.waits))
	}
	return look.move
}

// look is one look at a step.
type look struct {
	progress Progress
	// last is true for the last step: nothing waits for its objects.
	last bool

	move          Move
	waits, failed []string
}

func (l *look) objects(ids []ID) {
	for _, id := range ids {
		object := l.progress.Object(id)
		switch {
		case object.Blocked != "":
			l.waits = append(l.waits, fmt.Sprintf("%s %s", id, object.Blocked))
		case !object.Applied:
			l.move.Apply = append(l.move.Apply, id)
		case l.last, object.Health.Status == Healthy, object.Health.Status == Suspended:
		case object.Health.Status == Degraded:
			l.failed = append(l.failed, object.Health.Message)
		default:
			l.waits = append(l.waits, object.Health.Message)
		}
	}
}

func (l *look) hooks(hooks []Hook) {
	for _, hook := range hooks {
		switch result := l.progress.Hooks[hook.Key()]; result.Status {
		case HookBroken:
			l.failed = append(l.failed, result.Message)
		case HookRunning:
			l.waits = append(l.waits, result.Message)
		case HookDone:
		default:
			l.move.Start = append(l.move.Start, hook)
		}
	}
}

func (l *look) pruned(ids []ID) {
	for _, id := range ids {
		leaving, there := l.progress.Left[id]
		switch {
		case there && !leaving:
			l.move.Prune = append(l.move.Prune, id)
		case there && !l.last:
			l.waits = append(l.waits, fmt.Sprintf("%s is being deleted", id))
		}
	}
}
