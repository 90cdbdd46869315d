package edit_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

// TestGenerated edits each scalar of random documents whose writer knows every scalar's bytes: nothing legal may be refused,
// and the result is known without any parser.
func TestGenerated(t *testing.T) {
	t.Parallel()
	const documents = 400
	for seed := range uint64(documents) {
		w := &writer{random: rand.New(rand.NewPCG(seed, 1))}
		file := w.document()
		for _, place := range w.scalars {
			change := edit.Edit{Path: mustPath(t, place.path), Value: "v9.9.9-rc.1"}
			want := string(file[:place.start]) + fmt.Sprintf(place.format, change.Value) + string(file[place.end:])
			got, err := edit.Apply(file, change)
			if err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, file)
			}
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Fatalf("seed %d: %s: -want +got:\n%s", seed, place.path, diff)
			}
		}
	}
}

// TestGeneratedDrafts makes all edits of a random document in a random order, by one plan: each draft is known beforehand.
func TestGeneratedDrafts(t *testing.T) {
	t.Parallel()
	const documents = 400
	for seed := range uint64(documents) {
		w := &writer{random: rand.New(rand.NewPCG(seed, 3))}
		file := w.document()
		edits := make([]edit.Edit, len(w.scalars))
		for i, place := range w.scalars {
			edits[i] = edit.Edit{Path: mustPath(t, place.path), Value: "v9.9.9-rc.1"}
		}
		splices, err := edit.Plan(file, edits)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, file)
		}
		draft, made := splices.Draft(), make([]bool, len(edits))
		for _, i := range w.random.Perm(len(edits)) {
			if err := splices.Err(i); err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, file)
			}
			made[i] = draft.Make(i)
			if diff := cmp.Diff(w.edited(file, edits, made), string(draft.Bytes())); diff != "" || !made[i] {
				t.Fatalf("seed %d: %s: -want +got:\n%s", seed, edits[i].Path, diff)
			}
		}
	}
}

// place is a scalar that the writer wrote: where, and how another value looks there.
type place struct {
	path, format string
	start, end   int
}

// writer writes a random document and remembers its scalars.
type writer struct {
	random  *rand.Rand
	out     bytes.Buffer
	newline string
	scalars []place
}

func (w *writer) pick(choices ...string) string { return choices[w.random.IntN(len(choices))] }

// edited is what the document looks like with some of the edits made.
func (w *writer) edited(file []byte, edits []edit.Edit, made []bool) string {
	var text strings.Builder
	done := 0
	for i, place := range w.scalars {
		if made[i] {
			text.Write(file[done:place.start])
			fmt.Fprintf(&text, place.format, edits[i].Value)
			done = place.end
		}
	}
	text.Write(file[done:])

	return text.String()
}

func (w *writer) document() []byte {
	w.newline = w.pick("\n", "\n", "\r\n", "\r")
	w.out.WriteString(w.pick("", "", "\ufeff"))
	w.out.WriteString(w.pick("", "# first"+w.newline, "---"+w.newline))
	if w.newline == "\r" {
		// Helm doesn't see a separator line that ends in CR alone.
		w.out.Reset()
	}
	w.block("", 0, false)
	file := w.out.Bytes()
	if w.random.IntN(4) == 0 {
		file = bytes.TrimRight(file, "\r\n")
	}

	return file
}

// block writes a block map or, below the root, a list at an indentation.
func (w *writer) block(prefix string, indent int, list bool) {
	for i := range 1 + w.random.IntN(4) {
		w.out.WriteString(w.pick("", "", "", w.newline, strings.Repeat(" ", indent)+"# über {{ x }}: \"y"+w.newline))
		w.out.WriteString(strings.Repeat(" ", indent))
		path := fmt.Sprintf("%s[%d]", prefix, i)
		if list {
			w.out.WriteString("-")
		} else {
			path = w.key(prefix, i)
			w.out.WriteString(w.pick("", " ") + ":")
		}
		switch kind := w.random.IntN(8); {
		case kind < 2 && indent < 8:
			w.out.WriteString(w.pick("", "  # c") + w.newline)
			w.block(path, indent+2, kind == 1)
		case kind == 2:
			w.out.WriteString(" ")
			w.flow(path, 0)
			w.lineEnd()
		case kind == 3:
			w.out.WriteString(w.pick(" |", " >-") + w.newline + strings.Repeat(" ", indent+3) + "tag: text" + w.newline)
		default:
			w.value(path, false)
		}
	}
}

func (w *writer) lineEnd() { w.out.WriteString(w.pick("", " ", " # c: 'd", "\t#") + w.newline) }

// key writes a key and returns the path to it.
func (w *writer) key(prefix string, i int) string {
	name := fmt.Sprintf("%s%d", w.pick("tag", "größe", "日本", "a.b", "x/y"), i)
	quote := w.pick("", "", `"`, "'")
	w.out.WriteString(quote + name + quote)

	return strings.TrimPrefix(prefix+"."+strings.ReplaceAll(name, ".", `\.`), ".")
}

// flow writes a flow collection.
func (w *writer) flow(prefix string, depth int) {
	list := w.random.IntN(2) == 0
	w.out.WriteString(map[bool]string{true: "[", false: "{"}[list] + w.pick("", " "))
	for i := range 1 + w.random.IntN(3) {
		if i > 0 {
			w.out.WriteString(w.pick(",", " ,\t") + " ")
		}
		path := fmt.Sprintf("%s[%d]", prefix, i)
		if !list {
			path = w.key(prefix, i)
			w.out.WriteString(": ")
		}
		if depth < 3 && w.random.IntN(3) == 0 {
			w.flow(path, depth+1)
		} else {
			w.value(path, true)
		}
	}
	w.out.WriteString(w.pick("", " ") + map[bool]string{true: "]", false: "}"}[list])
}

// value writes a scalar, in a block after its indicator.
func (w *writer) value(path string, inFlow bool) {
	if !inFlow {
		if w.random.IntN(8) == 0 {
			at := w.out.Len()
			w.scalars = append(w.scalars, place{path: path, format: " %s", start: at, end: at})
			w.out.WriteString(w.pick("", " ", " # none") + w.newline)

			return
		}
		// A tab may follow the colon of a key, but not the hyphen of an item.
		if strings.HasSuffix(path, "]") {
			w.out.WriteString(w.pick(" ", "   "))
		} else {
			w.out.WriteString(w.pick(" ", "   ", "\t"))
		}
	}
	w.out.WriteString(w.pick("", "", "", "!!str ", fmt.Sprintf("&a%d ", len(w.scalars)), fmt.Sprintf("!!str &b%d ", len(w.scalars))))
	text, format := w.pick("v1.0.35", "1.20", "true", "~", "x#y", "wörter mit blanks", "2024-01-02", "a:b", "-x"), "%s"
	switch w.random.IntN(3) {
	case 0:
		text, format = w.pick(`""`, `"a\"b\\"`, `"日本 # {"`, `"\u00e9"`), `"%s"`
	case 1:
		text, format = w.pick("''", "'it''s'", "'# \"'", "'\\'"), "'%s'"
	}
	at := w.out.Len()
	w.out.WriteString(text)
	w.scalars = append(w.scalars, place{path: path, format: format, start: at, end: w.out.Len()})
	if !inFlow {
		w.lineEnd()
	}
}
