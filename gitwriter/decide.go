package gitwriter

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

// plan is what a set of changes comes to on one tree: the commits to make, in order, and what becomes of every target.
type plan struct {
	steps    []step
	outcomes map[string][]Outcome
}

// step is one commit.
type step struct {
	change *Change
	// files are the new contents of the files that the commit changes, in the order in which they were first named.
	files []newFile
	// written are the targets that the commit writes.
	written []written
}

// written is a target that a commit writes.
type written struct {
	target Target
	// previous are the values that stood there, changed those of target.Values that the commit changes.
	previous []string
	changed  []int
	// index is where the outcome stands among those of the policy.
	index int
}

type newFile struct {
	path string
	body []byte
}

// decide says what to do. It is pure: files are read through read, whose errors fail the targets in them, and each change
// sees what the changes before it wrote. Rules, in their order, for each change:
//
//  1. Different values that are wanted in the same place: the targets fail. So do those whose values aren't legal.
//  2. A target whose file can't be read, or of which a key path can't be edited, fails.
//  3. A target of which all the values stand there already is Unchanged.
//  4. What Forward turns down is Kept. It is told what was written to the target before; where before can't say that yet
//     the target is Kept without a reason, and the plan isn't final.
//  5. The rest is written in one commit, unless another target of the same change failed: then it is Kept.
func decide(changes []Change, read func(file string) ([]byte, error), before func(t Target, current []string) ([]Written, bool)) plan {
	d := decider{before: before, conflicts: conflicts(changes)}
	d.drafts = d.planFiles(changes, read)
	p := plan{outcomes: map[string][]Outcome{}}
	for i := range changes {
		c := &changes[i]
		outcomes, s := d.change(c)
		first := len(p.outcomes[c.Policy])
		p.outcomes[c.Policy] = append(p.outcomes[c.Policy], outcomes...)
		if len(s.files) == 0 {
			continue
		}
		for j := range s.written {
			s.written[j].index += first
		}
		p.steps = append(p.steps, s)
	}
	return p
}

// place is where a value stands.
type place struct {
	file string
	path edit.Path
}

// conflicts finds the places that different values are wanted in, and names the policies that want them.
func conflicts(changes []Change) map[place][]string {
	type wish struct{ policy, value string }
	wishes := map[place][]wish{}
	for _, c := range changes {
		for _, t := range c.Targets {
			for _, v := range t.Values {
				at := place{t.File, v.Path}
				wishes[at] = append(wishes[at], wish{c.Policy, v.Value})
			}
		}
	}
	found := map[place][]string{}
	for at, all := range wishes {
		if !slices.ContainsFunc(all, func(w wish) bool { return w.value != all[0].value }) {
			continue
		}
		for _, w := range all {
			found[at] = append(found[at], w.policy)
		}
		slices.Sort(found[at])
		found[at] = slices.Compact(found[at])
	}
	return found
}

// decider goes through the changes.
type decider struct {
	before    func(t Target, current []string) ([]Written, bool)
	conflicts map[place][]string
	// drafts are the files with what the changes have written so far.
	drafts map[string]*draft
}

// draft is a file that is read once, with all wishes for it: one of a thousand targets costs one look, not a thousand.
type draft struct {
	*edit.Draft

	splices *edit.Splices
	// edits are the wishes by their place, and made those that were made.
	edits map[edit.Path]int
	made  map[edit.Path]bool
	// err is why the file can't be read or edited at all.
	err error
}

// planFiles looks at each file with all wishes for it that don't contradict each other.
func (d *decider) planFiles(changes []Change, read func(file string) ([]byte, error)) map[string]*draft {
	wishes := map[string][]edit.Edit{}
	drafts := map[string]*draft{}
	for _, c := range changes {
		for _, t := range c.Targets {
			file, ok := drafts[t.File]
			if !ok {
				file = &draft{edits: map[edit.Path]int{}, made: map[edit.Path]bool{}}
				drafts[t.File] = file
			}
			for _, v := range t.Values {
				if _, known := file.edits[v.Path]; known || d.conflicts[place{t.File, v.Path}] != nil || v.check() != nil {
					continue
				}
				file.edits[v.Path] = len(wishes[t.File])
				wishes[t.File] = append(wishes[t.File], v.edit())
			}
		}
	}
	for name, file := range drafts {
		file.plan(wishes[name], func() ([]byte, error) { return read(name) })
	}
	return drafts
}

func (f *draft) plan(edits []edit.Edit, read func() ([]byte, error)) {
	if len(edits) == 0 {
		return // Every target in it is refused without a look.
	}
	var body []byte
	if body, f.err = read(); f.err != nil {
		return
	}
	if f.splices, f.err = edit.Plan(body, edits); f.err == nil {
		f.Draft = f.splices.Draft()
	}
}

// current are the values that stand in a target by now. The error is that of the first that can't be edited.
func (f *draft) current(t Target) ([]string, error) {
	if f.err != nil {
		return nil, f.err
	}
	current := make([]string, len(t.Values))
	for i, v := range t.Values {
		at := f.edits[v.Path]
		if err := f.splices.Err(at); err != nil {
			return nil, err
		}
		current[i] = f.Draft.Current(at)
	}
	return current, nil
}

