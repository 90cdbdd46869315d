package edit

import "fmt"

// Splices are many edits of one file, looked up and proven together: for each of them the bytes that it replaces, or why it
// can't be made. They are immutable and safe for concurrent use.
//
// Any of them may be made, in any order: a Draft holds the file after each. That the proof of all of them at once covers the
// drafts between rests on three things that are checked or follow from how YAML is read:
//
//   - The spans are disjoint, and each is one whole scalar: of its style, up to the end that both parsers see. What stands
//     around them is the same bytes in every draft.
//   - The new text of a span is one token as well (a word without indicators, or a quoted scalar on one line), so that the
//     tokens of any draft are those of the file, but for the edited scalars' texts. How another token is read depends on its
//     own bytes, on those beside it, and in block style on the column that its line begins in. No edit touches these: a
//     scalar that can be named is no key and no block scalar, and what follows it on its line is a comment or stands in a
//     flow collection, where columns mean nothing.
//   - What a scalar stands for depends on its own token alone, and it stands for something elsewhere only through an alias
//     of a node around it. Each edit below such a node is tried with a text of its own, and refused if that shows elsewhere.
//
// FuzzPlan holds every draft against the edits made one by one.
type Splices struct {
	state *state
	// targets[i] is where edit i goes, errs[i] what is wrong with the edit itself.
	targets []*target
	errs    []error
}

// Plan looks up the edits and proves them, reading the file once however many there are. An edit that can't be made has its
// own error, Err, and doesn't hold back the others. The error that Plan returns concerns the whole file. Every error is an
// *Error.
//
// Edits that name the same place share it: where the values differ, the first counts and the later ones are refused.
func Plan(file []byte, edits []Edit) (*Splices, error) {
	s := &Splices{targets: make([]*target, len(edits)), errs: make([]error, len(edits))}
	places := make(map[Path]*target, len(edits))
	var distinct []*target
	for i, e := range edits {
		t := places[e.Path]
		if t == nil {
			t = newTarget(e.Path)
			places[e.Path] = t
			distinct = append(distinct, t)
		}
		s.targets[i] = t
		s.errs[i] = t.wish(e)
	}
	var err error
	if s.state, err = load(file, distinct); err != nil {
		return nil, err
	}
	s.state.settle()

	return s, nil
}

// Err says why an edit can't be made, or nil.
func (s *Splices) Err(i int) error {
	if s.errs[i] != nil {
		return s.errs[i]
	}

	return s.targets[i].err
}

// Current is what Value returns for the edit's path, without its refusals: "" where nothing can be found.
func (s *Splices) Current(i int) string {
	if s.targets[i].node == nil {
		return ""
	}

	return s.targets[i].current()
}

// Kind says what YAML 1.1 or 1.2 takes the edit's place for, as the file has it.
func (s *Splices) Kind(i int) Kind {
	if s.targets[i].node == nil {
		return ""
	}

	return s.state.kind(s.targets[i])
}

// Changes says whether the edit can be made and changes any byte of the file.
func (s *Splices) Changes(i int) bool { return s.Err(i) == nil && s.targets[i].changes }

// Draft begins with the file as it is.
func (s *Splices) Draft() *Draft { return &Draft{splices: s, made: make(map[*target]struct{})} }

// Draft is the file with some of the edits made. It is not safe for concurrent use.
type Draft struct {
	splices *Splices
	made    map[*target]struct{}
}

// Make makes an edit and says whether it changed a byte. It changes none if it has an error, if its value stands there
// already, or if it was made before, by itself or by another edit of the same place.
func (d *Draft) Make(i int) bool {
	t := d.splices.targets[i]
	if _, before := d.made[t]; before || !d.splices.Changes(i) {
		return false
	}
	d.made[t] = struct{}{}

	return true
}

// Current is what stands at an edit's place by now.
func (d *Draft) Current(i int) string {
	t := d.splices.targets[i]
	if _, made := d.made[t]; made {
		return t.value
	}

	return d.splices.Current(i)
}

// Bytes returns the file with the edits made so far: a new slice, or the very one that Plan was given if nothing changed.
// It costs the copying, no parsing.
func (d *Draft) Bytes() []byte {
	if len(d.made) == 0 {
		return d.splices.state.data
	}

	made := make([]*target, 0, len(d.made))
	for _, t := range d.splices.state.changed {
		if _, isMade := d.made[t]; isMade {
			made = append(made, t)
		}
	}

	return d.splices.state.splice(made)
}

// wish notes what an edit wants here, or refuses it.
func (t *target) wish(e Edit) error {
	if err := checkValue(e); err != nil {
		return err
	}
	if t.wished && t.value != e.Value {
		return &Error{
			Path:    t.path.String(),
			Problem: fmt.Sprintf("an edit before this one writes %q here, not %q", shorten(t.value), shorten(e.Value)),
			Hint:    "name each key path once",
		}
	}
	t.wished, t.value = true, e.Value

	return nil
}

// settle finds out which targets change, and refuses those of which that can't be proven right.
func (s *state) settle() {
	room := MaxFile - len(s.data)
	for _, t := range s.located() {
		if !t.wished || s.isDone(t, t.value) {
			continue
		}
		t.changes = true
		t.text = s.write(t, t.value)
		if growth := len(t.text) - (t.span.end - t.span.start); growth > 0 {
			room -= growth
		}
		if room < 0 {
			t.err = &Error{
				Path:    t.path.String(),
				Problem: fmt.Sprintf("the edited file is larger than %d MiB", MaxFile>>20),
				Hint:    "keep the values to edit in a smaller file",
			}
		}
	}
	s.checkSpread(s.changing())
	s.proveAll()
	s.changed = s.changing()
}
