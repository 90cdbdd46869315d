package gitwriter

import (
	"bytes"
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
	d := decider{read: read, before: before, files: map[string][]byte{}, conflicts: conflicts(changes)}
	d.settled = d.settledFiles(changes)
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

// decider goes through the changes; files holds what they have written so far.
type decider struct {
	read      func(file string) ([]byte, error)
	before    func(t Target, current []string) ([]Written, bool)
	files     map[string][]byte
	conflicts map[place][]string
	// settled are the files in which every wished value stands already.
	settled map[string]bool
}

// settledFiles looks at each file once with all wishes for it. Mostly nothing differs, and then a file of a thousand
// targets costs one look instead of a thousand.
func (d *decider) settledFiles(changes []Change) map[string]bool {
	wishes := map[string][]edit.Edit{}
	known := map[place]bool{}
	for _, c := range changes {
		for _, t := range c.Targets {
			for _, v := range t.Values {
				if at := (place{t.File, v.Path}); !known[at] {
					known[at] = true
					wishes[t.File] = append(wishes[t.File], v.edit())
				}
			}
		}
	}
	settled := map[string]bool{}
	for file, edits := range wishes {
		body, err := d.read(file)
		if err != nil || slices.ContainsFunc(edits, func(e edit.Edit) bool { return d.conflicts[place{file, e.Path}] != nil }) {
			continue
		}
		same, err := edit.Apply(body, edits...)
		settled[file] = err == nil && bytes.Equal(same, body)
	}
	return settled
}

// change decides about one change.
func (d *decider) change(c *Change) ([]Outcome, step) {
	s := step{change: c}
	outcomes := make([]Outcome, len(c.Targets))
	var failed *Outcome
	for i := range c.Targets {
		outcomes[i] = d.target(c, i, &s)
		if outcomes[i].State == Failed && failed == nil {
			failed = &outcomes[i]
		}
	}
	if failed == nil {
		for _, f := range s.files {
			d.files[f.path] = f.body
		}
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

// target decides about one target, and adds to the step what it writes.
func (d *decider) target(c *Change, index int, s *step) Outcome {
	t := c.Targets[index]
	fail := func(err error) Outcome { return Outcome{Target: t, State: Failed, Err: asTargetError(t.File, err)} }
	if err := d.check(c, t); err != nil {
		return fail(err)
	}
	wanted := t.wanted()
	if d.settled[t.File] {
		return Outcome{Target: t, State: Unchanged, Current: wanted}
	}
	body, err := d.content(t.File, s)
	if err != nil {
		return fail(err)
	}
	current, err := t.read(body)
	if err != nil {
		return fail(err)
	}
	if c.Forward != nil && !slices.Equal(current, wanted) {
		written, known := d.before(t, current)
		if !known {
			return Outcome{Target: t, State: Kept, Current: current}
		}
		at := Standing{Current: slices.Clone(current), Written: written}
		if err := c.Forward(index, at); err != nil {
			return Outcome{Target: t, State: Kept, Current: current, Err: err, standing: at}
		}
	}
	body, changed, err := t.write(body, current)
	if err != nil {
		return fail(err)
	}
	if len(changed) == 0 {
		return Outcome{Target: t, State: Unchanged, Current: current}
	}
	s.set(t.File, body)
	s.written = append(s.written, written{target: t, previous: current, changed: changed, index: index})
	return Outcome{Target: t, State: Committed, Current: wanted, Previous: current}
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
	// These two go into the trailers, which programs read.
	if !isTag(c.Tag) {
		return &TargetError{Message: quote(c.Tag) + " is no legal tag"}
	}
	if c.Digest != "" && !isDigest(c.Digest) {
		return &TargetError{Message: quote(c.Digest) + " is no legal digest"}
	}
	return nil
}

// content is a file as the commits so far and this step leave it.
func (d *decider) content(file string, s *step) ([]byte, error) {
	for _, f := range s.files {
		if f.path == file {
			return f.body, nil
		}
	}
	if body, ok := d.files[file]; ok {
		return body, nil
	}
	return d.read(file)
}

func (s *step) set(path string, body []byte) {
	for i := range s.files {
		if s.files[i].path == path {
			s.files[i].body = body
			return
		}
	}
	s.files = append(s.files, newFile{path: path, body: body})
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
