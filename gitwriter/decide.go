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

// written is a target that a commit writes, and where its outcome stands among those of its policy.
type written struct {
	target   Target
	previous string
	index    int
}

type newFile struct {
	path string
	body []byte
}

// decide says what to do. It is pure: files are read through read, whose errors fail the targets in them, and each change
// sees what the changes before it wrote. Rules, in their order, for each change:
//
//  1. Two changes that want different values in the same place: both fail. So does a change whose tag is no tag.
//  2. A target whose file can't be read, or whose key path can't be edited, fails.
//  3. A value that stands there already is Unchanged.
//  4. What Forward turns down is Kept.
//  5. The rest is written in one commit, unless another target of the same change failed: then it is Kept.
func decide(changes []Change, read func(file string) ([]byte, error)) plan {
	d := decider{read: read, files: map[string][]byte{}, conflicts: conflicts(changes)}
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
		for j, o := range outcomes {
			if o.State == Committed {
				s.written = append(s.written, written{target: o.Target, previous: o.Previous, index: first + j})
			}
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

// conflicts finds the places that two changes want different values in, and names the policies that do.
func conflicts(changes []Change) map[place][]string {
	type wish struct{ policy, tag string }
	wishes := map[place][]wish{}
	for _, c := range changes {
		for _, t := range c.Targets {
			at := place{t.File, t.Path}
			wishes[at] = append(wishes[at], wish{c.Policy, c.Tag})
		}
	}
	found := map[place][]string{}
	for at, all := range wishes {
		if !slices.ContainsFunc(all, func(w wish) bool { return w.tag != all[0].tag }) {
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
			if at := (place{t.File, t.Path}); !known[at] {
				known[at] = true
				wishes[t.File] = append(wishes[t.File], edit.Edit{Path: t.Path, Value: c.Tag})
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
	for i, t := range c.Targets {
		outcomes[i] = d.target(c, t, &s)
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
			o.State, o.Current, o.Previous = Kept, o.Previous, ""
			o.Err = problemf(o.Target, failed.Err, "nothing of this policy is written while another of its targets can't be: %s", failed.Err)
		}
	}
	return outcomes, step{}
}

// target decides about one target, and adds to the step what it writes.
func (d *decider) target(c *Change, t Target, s *step) Outcome {
	fail := func(err error) Outcome { return Outcome{Target: t, State: Failed, Err: err} }
	if policies := d.conflicts[place{t.File, t.Path}]; policies != nil {
		return fail(problemf(t, nil, "%s: several wishes for one place: let only one of %s write it", t.Path, quoteAll(policies)))
	}
	if err := edit.CheckTagOrDigest(c.Tag); err != nil {
		return fail(asTargetError(t, err)) // A tag is a registry's word, and a registry may say anything.
	}
	if d.settled[t.File] {
		return Outcome{Target: t, State: Unchanged, Current: c.Tag}
	}
	body, err := d.content(t.File, s)
	if err != nil {
		return fail(asTargetError(t, err))
	}
	current, err := edit.Value(body, t.Path)
	if err != nil {
		return fail(asTargetError(t, err))
	}
	if current != c.Tag && c.Forward != nil {
		if err := c.Forward(current); err != nil {
			return Outcome{Target: t, State: Kept, Current: current, Err: err}
		}
	}
	changed, err := edit.Apply(body, edit.Edit{Path: t.Path, Value: c.Tag})
	if err != nil {
		return fail(asTargetError(t, err))
	}
	if bytes.Equal(changed, body) {
		return Outcome{Target: t, State: Unchanged, Current: current}
	}
	s.set(t.File, changed)
	return Outcome{Target: t, State: Committed, Current: c.Tag, Previous: current}
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
func asTargetError(t Target, err error) error {
	if target, ok := errors.AsType[*TargetError](err); ok {
		return &TargetError{File: t.File, Path: t.Path.String(), Message: target.Message, Err: target.Err}
	}
	return problemf(t, err, "%s", err)
}

func quoteAll(names []string) string {
	return fmt.Sprintf("%q", names)
}
