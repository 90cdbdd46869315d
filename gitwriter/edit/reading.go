package edit

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Values are what stands at a set of paths in a file. They are safe for concurrent use.
type Values struct {
	// at finds a path in values and readable, which is the same for all that follow one another without parsing.
	at       map[Path]int
	values   []string
	readable []bool
}

// Value is what the function Value returns for that path of the file; false where that refuses, or if Read wasn't told of it.
func (v *Values) Value(p Path) (string, bool) {
	i, known := v.at[p]
	if !known || !v.readable[i] {
		return "", false
	}

	return v.values[i], true
}

// Reading is a file as it was read, for its Values and for those of the file's other states. It is safe for concurrent use.
//
// One that is made from another, Next, need not parse: in the history of a file, most states differ from their neighbours in
// a few values alone. Where a file is the one before byte by byte, but for words in the places of words, each in the same
// quotes, it has the same structure: a word is what every YAML reader takes for a string of these very characters wherever it
// stands (isSurelyString), so putting one in another's place can't change how anything around it is read. That rests on the
// same argument as Splices; FuzzReading holds it against Value.
type Reading struct {
	values *Values
	data   []byte
	// spots are where the values stand, in the order of the file; nil if other places may show them too.
	spots []spot
}

// spot is where a value stands.
type spot struct {
	span

	// value is its place in Values.values.
	value int
	// word says that it is a word, in these quotes (0: none).
	word  bool
	quote byte
}

// maxWord bounds a word in bytes; what is longer is parsed.
const maxWord = 512

// Read reads the file once, however many paths there are. An error concerns the whole file, and is an *Error.
func Read(file []byte, paths []Path) (*Reading, error) {
	at := make(map[Path]int, len(paths))
	for _, p := range paths {
		if _, twice := at[p]; !twice {
			at[p] = len(at)
		}
	}
	return read(file, at)
}

// Values are what stands there. They don't hold on to the file.
func (r *Reading) Values() *Values { return r.values }

// Next reads another state of the file, at the same paths.
func (r *Reading) Next(file []byte) (*Reading, error) {
	if next, follows := r.follow(file); follows {
		return next, nil
	}
	return read(file, r.values.at)
}

func read(file []byte, at map[Path]int) (*Reading, error) {
	targets := make([]*target, len(at))
	for p, i := range maps.All(at) {
		targets[i] = newTarget(p)
	}
	s, err := load(file, slices.Clone(targets))
	if err != nil {
		return nil, err
	}
	for _, t := range s.located() {
		s.checkSpread([]*target{t}) // By itself, as Value does: what another's probe breaks must not hide its own.
	}
	values := &Values{at: at, values: make([]string, len(at)), readable: make([]bool, len(at))}
	r := &Reading{values: values, data: file}
	places := make(map[*target]int, len(at))
	for i, t := range targets {
		places[t] = i
		if t.err == nil {
			values.values[i], values.readable[i] = t.current(), true
		}
	}
	if len(s.docs) != 1 || len(s.aliases) > 0 {
		return r, nil
	}
	r.spots = make([]spot, 0, len(at))
	for _, t := range s.located() {
		r.spots = append(r.spots, newSpot(file, t, places[t]))
	}
	return r, nil
}

func newSpot(file []byte, t *target, value int) spot {
	s := spot{span: t.span, value: value}
	text := t.node.Value
	switch t.node.Style {
	case 0:
	case yaml.SingleQuotedStyle, yaml.DoubleQuotedStyle:
		s.quote = file[s.start]
		text = string(s.quote) + text + string(s.quote)
	default:
		return s
	}
	s.word = isSurelyString(t.node.Value) && text == string(file[s.start:s.end])
	return s
}

// follow reads a file that differs in words alone; false if it isn't sure of that.
func (r *Reading) follow(file []byte) (*Reading, bool) {
	if r.spots == nil || len(file) > MaxFile {
		return nil, false
	}
	values := &Values{at: r.values.at, values: slices.Clone(r.values.values), readable: r.values.readable}
	next := &Reading{values: values, data: file, spots: make([]spot, len(r.spots))}
	done, at := 0, 0
	for i, s := range r.spots {
		between := r.data[done:s.start]
		if !bytes.HasPrefix(file[at:], between) {
			return nil, false
		}
		at += len(between)
		length, ok := s.match(r.data[s.start:s.end], file[at:])
		if !ok {
			return nil, false
		}
		if text := file[at : at+length]; !bytes.Equal(text, r.data[s.start:s.end]) {
			values.values[s.value] = string(bytes.Trim(text, `'"`))
		}
		done = s.end
		s.start, s.end = at, at+length
		next.spots[i] = s
		at += length
	}
	return next, bytes.Equal(r.data[done:], file[at:])
}

// match returns the length of what stands at the beginning of a text in the place of what stood there before: a word in the
// place of a word, or else the very same.
func (s spot) match(before, text []byte) (int, bool) {
	if !s.word {
		return len(before), bytes.HasPrefix(text, before)
	}
	opened := 0
	if s.quote != 0 {
		if len(text) == 0 || text[0] != s.quote {
			return 0, false
		}
		opened = 1
	}
	end := opened
	for end < len(text) && isWordByte(text[end]) {
		end++
	}
	word := text[opened:end]
	if s.quote != 0 {
		if end == len(text) || text[end] != s.quote {
			return 0, false
		}
		end++
	}
	return end, bytes.Equal(text[:end], before) || len(word) <= maxWord && isSurelyString(string(word))
}

// isWordByte says whether a word (isSurelyString) may hold it.
func isWordByte(char byte) bool {
	switch {
	case 'a' <= char && char <= 'z', 'A' <= char && char <= 'Z', '0' <= char && char <= '9':
		return true
	default:
		return strings.IndexByte("._/@:+-", char) >= 0
	}
}
