package audit

import (
	"context"
	"maps"
	"path"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

// A file that goes away while another one appears, in one commit, is that file under another name if their bytes are the
// same, or what stands at the watched places is. Git keeps no record of it.

const (
	// maxMoved bounds the files, and the folders, of a commit among which the other name is looked for.
	maxMoved = 2_000
	// maxCompared bounds how many of them are read for one file, after those with the same bytes.
	maxCompared = 32
	// maxNames is how many rounds of names are followed that nobody claims: each costs a pass over the history.
	maxNames = 8
)

// move is a watched file that got another name.
type move struct {
	commit   int32
	from, to int
}

// rename is one whose other name isn't watched yet.
type rename struct{ from, to string }

// watchPlaces replays a history with the places that are claimed in it, and under all the names that their files had.
func watchPlaces(ctx context.Context, r reader, g graph, places map[string]map[edit.Path]bool) (*replay, error) {
	for round := 0; ; round++ {
		p := &replay{reader: r, graph: g, watch: newWatch(places), follow: round < maxNames}
		if err := p.run(ctx); err != nil {
			return nil, err
		}
		if len(p.found) == 0 {
			return p, nil
		}
		for _, pair := range p.found {
			unite(places, pair)
		}
	}
}

// unite lets both names of a file have the same places.
func unite(places map[string]map[edit.Path]bool, pair rename) {
	both := map[edit.Path]bool{}
	for _, name := range []string{pair.from, pair.to} {
		for p, claimed := range places[name] {
			both[p] = both[p] || claimed
		}
	}
	for _, name := range []string{pair.from, pair.to} {
		places[name] = maps.Clone(both)
	}
}

// renames tells which files of a commit with one parent were called otherwise in that: new file to old one. Names that aren't
// watched, or not for the same places, are noted in found.
func (p *replay) renames(i int32, touched []int, now ids, before map[int]*fileState) (map[int]int, error) {
	var gone, come []int
	for _, file := range touched {
		was := before[file] != nil && !before[file].id.IsZero()
		is := !p.watch.fileID(now, file).IsZero()
		switch {
		case was && !is:
			gone = append(gone, file)
		case is && !was:
			come = append(come, file)
		}
	}
	if len(gone)+len(come) == 0 {
		return map[int]int{}, nil
	}
	var d treeDiff
	if err := d.compare(p.reader, p.graph[p.graph[i].parents[0]].tree, p.graph[i].tree, ""); err != nil {
		return nil, err
	}
	if len(d.added) == 0 || len(d.removed) == 0 || d.large() {
		return map[int]int{}, nil
	}
	return p.match(i, gone, come, now, before, d)
}

// match pairs the files that went with those that came.
func (p *replay) match(i int32, gone, come []int, now ids, before map[int]*fileState, d treeDiff) (map[int]int, error) {
	renamed, taken := map[int]int{}, map[string]bool{}
	for _, file := range gone {
		other, err := p.likeness(file, before[file].id, before[file].doc, d.added, taken)
		if err != nil {
			return nil, err
		}
		if other == "" {
			continue
		}
		taken[other] = true
		if to := p.join(rename{from: p.watch.names[file], to: other}); to >= 0 {
			renamed[to] = file
			p.moves = append(p.moves, move{commit: i, from: file, to: to})
		}
	}
	for _, file := range come {
		if taken[p.watch.names[file]] {
			continue
		}
		id := p.watch.fileID(now, file)
		state, err := p.load(file, id, nil)
		if err != nil {
			return nil, err
		}
		other, err := p.likeness(file, id, state.doc, d.removed, taken)
		if err != nil {
			return nil, err
		}
		if other != "" {
			taken[other] = true
			p.join(rename{from: other, to: p.watch.names[file]})
		}
	}
	return renamed, nil
}

// join gives the file to which another one was renamed, if both are watched for the same places; else -1, and that is noted.
func (p *replay) join(r rename) int {
	from, to := slices.Index(p.watch.names, r.from), slices.Index(p.watch.names, r.to)
	if from >= 0 && to >= 0 && slices.Equal(p.watch.paths[from], p.watch.paths[to]) &&
		slices.EqualFunc(p.watch.targets[from], p.watch.targets[to], slices.Equal[[]int]) {
		return to
	}
	if p.follow {
		p.found = append(p.found, r)
	}
	return -1
}

// likeness looks for a file under another name: the same bytes, or else the same values at all the places that are there.
// Among several, one of the same base name comes first.
func (p *replay) likeness(file int, id plumbing.Hash, doc *document, among []named, taken map[string]bool) (string, error) {
	base := path.Base(p.watch.names[file])
	candidates := slices.DeleteFunc(slices.Clone(among), func(n named) bool {
		return taken[n.name] || n.name == p.watch.names[file] || path.Ext(n.name) != path.Ext(base)
	})
	rank := func(n named) int {
		switch {
		case n.id == id && path.Base(n.name) == base:
			return 0
		case n.id == id:
			return 1
		case path.Base(n.name) == base:
			return 2
		default:
			return 3
		}
	}
	slices.SortStableFunc(candidates, func(a, b named) int { return rank(a) - rank(b) })
	there := slices.ContainsFunc(doc.values, func(s scalar) bool { return s.there })
	for i, candidate := range candidates {
		if candidate.id == id {
			return candidate.name, nil
		}
		if i == maxCompared || !there {
			break
		}
		body, err := p.reader.read(plumbing.BlobObject, candidate.id)
		if err != nil {
			return "", err
		}
		if other, ok := parseDocument(body, p.watch.paths[file]); ok && slices.Equal(other.values, doc.values) {
			return candidate.name, nil
		}
	}
	return "", nil
}

// named is a file in a tree.
type named struct {
	name string
	id   plumbing.Hash
}

// treeDiff are the files that only one of two trees has.
type treeDiff struct {
	added, removed []named
	// folders is how many were looked into. Ten folders that each hold the next one ten times are ten objects, and ten billion
	// folders.
	folders int
}

// large reports that there is too much to look through, and that the other name of a file isn't looked for.
func (d *treeDiff) large() bool {
	return len(d.added)+len(d.removed) > maxMoved || d.folders > maxMoved
}

// compare adds the differences of two trees in a folder.
func (d *treeDiff) compare(r reader, old, now plumbing.Hash, folder string) error {
	d.folders++
	if d.large() {
		return nil
	}
	before, err := listing(r, old)
	if err != nil {
		return err
	}
	after, err := listing(r, now)
	if err != nil {
		return err
	}
	for name, e := range sortedMap(before) {
		if after[name] == e {
			continue
		}
		if err := d.only(r, e, after[name], path.Join(folder, name), &d.removed); err != nil {
			return err
		}
	}
	for name, e := range sortedMap(after) {
		was := before[name]
		if was == e {
			continue
		}
		if was.tree && e.tree {
			if err := d.compare(r, was.id, e.id, path.Join(folder, name)); err != nil {
				return err
			}
		} else if err := d.only(r, e, was, path.Join(folder, name), &d.added); err != nil {
			return err
		}
	}
	return nil
}

// only adds what lies at an entry, if the other tree has nothing of its kind there.
func (d *treeDiff) only(r reader, e, other entry, name string, to *[]named) error {
	if d.large() || len(name) > maxTarget {
		return nil
	}
	if !e.tree {
		if other.id.IsZero() || other.tree {
			*to = append(*to, named{name: name, id: e.id})
		}
		return nil
	}
	if other.tree {
		return nil // Both are folders: compare looks into them.
	}
	d.folders++
	files, err := listing(r, e.id)
	if err != nil {
		return err
	}
	for below, file := range sortedMap(files) {
		if err := d.only(r, file, entry{}, path.Join(name, below), to); err != nil {
			return err
		}
	}
	return nil
}

// listing is a tree as a map.
func listing(r reader, id plumbing.Hash) (map[string]entry, error) {
	if id.IsZero() {
		return nil, nil //nolint:nilnil // Nothing is an empty folder.
	}
	body, err := r.read(plumbing.TreeObject, id)
	if err != nil {
		return nil, err
	}
	found := map[string]entry{}
	return found, entries(id, body, func(name []byte, e entry) { found[string(name)] = e })
}
