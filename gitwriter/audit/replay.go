package audit

import (
	"context"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
)

// step is a change of one target by one commit, before anybody asked who made it.
type step struct {
	// commit is its place in the graph, file and target that in the watch.
	commit       int32
	file, target int
	// from and to are what stands at the target's places, in their order.
	from, to []scalar
	// before are the steps that it replaced: one, several where lines of history met, or none.
	before []int32
}

// crossing is where two lines met that had both changed a target, and one of them was taken.
type crossing struct {
	commit      int32
	lost, taken int32
}

// unknown stands for what was there when the history begins.
const unknown = int32(-1)

// fileState is one watched file in one commit. It never changes.
type fileState struct {
	id  plumbing.Hash
	doc *document
	// moved: it isn't there because it goes on under another name.
	moved bool
	// origins are the steps that wrote the targets' values.
	origins []int32
}

// snapshot is what stands at all the watched places in one commit.
type snapshot struct {
	ids   ids
	files []*fileState
}

func (s *snapshot) clone() *snapshot {
	return &snapshot{ids: slices.Clone(s.ids), files: slices.Clone(s.files)}
}

// replay goes through a graph, oldest commit first.
type replay struct {
	reader reader
	graph  graph
	watch  *watch
	// follow: names that aren't watched are looked for.
	follow bool

	// snapshots are those of commits that still have children to come; uses counts these.
	snapshots map[int32]*snapshot
	uses      []int32

	steps     []step
	crossings []crossing
	moves     []move
	// found are names under which watched files go on, and which aren't watched themselves.
	found []rename
	// tip is what stands at the end.
	tip *snapshot
}

// run fills steps, crossings and moves.
func (p *replay) run(ctx context.Context) error {
	p.snapshots, p.uses = map[int32]*snapshot{}, make([]int32, len(p.graph))
	for i := range p.graph {
		p.uses[i] = p.graph[i].children
	}
	for i := range int32(len(p.graph)) { //nolint:gosec // A length of memory.
		if i%checkEvery == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		parents := p.take(i)
		now, err := p.enter(i, parents)
		if err != nil {
			return err
		}
		p.tip = now
		if p.uses[i] > 0 {
			p.snapshots[i] = now
		}
	}
	return nil
}

// take gives the snapshots of a commit's parents, without repeating one. The first may be changed.
func (p *replay) take(i int32) []*snapshot {
	var parents []*snapshot
	for _, parent := range p.graph[i].parents {
		s := p.snapshots[parent]
		p.uses[parent]--
		if p.uses[parent] == 0 {
			delete(p.snapshots, parent)
		} else if len(parents) == 0 {
			s = s.clone()
		}
		if !slices.Contains(parents, s) {
			parents = append(parents, s)
		}
	}
	return parents
}

// enter makes a commit's snapshot from those of its parents.
func (p *replay) enter(i int32, parents []*snapshot) (*snapshot, error) {
	if len(parents) == 0 {
		parents = []*snapshot{{ids: make(ids, len(p.watch.folders)), files: make([]*fileState, len(p.watch.names))}}
	}
	now, old := parents[0], parents[0]
	if len(parents) > 1 {
		now = old.clone()
	}
	var touched []int
	before := map[int]*fileState{}
	touch := func(file int) {
		touched = append(touched, file)
		before[file] = old.files[file]
	}
	if err := p.watch.update(p.reader, now.ids, p.graph[i].tree, touch); err != nil {
		return nil, err
	}
	for _, other := range parents[1:] {
		for file, state := range other.files {
			if _, known := before[file]; !known && state != old.files[file] {
				touch(file)
			}
		}
	}
	if len(touched) == 0 {
		return now, nil
	}
	slices.Sort(touched)
	renamed := map[int]int{}
	if len(parents) == 1 && len(p.graph[i].parents) == 1 {
		var err error
		if renamed, err = p.renames(i, touched, now.ids, before); err != nil {
			return nil, err
		}
	}
	for _, file := range touched {
		if leaves(file, renamed) {
			now.files[file] = &fileState{moved: true, doc: p.nothing(file), origins: before[file].origins}
			continue
		}
		state, err := p.change(i, file, now.ids, p.statesBefore(file, before, parents[1:], renamed))
		if err != nil {
			return nil, err
		}
		now.files[file] = state
	}
	return now, nil
}

// leaves reports whether a file goes on under another name.
func leaves(file int, renamed map[int]int) bool {
	for _, from := range renamed {
		if from == file {
			return true
		}
	}
	return false
}

// statesBefore are the different states that a file has in a commit's parents: under its own name, or under the one that it
// is renamed from, now or in one of the lines that meet.
func (p *replay) statesBefore(file int, before map[int]*fileState, others []*snapshot, renamed map[int]int) []*fileState {
	if from, ok := renamed[file]; ok {
		return []*fileState{before[from]}
	}
	states := []*fileState{before[file]}
	add := func(s *fileState) {
		if !slices.Contains(states, s) {
			states = append(states, s)
		}
	}
	for _, other := range others {
		add(other.files[file])
	}
	if len(others) == 0 {
		return states
	}
	for _, m := range p.moves {
		if m.to != file {
			continue
		}
		if s, differs := before[m.from]; differs && s != nil && !s.moved {
			add(s)
		}
		for _, other := range others {
			if s := other.files[m.from]; s != nil && !s.moved && before[m.from] != nil {
				add(s)
			}
		}
	}
	return states
}

