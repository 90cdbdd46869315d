package edit_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

// TestPlanDrafts goes through a plan edit by edit.
func TestPlanDrafts(t *testing.T) {
	t.Parallel()
	file := []byte("a: {tag: v1}\nb:\n  tag: 1.20 # c\nc: {tag: v3}\nd: &d v4\ne: *d\n")
	edits := []edit.Edit{
		{Path: mustPath(t, "c.tag"), Value: "v3.1"},
		{Path: mustPath(t, "x.tag"), Value: "v1"},
		{Path: mustPath(t, "a.tag"), Value: "v1"},
		{Path: mustPath(t, "b.tag"), Value: "1.20"},
		{Path: mustPath(t, "c.tag"), Value: "v3.1"},
		{Path: mustPath(t, "c.tag"), Value: "v3.2"},
		{Path: mustPath(t, "d"), Value: "v5"},
		{Path: mustPath(t, "a.tag"), Value: "v\n"},
	}
	splices, err := edit.Plan(file, edits)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Err     string
		Current string
		Kind    edit.Kind
		Changes bool
		Made    bool
		File    string
	}
	const atFirst, atSecond = "a: {tag: v1}\nb:\n  tag: 1.20 # c\nc: {tag: v3.1}\nd: &d v4\ne: *d\n", "a: {tag: v1}\nb:\n  tag: \"1.20\" # c\nc: {tag: v3.1}\nd: &d v4\ne: *d\n"
	want := []row{
		{Current: "v3", Kind: edit.String, Changes: true, Made: true, File: atFirst},
		{Err: "line 1, column 1: x.tag: the file has no key x (it has a, b, c, d, e): add it to the file, or correct the path", File: atFirst},
		{Current: "v1", Kind: edit.String, File: atFirst},
		{Current: "1.20", Kind: edit.Number, Changes: true, Made: true, File: atSecond},
		{Current: "v3", Kind: edit.String, Changes: true, File: atSecond},
		{Err: `c.tag: an edit before this one writes "v3.1" here, not "v3.2": name each key path once`, Current: "v3", Kind: edit.String, File: atSecond},
		{Err: "line 5, column 4: d: other values would change with it, through *d at line 6: write the value out there instead", Current: "v4", Kind: edit.String, File: atSecond},
		{Err: `a.tag: the value "v\n" holds the control character U+000A: give one line of text, without control characters and {{`, Current: "v1", Kind: edit.String, File: atSecond},
	}
	draft := splices.Draft()
	var got []row
	for i := range edits {
		r := row{Current: splices.Current(i), Kind: splices.Kind(i), Changes: splices.Changes(i)}
		if err := splices.Err(i); err != nil {
			r.Err = err.Error()
		}
		r.Made = draft.Make(i)
		r.File = string(draft.Bytes())
		got = append(got, r)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if now := draft.Current(4); now != "v3.1" {
		t.Errorf("the draft's Current = %q", now)
	}
	if untouched := splices.Draft().Bytes(); &untouched[0] != &file[0] {
		t.Error("a draft without edits is another slice")
	}
}

// TestPlanFindsUnproven: of many edits some break the file, which nobody sees before it is parsed. Those alone are refused.
func TestPlanFindsUnproven(t *testing.T) {
	t.Parallel()
	const count, broken = 1000, 300
	var file bytes.Buffer
	edits := make([]edit.Edit, count)
	for i := range count {
		fmt.Fprintf(&file, "tag%d: 1\n", i)
		if i%broken == broken/2 {
			// A plain number takes this line as its own end. A quoted one doesn't.
			file.WriteString(" \t\n")
		}
		edits[i] = edit.Edit{Path: mustPath(t, fmt.Sprintf("tag%d", i)), Value: "2"}
	}
	splices, err := edit.Plan(file.Bytes(), edits)
	if err != nil {
		t.Fatal(err)
	}
	draft := splices.Draft()
	for i := range edits {
		if made := draft.Make(i); made == (i%broken == broken/2) {
			t.Errorf("edit %d: Make = %t, %v", i, made, splices.Err(i))
		}
	}
	want := "line 151, column 9: tag150: the edited file would be refused (line 152: not YAML: found character that cannot start any token: " +
		"mend the file first): simplify this place first: the value on the line of its key, in double quotes, without an anchor, and no tabs around it"
	if diff := cmp.Diff(want, splices.Err(broken/2).Error()); diff != "" {
		t.Errorf("message: -want +got:\n%s", diff)
	}
	if now, err := edit.Value(draft.Bytes(), mustPath(t, "tag999")); err != nil || now != "2" {
		t.Errorf("Value of the draft = %q, %v", now, err)
	}
}