// differing are the indices of the values that don't stand in a target yet. The number 1.20 and the string "1.20" are two
// values although both read the same.
func (f *draft) differing(t Target, pending []*draftEdit) []int {
	var differing []int
	for i, v := range t.Values {
		waits := slices.ContainsFunc(pending, func(e *draftEdit) bool { return e.file == f && e.path == v.Path })
		if f.splices.Changes(f.edits[v.Path]) && !f.made[v.Path] && !waits {
			differing = append(differing, i)
		}
	}
	return differing
}

// draftEdit is an edit that is made once all targets of its change are decided: a draft has no way back.
type draftEdit struct {
	file *draft
	name string
	path edit.Path
}

// change decides about one change.
func (d *decider) change(c *Change) ([]Outcome, step) {
	s := step{change: c}
	outcomes := make([]Outcome, len(c.Targets))
	var failed *Outcome
	var pending []*draftEdit
	for i := range c.Targets {
		var edits []*draftEdit
		outcomes[i], edits = d.target(c, i, &s, pending)
		pending = append(pending, edits...)
		if outcomes[i].State == Failed && failed == nil {
			failed = &outcomes[i]
		}
	}
	if failed == nil {
		s.make(pending)
		return outcomes, s
	}
	for i := range outcomes {
		if o := &outcomes[i]; o.State == Committed {
			*o = Outcome{Target: o.Target, State: Kept, Current: o.Previous, Err: &TargetError{
				File:    o.Target.File,
				Message: fmt.Sprintf("nothing of this policy is written while another of its targets can't be: %s", failed.Err),
				Err:     failed.Err,
			}}
		}
	}
	return outcomes, step{}
}

// make makes the edits of a change, and takes the files as they are then.
func (s *step) make(edits []*draftEdit) {
	for _, e := range edits {
		e.file.Make(e.file.edits[e.path])
		e.file.made[e.path] = true
	}
	for _, e := range edits {
		if !slices.ContainsFunc(s.files, func(f newFile) bool { return f.path == e.name }) {
			s.files = append(s.files, newFile{path: e.name, body: e.file.Bytes()})
		}
	}
}

// target decides about one target, and returns the edits that write it. pending are those of the change's targets before it.
func (d *decider) target(c *Change, index int, s *step, pending []*draftEdit) (Outcome, []*draftEdit) {
	t := c.Targets[index]
	fail := func(err error) (Outcome, []*draftEdit) {
		return Outcome{Target: t, State: Failed, Err: asTargetError(t.File, err)}, nil
	}
	if err := d.check(c, t); err != nil {
		return fail(err)
	}
	file := d.drafts[t.File]
	current, err := file.current(t)
	if err != nil {
		return fail(err)
	}
	changed := file.differing(t, pending)
	if len(changed) == 0 {
		return Outcome{Target: t, State: Unchanged, Current: t.wanted()}, nil
	}
	if c.Forward != nil && !slices.Equal(current, t.wanted()) {
		written, known := d.before(t, current)
		if !known {
			return Outcome{Target: t, State: Kept, Current: current}, nil
		}
		at := Standing{Current: slices.Clone(current), Written: written}
		if err := c.Forward(index, at); err != nil {
			return Outcome{Target: t, State: Kept, Current: current, Err: err, standing: at}, nil
		}
	}
	edits := make([]*draftEdit, len(changed))
	for i, at := range changed {
		edits[i] = &draftEdit{file: file, name: t.File, path: t.Values[at].Path}
	}
	s.written = append(s.written, written{target: t, previous: current, changed: changed, index: index})
	return Outcome{Target: t, State: Committed, Current: t.wanted(), Previous: current}, edits
}

// check refuses a target that can't be written whatever its file holds.
func (d *decider) check(c *Change, t Target) error {
	if len(t.Values) == 0 {
		return &TargetError{Message: "the target names no key path to write to"}
	}
	for _, v := range t.Values {
		switch policies := d.conflicts[place{t.File, v.Path}]; {
		case len(policies) > 1:
			return &TargetError{
				Path:    v.Path.String(),
				Message: fmt.Sprintf("%s: several wishes for one place: let only one of %s write it", v.Path, quoteAll(policies)),
			}
		case policies != nil:
			return &TargetError{
				Path:    v.Path.String(),
				Message: v.Path.String() + ": several wishes for one place: give each part of the image a key path of its own",
			}
		}
	}
	for _, v := range t.Values {
		if err := v.check(); err != nil {
			return err
		}
	}
	if c.Message != "" {
		return nil // A person's words have no trailers.
	}
	// These two go into the trailers, which programs read.
	if !isTag(c.Tag) {
		return &TargetError{Message: quote(c.Tag) + " is no legal tag"}
	}
	if c.Digest != "" && !isDigest(c.Digest) {
		return &TargetError{Message: quote(c.Digest) + " is no legal digest"}
	}
	return nil
}

// asTargetError makes an error of reading or editing one that names the file.
func asTargetError(file string, err error) *TargetError {
	if own, ok := errors.AsType[*TargetError](err); ok {
		return &TargetError{File: file, Path: own.Path, Message: own.Message, Err: own.Err}
	}
	failed := &TargetError{File: file, Message: err.Error(), Err: err}
	if at, ok := errors.AsType[*edit.Error](err); ok {
		failed.Path = at.Path
	}
	return failed
}

func quoteAll(names []string) string {
	return fmt.Sprintf("%q", names)
}
