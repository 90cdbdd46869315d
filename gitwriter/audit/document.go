package audit

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

// scalar is what stands at a place.
type scalar struct {
	text  string
	there bool
}

// document is a file's content, and what stands at its watched places.
type document struct {
	body   []byte
	values []scalar
	// tokens are where the values are written, in the order of the file, as far as that is known: a value that is one word, and
	// is written as it reads.
	tokens []token
	// simple: the file is one document, so that a word in it is read the same whatever other words are.
	simple bool
}

// token is a word in a file.
type token struct {
	start, end int
	// place is the index of its path.
	place int
}

// maxBody bounds a file; larger ones are no configuration, and Fairlead doesn't edit them.
const maxBody = edit.MaxFile

// parseDocument reads what stands at the paths. It returns false if the file can't be read at all, as while somebody breaks it
// and mends it.
func parseDocument(body []byte, paths []edit.Path) (*document, bool) {
	if len(body) > maxBody {
		return nil, false
	}
	edits := make([]edit.Edit, len(paths))
	for i, p := range paths {
		edits[i] = edit.Edit{Path: p, Value: "Q" + strconv.Itoa(i) + "Q"}
	}
	plan, err := edit.Plan(body, edits)
	if err != nil {
		return nil, false
	}
	d := &document{body: body, values: make([]scalar, len(paths)), simple: isSimple(body)}
	for i := range paths {
		if plan.Err(i) != nil {
			continue
		}
		d.values[i] = scalar{text: plan.Current(i), there: true}
		if !d.simple || !isWord(d.values[i].text) {
			continue
		}
		draft := plan.Draft()
		draft.Make(i)
		if t := difference(body, draft.Bytes()); string(body[t.start:t.end]) == d.values[i].text {
			t.place = i
			d.tokens = append(d.tokens, t)
		}
	}
	slices.SortFunc(d.tokens, func(a, b token) int { return a.start - b.start })
	return d, true
}

// difference is the part of before that after has replaced.
func difference(before, after []byte) token {
	start := common(before, after)
	tail := commonTail(before[start:], after[start:])
	return token{start: start, end: len(before) - tail}
}

// stride is how many bytes are compared at once.
const stride = 64

// common is how many bytes two texts begin with together.
func common(a, b []byte) int {
	limit, at := min(len(a), len(b)), 0
	for at+stride <= limit && bytes.Equal(a[at:at+stride], b[at:at+stride]) {
		at += stride
	}
	for at < limit && a[at] == b[at] {
		at++
	}
	return at
}

// commonTail is how many bytes two texts end with together.
func commonTail(a, b []byte) int {
	limit, n := min(len(a), len(b)), 0
	for n+stride <= limit && bytes.Equal(a[len(a)-n-stride:len(a)-n], b[len(b)-n-stride:len(b)-n]) {
		n += stride
	}
	for n < limit && a[len(a)-n-1] == b[len(b)-n-1] {
		n++
	}
	return n
}

// isSimple reports whether a file is one document without directives.
func isSimple(body []byte) bool {
	if bytes.HasPrefix(body, []byte("%")) || bytes.Contains(body, []byte("\n%")) {
		return false
	}
	return !bytes.Contains(body[min(1, len(body)):], []byte("\n---")) && !bytes.Contains(body, []byte("\n..."))
}

// isWord reports whether a text, written plain or in quotes, is one token that reads as it is written, wherever a word may
// stand; but for null, which is nothing.
func isWord(s string) bool {
	if s == "" || !isLetter(s[0]) || !isLetter(s[len(s)-1]) {
		return false
	}
	for i := range len(s) {
		if !isWordByte(s[i]) {
			return false
		}
	}
	return len(s) != len("null") || s != "null" && s != "Null" && s != "NULL"
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

func isWordByte(c byte) bool {
	return isLetter(c) || c == '.' || c == '-' || c == '/' || c == '@' || c == ':' || c == '+'
}

// next reads another content of the same file. Where it differs in words alone, which is what most commits do to a file, it
// needn't be parsed: the words stand where they stood, and nothing else can have changed what they are.
func (d *document) next(body []byte, paths []edit.Path) (*document, bool) {
	if d != nil && d.simple && len(body) <= maxBody {
		if next, ok := d.reword(body); ok {
			return next, true
		}
	}
	return parseDocument(body, paths)
}

// reword takes over words at known places, and one word elsewhere. It reports false if more than that differs.
func (d *document) reword(body []byte) (*document, bool) {
	start := common(d.body, body)
	tail := commonTail(d.body[start:], body[start:])
	first := slices.IndexFunc(d.tokens, func(t token) bool { return t.end >= start })
	if first < 0 || d.tokens[first].start > start {
		return d.rewordElsewhere(body, start, tail)
	}
	next := &document{body: body, values: slices.Clone(d.values), tokens: slices.Clone(d.tokens), simple: true}
	shift, done := 0, 0
	for i := first; i < len(next.tokens) && done < len(d.body)-tail; i++ {
		t := d.tokens[i]
		if i > first && !bytes.Equal(d.body[done:t.start], body[done+shift:min(t.start+shift, len(body))]) {
			return nil, false
		}
		end := t.start + shift
		for end < len(body) && isWordByte(body[end]) {
			end++
		}
		text := string(body[t.start+shift : end])
		if !isWord(text) {
			return nil, false
		}
		next.values[t.place].text = text
		shift, done = end-t.end, t.end
	}
	// What is left must be the tail, or a part of it.
	if done < len(d.body)-tail || !bytes.Equal(d.body[done:], body[done+shift:]) {
		return nil, false
	}
	next.move(d)
	return next, true
}

// move puts the tokens where they stand after the values before them changed their lengths.
func (d *document) move(before *document) {
	shift := 0
	for i := range d.tokens {
		t := &d.tokens[i]
		grown := len(d.values[t.place].text) - len(before.values[t.place].text)
		t.start += shift
		shift += grown
		t.end += shift
	}
}

// rewordElsewhere takes over one word that is no key, tag, anchor or block's header, at no watched place.
func (d *document) rewordElsewhere(body []byte, start, tail int) (*document, bool) {
	before, okBefore := wordAround(d.body, start, len(d.body)-tail)
	after, okAfter := wordAround(body, start, len(body)-tail)
	if !okBefore || !okAfter || before.start != after.start || len(d.body)-before.end != len(body)-after.end {
		return nil, false
	}
	next := &document{body: body, values: d.values, tokens: slices.Clone(d.tokens), simple: true}
	for i := range next.tokens {
		t := &next.tokens[i]
		switch {
		case t.start >= before.end:
			t.start += after.end - before.end
			t.end += after.end - before.end
		case t.end > before.start:
			return nil, false
		}
	}
	return next, true
}

// wordAround widens a part of a file to the word that holds it.
func wordAround(body []byte, start, end int) (token, bool) {
	for start > 0 && isWordByte(body[start-1]) {
		start--
	}
	for end < len(body) && isWordByte(body[end]) {
		end++
	}
	if end < start || start == 0 || !isWord(string(body[start:end])) {
		return token{}, false
	}
	switch body[start-1] {
	case ' ', '\t', '"', '\'', '[', ',':
	default:
		return token{}, false
	}
	rest, _, _ := bytes.Cut(body[end:], []byte{'\n'})
	line := body[bytes.LastIndexByte(body[:start], '\n')+1 : start]
	keyed := bytes.Contains(line, []byte(": ")) && !bytes.ContainsAny(line, "&*!|>{?")
	return token{start: start, end: end}, keyed && !bytes.ContainsAny(rest, ":&*!|>")
}