// nothing is the document of a file that isn't there.
func (p *replay) nothing(file int) *document {
	return &document{values: make([]scalar, len(p.watch.paths[file]))}
}

// change makes the state of a file that differs from that of some parent.
func (p *replay) change(i int32, file int, now ids, parents []*fileState) (*fileState, error) {
	id := p.watch.fileID(now, file)
	if id.IsZero() {
		for _, parent := range parents {
			if parent != nil && parent.moved {
				return parent, nil
			}
		}
	}
	state, err := p.load(file, id, parents)
	if err != nil {
		return nil, err
	}
	there := !id.IsZero()
	for t := range state.origins {
		state.origins[t] = p.settle(i, file, t, state, parents)
		there = there || state.origins[t] != unknown
	}
	if !there {
		return nil, nil //nolint:nilnil // It never was there.
	}
	return state, nil
}

// load reads a file. Where it can't be read, what stood there before is taken to stand there still.
func (p *replay) load(file int, id plumbing.Hash, parents []*fileState) (*fileState, error) {
	made := &fileState{id: id, origins: make([]int32, len(p.watch.targets[file]))}
	for t := range made.origins {
		made.origins[t] = unknown
	}
	var last *fileState
	for _, parent := range parents {
		if parent == nil || parent.moved {
			continue
		}
		if parent.id == id {
			made.doc = parent.doc
			return made, nil
		}
		if last == nil {
			last = parent
		}
	}
	if id.IsZero() {
		made.doc = p.nothing(file)
		return made, nil
	}
	body, err := p.reader.read(plumbing.BlobObject, id)
	if err != nil {
		return nil, err
	}
	var before *document
	if last != nil {
		before = last.doc
	}
	doc, ok := before.next(body, p.watch.paths[file])
	switch {
	case ok:
		made.doc = doc
	case before != nil:
		made.doc = &document{values: before.values}
	default:
		made.doc = p.nothing(file)
	}
	return made, nil
}

// vector is what stands at the places of a target.
func (p *replay) vector(file, target int, state *fileState) []scalar {
	places := p.watch.targets[file][target]
	values := make([]scalar, len(places))
	if state != nil {
		for i, place := range places {
			values[i] = state.doc.values[place]
		}
	}
	return values
}

// origin is the step that wrote what stands at a target.
func origin(state *fileState, target int) int32 {
	if state == nil {
		return unknown
	}
	return state.origins[target]
}

// settle finds which step wrote what stands at a target: one of those before, or a new one.
func (p *replay) settle(i int32, file, target int, state *fileState, parents []*fileState) int32 {
	values := p.vector(file, target, state)
	taken, same := unknown, false
	var origins []int32
	for _, parent := range parents {
		o := origin(parent, target)
		if !slices.Contains(origins, o) {
			origins = append(origins, o)
		}
		if slices.Equal(values, p.vector(file, target, parent)) && (!same || p.follows(o, taken)) {
			taken, same = o, true
		}
	}
	if !same {
		if p.graph[i].cut {
			return p.first(i, file, target, values)
		}
		return p.add(step{
			commit: i, file: file, target: target, from: p.vector(file, target, parents[0]), to: values, before: known(origins),
		})
	}
	return p.meet(i, file, target, values, taken, origins)
}

// first is the step of a commit whose parents aren't here, so that what stood before isn't known: it counts if the message
// claims it.
func (p *replay) first(i int32, file, target int, values []scalar) int32 {
	for _, c := range p.graph[i].claims {
		for _, place := range p.watch.targets[file][target] {
			if p.watch.claims(c, file, place) {
				return p.add(step{commit: i, file: file, target: target, from: nil, to: values})
			}
		}
	}
	return unknown
}

func known(origins []int32) []int32 {
	return slices.DeleteFunc(slices.Clone(origins), func(o int32) bool { return o == unknown })
}

func (p *replay) add(s step) int32 {
	p.steps = append(p.steps, s)
	return int32(len(p.steps) - 1) //nolint:gosec // A length of memory.
}

// meet decides at a merge that has what the step taken wrote, while other parents have what other steps wrote.
func (p *replay) meet(i int32, file, target int, values []scalar, taken int32, origins []int32) int32 {
	var undone []int32
	for _, lost := range origins {
		if lost == taken || lost == unknown || p.follows(taken, lost) {
			continue
		}
		if p.follows(lost, taken) {
			undone = append(undone, lost)
		}
	}
	if len(undone) > 0 && !slices.Equal(p.steps[undone[0]].to, values) {
		return p.add(step{commit: i, file: file, target: target, from: p.steps[undone[0]].to, to: values, before: undone})
	}
	for _, lost := range origins {
		if lost != taken && lost != unknown && taken != unknown && !p.follows(taken, lost) {
			p.crossings = append(p.crossings, crossing{commit: i, lost: lost, taken: taken})
		}
	}
	return taken
}

// follows reports whether one step was made on top of another, or on what nobody knows.
func (p *replay) follows(later, earlier int32) bool {
	if earlier == unknown {
		return true
	}
	queue := []int32{later}
	seen := map[int32]bool{}
	for len(queue) > 0 {
		at := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if at == earlier {
			return true
		}
		if at < earlier || seen[at] {
			continue
		}
		seen[at] = true
		queue = append(queue, p.steps[at].before...)
	}
	return false
}
