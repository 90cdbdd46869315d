package edit_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

var update = flag.Bool("update", false, "write what Apply returns to testdata/*/want.yaml and error.txt")

// TestGolden runs each folder of testdata: in.yaml is the file, edit.txt one KEYPATH=VALUE a line; the outcome is either the
// file want.yaml or the message error.txt.
func TestGolden(t *testing.T) {
	t.Parallel()
	inputs, err := filepath.Glob("testdata/*/in.yaml")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no cases found: %v", err)
	}
	for _, input := range inputs {
		dir := filepath.Dir(input)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			in := readFile(t, input)
			edits := parseEdits(t, string(readFile(t, filepath.Join(dir, "edit.txt"))))
			got, applyErr := edit.Apply(in, edits...)
			if *update {
				record(t, dir, got, applyErr)
			}
			wantError := filepath.Join(dir, "error.txt")
			if _, err := os.Stat(wantError); err == nil {
				checkRefused(t, strings.TrimSuffix(string(readFile(t, wantError)), "\n"), got, applyErr)

				return
			}
			if applyErr != nil {
				t.Fatalf("Apply: %v", applyErr)
			}
			if diff := cmp.Diff(string(readFile(t, filepath.Join(dir, "want.yaml"))), string(got)); diff != "" {
				t.Errorf("Apply: -want +got:\n%s", diff)
			}
			checkApplied(t, in, got, edits)
		})
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}

	return data
}

func parseEdits(t *testing.T, text string) []edit.Edit {
	t.Helper()
	var edits []edit.Edit
	for line := range strings.Lines(text) {
		e, err := edit.ParseEdit(strings.TrimSuffix(line, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		edits = append(edits, e)
	}

	return edits
}

func mustPath(tb testing.TB, text string) edit.Path {
	tb.Helper()
	path, err := edit.ParsePath(text)
	if err != nil {
		tb.Fatal(err)
	}

	return path
}

func record(t *testing.T, dir string, got []byte, applyErr error) {
	t.Helper()
	name, stale, data := "want.yaml", "error.txt", got
	if applyErr != nil {
		name, stale, data = "error.txt", "want.yaml", []byte(applyErr.Error()+"\n")
	}
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, stale)); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

func checkRefused(t *testing.T, want string, got []byte, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("Apply succeeded, want the refusal %q", want)
	}
	if got != nil {
		t.Errorf("Apply returned bytes together with an error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("message: -want +got:\n%s", diff)
	}
	refusal, isError := errors.AsType[*edit.Error](err)
	if !isError || !refusal.Terminal() {
		t.Errorf("the error is no terminal *edit.Error: %#v", err)
	}
}

// checkApplied checks what holds after each successful edit: the values stand there, and a second run does nothing.
func checkApplied(t *testing.T, in, got []byte, edits []edit.Edit) {
	t.Helper()
	for _, e := range edits {
		value, err := edit.Value(got, e.Path)
		if err != nil || value != e.Value {
			t.Errorf("Value(%s) = %q, %v; want %q", e.Path, value, err, e.Value)
		}
	}
	again, err := edit.Apply(got, edits...)
	if err != nil {
		t.Fatalf("second Apply: %v", err)
	}
	if &again[0] != &got[0] {
		t.Errorf("the second Apply returned other bytes")
	}
	if removed, added := changedLines(in, got); removed > len(edits) || added > len(edits) {
		t.Errorf("%d lines removed and %d added by %d edits", removed, added, len(edits))
	}
}

// changedLines counts the lines that differ between two files of as many lines.
func changedLines(before, after []byte) (removed, added int) {
	was, is := strings.SplitAfter(string(before), "\n"), strings.SplitAfter(string(after), "\n")
	if len(was) != len(is) {
		return 0, 0
	}
	for i := range was {
		if was[i] != is[i] {
			removed++
			added++
		}
	}

	return removed, added
}