// FuzzPlan makes random edits of one file in a random order, each also by Apply to what Apply made before: the drafts must
// be those files, byte by byte, and what can't be made must be the same edits.
func FuzzPlan(f *testing.F) {
	inputs, err := filepath.Glob("testdata/*/in.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for i, input := range inputs {
		data, err := os.ReadFile(input)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) <= 4096 {
			f.Add(data, uint64(i))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 2))
		checkDrafts(t, data, randomEdits(t, random, data), random.Perm(maxRandomEdits))
	})
}

const maxRandomEdits = 24

// randomEdits are up to maxRandomEdits edits of the file's scalars and of places beside them.
func randomEdits(t *testing.T, random *rand.Rand, data []byte) []edit.Edit {
	t.Helper()
	values := []string{"v1.0.36", "1.20", "true", "", "it's \"x\" \\ é: # {}", "- a", "sha256:0123456789abcdef", "2024-01-02", "[", "~", "a much longer value than whatever stood there before"}
	paths := append(scalarPaths(data), "nothing.here")
	var edits []edit.Edit
	for range maxRandomEdits {
		path, err := edit.ParsePath(paths[random.IntN(len(paths))])
		if err == nil {
			edits = append(edits, edit.Edit{Path: path, Value: values[random.IntN(len(values))]})
		}
	}

	return edits
}

func checkDrafts(t *testing.T, data []byte, edits []edit.Edit, order []int) {
	t.Helper()
	original := bytes.Clone(data)
	splices, err := edit.Plan(data, edits)
	if err != nil {
		if _, err := edit.Apply(data, edits[0]); err == nil {
			t.Fatalf("Plan refused what Apply can edit\n%q", data)
		}

		return
	}
	draft := splices.Draft()
	content := data
	for _, i := range order {
		if i >= len(edits) {
			continue
		}
		e := edits[i]
		planErr := splices.Err(i)
		if first, taken := firstWish(edits, e.Path); taken && first != e.Value {
			if planErr == nil {
				t.Fatalf("%s: the second of two edits has no error", e.Path)
			}

			continue
		}
		next, applyErr := edit.Apply(content, e)
		if (planErr == nil) != (applyErr == nil) {
			t.Fatalf("%s=%q: planned: %v; by itself: %v\n%q\n%q", e.Path, e.Value, planErr, applyErr, data, content)
		}
		made := draft.Make(i)
		if applyErr != nil {
			continue
		}
		if made == bytes.Equal(next, content) {
			t.Fatalf("%s=%q: Make = %t", e.Path, e.Value, made)
		}
		content = next
		if diff := cmp.Diff(string(content), string(draft.Bytes())); diff != "" {
			t.Fatalf("%s=%q: -applied +draft:\n%s", e.Path, e.Value, diff)
		}
	}
	if !bytes.Equal(original, data) {
		t.Fatal("the input changed")
	}
}

// firstWish returns the value of the first edit that names the path.
func firstWish(edits []edit.Edit, path edit.Path) (string, bool) {
	for _, e := range edits {
		if e.Path == path {
			return e.Value, true
		}
	}

	return "", false
}

// manyServices is a file in which each of count services has a tag of its own, and the edits that raise them all.
func manyServices(tb testing.TB, count int) ([]byte, []edit.Edit) {
	tb.Helper()
	var file bytes.Buffer
	edits := make([]edit.Edit, count)
	for i := range count {
		fmt.Fprintf(&file, "service%d:\n  image: www # c\n  tag: v1.0.%d\n\n", i, i)
		edits[i] = edit.Edit{Path: mustPath(tb, fmt.Sprintf("service%d.tag", i)), Value: "v1.1.0"}
	}

	return file.Bytes(), edits
}

// BenchmarkMany makes edits of a file of about 50 KB with 1,000 values: all of them by one plan, with every content between,
// and a few by themselves.
func BenchmarkMany(b *testing.B) {
	const count, few = 1000, 20
	file, edits := manyServices(b, count)
	b.Run("Plan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			splices, err := edit.Plan(file, edits)
			if err != nil {
				b.Fatal(err)
			}
			draft := splices.Draft()
			for i := range edits {
				if !draft.Make(i) || len(draft.Bytes()) == 0 {
					b.Fatal(splices.Err(i))
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/edit")
	})
	b.Run("OneByOne", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			content := file
			for _, e := range edits[:few] {
				var err error
				if content, err = edit.Apply(content, e); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*few), "ns/edit")
	})
}
