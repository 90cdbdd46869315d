package gitwriter

import (
	"github.com/go-git/go-git/v5/plumbing"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

// maxKeptValues bounds how many values of earlier files one Write remembers: they take 16 bytes each, and most are shared.
const maxKeptValues = 1 << 20

// past reads what stood in targets at earlier commits. Many targets share a file, and look at the same states of it: each
// state is read once for all of them, and as a difference from the one that was read before (see edit.Reading).
type past struct {
	mirror *Mirror
	// paths are all that anybody asks for, by file.
	paths map[string][]edit.Path
	// last is the state of each file that was read last.
	last map[string]*edit.Reading
	// kept are the values of the states that were read: nil for a file that can't be read. count is how many values.
	kept  map[fileState]*edit.Values
	count int
}

// fileState is a file's content.
type fileState struct {
	file string
	blob plumbing.Hash
}

func newPast(m *Mirror, changes []Change) *past {
	p := &past{mirror: m, paths: map[string][]edit.Path{}, last: map[string]*edit.Reading{}, kept: map[fileState]*edit.Values{}}
	for _, c := range changes {
		for _, t := range c.Targets {
			for _, v := range t.Values {
				p.paths[t.File] = append(p.paths[t.File], v.Path)
			}
		}
	}
	return p
}

// valuesAt are what stands in a target of the changes at an earlier commit, once it is here; false if it can't be read there.
func (p *past) valuesAt(commit plumbing.Hash, t Target) ([]string, bool) {
	kind, id := p.mirror.find(fileAt{commit, t.File})
	if kind != plumbing.BlobObject {
		return nil, false
	}
	values, ok := p.state(fileState{t.File, id})
	if !ok || values == nil {
		return nil, false
	}
	current := make([]string, len(t.Values))
	for i, v := range t.Values {
		if current[i], ok = values.Value(v.Path); !ok {
			return nil, false
		}
	}
	return current, true
}

// knows reports whether a state is remembered, so that its content isn't needed.
func (p *past) knows(file string, blob plumbing.Hash) bool {
	_, known := p.kept[fileState{file, blob}]
	return known
}

// state reads a state of a file; false if it isn't here.
func (p *past) state(s fileState) (*edit.Values, bool) {
	if values, known := p.kept[s]; known {
		return values, true
	}
	body, ok := p.mirror.objects.get(plumbing.BlobObject, s.blob)
	if !ok {
		return nil, false
	}
	values := p.read(s.file, body)
	if p.count += len(p.paths[s.file]); p.count > maxKeptValues {
		clear(p.kept)
		p.count = len(p.paths[s.file])
	}
	p.kept[s] = values
	return values, true
}

// read gives what stands at all paths of a file; nil if it can't be read.
func (p *past) read(file string, body []byte) *edit.Values {
	var reading *edit.Reading
	var err error
	if last := p.last[file]; last != nil {
		reading, err = last.Next(body)
	} else {
		reading, err = edit.Read(body, p.paths[file])
	}
	if err != nil {
		return nil
	}
	p.last[file] = reading
	return reading.Values()
}
