package edit_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

// TestReading reads one state of a file after another, and holds each against Value.
func TestReading(t *testing.T) {
	t.Parallel()
	const file = "www: {tag: v1.0.35, name: www} # c\napi:\n  tag: \"v2.0.0\"\nws:\n  tag: 'v3.0.0'\nnumber: 1.20\nempty:\n"
	cases := map[string]struct {
		reason string
		before string
		after  string
	}{
		"Same":        {reason: "nothing changed", before: file, after: file},
		"Words":       {reason: "words in the places of words", before: file, after: strings.NewReplacer("v1.0.35", "v1.0.36-rc.1", "v2.0.0", "v22.0.0", "v3.0.0", "v4").Replace(file)},
		"Number":      {reason: "a number in a word's place", before: file, after: strings.Replace(file, "v1.0.35", "1.20", 1)},
		"Boolean":     {reason: "a boolean in a word's place", before: file, after: strings.Replace(file, "v1.0.35", "off", 1)},
		"FromNumber":  {reason: "a word in a number's place", before: file, after: strings.Replace(file, "1.20", "v1", 1)},
		"Longer":      {reason: "a number that begins like the one before", before: file, after: strings.Replace(file, "1.20", "1.200", 1)},
		"NowEmpty":    {reason: "an empty value in a word's place", before: file, after: strings.Replace(file, "v1.0.35", "", 1)},
		"Filled":      {reason: "a word where nothing stood", before: file, after: strings.Replace(file, "empty:", "empty: v1", 1)},
		"Unquoted":    {reason: "other quotes", before: file, after: strings.Replace(file, `"v2.0.0"`, "v2.0.0", 1)},
		"Escape":      {reason: "an escape in quotes", before: file, after: strings.Replace(file, `"v2.0.0"`, `"v2\x2e0.0"`, 1)},
		"Comment":     {reason: "another comment", before: file, after: strings.Replace(file, "# c", "# other", 1)},
		"Added":       {reason: "a key before all others", before: file, after: "first: 1\n" + file},
		"Removed":     {reason: "a key less", before: file, after: strings.Replace(file, "ws:\n  tag: 'v3.0.0'\n", "", 1)},
		"Colon":       {reason: "a word that becomes a key", before: "number: v1\n", after: "number: v1: \n"},
		"Hash":        {reason: "a comment begins behind a shorter word", before: "number: v1#2\n", after: "number: v1 #2\n"},
		"NoNewline":   {reason: "the end of the file ends the word", before: "number: v1", after: "number: v12"},
		"Tagged":      {reason: "a tag before the word", before: "number: !!str v1\n", after: "number: !!str 12\n"},
		"Aliased":     {reason: "a value that shows elsewhere", before: "number: &n v1\nempty: *n\n", after: "number: &n v2\nempty: *n\n"},
		"Overridden":  {reason: "a later document overrides the first", before: "number: v1\n---\nnumber: v1\n", after: "number: v2\n---\nnumber: v1\n"},
		"TwoOnLine":   {reason: "two values change on a line", before: "www: {tag: v1, name: a}\n", after: "www: {tag: v10, name: bb}\n"},
		"BrokenAfter": {reason: "the file can't be read any more", before: "number: v1\n", after: "number: {v1\n"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var paths []edit.Path
			for _, text := range []string{"www.tag", "www.name", "api.tag", "ws.tag", "number", "empty", "none", "number"} {
				paths = append(paths, mustPath(t, text))
			}
			reading, err := edit.Read([]byte(tc.before), paths)
			if err != nil {
				t.Fatal(err)
			}
			checkReading(t, reading, tc.before, paths)
			next, err := reading.Next([]byte(tc.after))
			if err != nil {
				_, want := edit.Apply([]byte(tc.after), edit.Edit{Path: mustPath(t, "none"), Value: "x"})
				if diff := cmp.Diff(want.Error(), err.Error()); diff != "" {
					t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
				}
				return
			}
			checkReading(t, next, tc.after, paths)
			checkReading(t, reading, tc.before, paths)
		})
	}
	if reading, err := edit.Read([]byte(file), nil); err != nil {
		t.Error(err)
	} else if value, ok := reading.Values().Value(mustPath(t, "number")); ok {
		t.Errorf("it tells %q at a path that it wasn't asked about", value)
	}
}

// checkReading compares all that a Reading tells with what Value does.
func checkReading(t *testing.T, r *edit.Reading, file string, paths []edit.Path) {
	t.Helper()
	for _, path := range paths {
		want, wantErr := edit.Value([]byte(file), path)
		if got, ok := r.Values().Value(path); got != want || ok != (wantErr == nil) {
			t.Fatalf("%s: Reading tells %q, %t; Value %q, %v\n%q", path, got, ok, want, wantErr, file)
		}
	}
}

// FuzzReading changes a file in random places as people and programs do, and holds what is read of each state against Value.
func FuzzReading(f *testing.F) {
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
			f.Add(string(data), uint64(i), "v1")
		}
	}
	f.Add("a: v1\nb: {c: 'v2', d: v3}\n", uint64(1), "x: y")
	f.Fuzz(func(t *testing.T, file string, seed uint64, other string) {
		random := rand.New(rand.NewPCG(seed, 2))
		var paths []edit.Path
		for _, text := range append(scalarPaths([]byte(file)), "nothing.here") {
			if path, err := edit.ParsePath(text); err == nil && len(paths) < maxRandomEdits {
				paths = append(paths, path)
			}
		}
		reading, err := edit.Read([]byte(file), paths)
		if err != nil {
			return
		}
		checkReading(t, reading, file, paths)
		for range 4 {
			file = changed(t, random, reading, file, paths, other)
			next, err := reading.Next([]byte(file))
			if err != nil {
				return
			}
			checkReading(t, next, file, paths)
			reading = next
		}
	})
}

// changed puts another text where one of the values stands, wherever that is in the file.
func changed(t *testing.T, random *rand.Rand, r *edit.Reading, file string, paths []edit.Path, other string) string {
	t.Helper()
	if len(paths) == 0 {
		return file
	}
	value, ok := r.Values().Value(paths[random.IntN(len(paths))])
	at := strings.Index(file, value)
	if !ok || value == "" || at < 0 {
		return file
	}
	texts := []string{"v1.0.36", "w", "1.2.3", "1.20", "off", "a:b", "a:", "sha256:00", other, value + "x"}
	return file[:at] + texts[random.IntN(len(texts))] + file[at+len(value):]
}

// BenchmarkReading reads a file of about 50 KB with 1,000 values: by parsing it, and as the next state of one that was read.
func BenchmarkReading(b *testing.B) {
	file, edits := manyServices(b, 1000)
	var paths []edit.Path
	for _, e := range edits {
		paths = append(paths, e.Path)
	}
	other := []byte(strings.Replace(string(file), "tag: v1.0.500", "tag: v1.2.0", 1))
	b.Run("Read", func(b *testing.B) {
		for b.Loop() {
			if _, err := edit.Read(file, paths); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Next", func(b *testing.B) {
		reading, err := edit.Read(file, paths)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			next, err := reading.Next(other)
			if value, _ := next.Values().Value(paths[500]); err != nil || value != "v1.2.0" {
				b.Fatal(fmt.Sprint(value, err))
			}
		}
	})
}
