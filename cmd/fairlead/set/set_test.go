package set_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/cmd/fairlead/set"
	"github.com/fairlead/fairlead/gitwriter/edit"
)

// TestMakeShows compares how changes are told: each in one line that can't be mistaken, whatever the file holds.
func TestMakeShows(t *testing.T) {
	t.Parallel()
	type shown struct{ From, To string }
	cases := map[string]struct {
		reason string
		file   string
		value  string
		want   []shown
	}{
		"Word":       {reason: "a version is shown as it is", file: "tag: v1.0.35", value: "v1.0.36", want: []shown{{"v1.0.35", "v1.0.36"}}},
		"Reference":  {reason: "so is a reference", file: "tag: a/b:v1", value: "a/b:v2@sha256:00", want: []shown{{"a/b:v1", "a/b:v2@sha256:00"}}},
		"Same":       {reason: "nothing changes", file: "tag: v1", value: "v1"},
		"Empty":      {reason: "nothing is shown as nothing in quotes", file: `tag: ""`, value: "v1", want: []shown{{`""`, "v1"}}},
		"ToEmpty":    {reason: "in both directions", file: "tag: v1", value: "", want: []shown{{"v1", `""`}}},
		"Null":       {reason: "null is no text", file: "tag:", value: "v1", want: []shown{{"null", "v1"}}},
		"NullText":   {reason: "the text null is not null", file: `tag: "null"`, value: "v1", want: []shown{{`"null"`, "v1"}}},
		"Number":     {reason: "a number becomes a string that looks the same", file: "tag: 1.20", value: "1.20", want: []shown{{"1.20 (a number)", `"1.20"`}}},
		"Hex":        {reason: "numbers of every base", file: "tag: 0x1F", value: "v1", want: []shown{{"0x1F (a number)", `"v1"`}}},
		"Boolean":    {reason: "YAML 1.1 knows more booleans", file: "tag: off", value: "v1", want: []shown{{"off (a boolean)", `"v1"`}}},
		"Date":       {reason: "what readers disagree about", file: "tag: 2024-01-02", value: "v1", want: []shown{{"2024-01-02 (no string for every reader)", `"v1"`}}},
		"Terminal":   {reason: "a file can't write to the terminal", file: `tag: "\e[31m\n"`, value: "v1", want: []shown{{`"\x1b[31m\n"`, "v1"}}},
		"Arrow":      {reason: "nor fake the line", file: "tag: a->b", value: "v1", want: []shown{{`"a->b"`, "v1"}}},
		"Blank":      {reason: "blanks are quoted", file: "tag: a b", value: "v1", want: []shown{{`"a b"`, "v1"}}},
		"NonASCII":   {reason: "letters of all languages are shown", file: "tag: größe", value: "v1", want: []shown{{"größe", "v1"}}},
		"Long":       {reason: "a value may have megabytes", file: "tag: a" + strings.Repeat("ä", 5000), value: "v1", want: []shown{{`"a` + strings.Repeat("ä", 99) + `"...`, "v1"}}},
		"QuotedText": {reason: "a string that looks like a number is one", file: `tag: "1.20"`, value: "1.21", want: []shown{{"1.20", "1.21"}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			edits, err := set.ParseEdits([]string{"tag=" + tc.value})
			if err != nil {
				t.Fatal(err)
			}
			_, changes, err := set.Make("values.yaml", []byte(tc.file), edits)
			if err != nil {
				t.Fatal(err)
			}
			var got []shown
			for _, change := range changes {
				got = append(got, shown{change.From, change.To})
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestMakeRefuses: one edit that can't be made holds back the others, and all reasons are told.
func TestMakeRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		file   string
		want   string
	}{
		"Edits": {
			reason: "each edit has its reason", file: "a: 1\nb: [x]\n",
			want: "values.yaml: line 2, column 4: b: a list stands here, not a value (it has only [0]): name one of its items, such as b[0]\n" +
				"values.yaml: line 1, column 1: c: the file has no key c (it has a, b): add it to the file, or correct the path",
		},
		"File": {reason: "the file as a whole has one", file: "a: [", want: "values.yaml: line 1: not YAML: did not find expected node content: mend the file first"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			edits, err := set.ParseEdits([]string{"a=2", "b=2", "c=2"})
			if err != nil {
				t.Fatal(err)
			}
			content, changes, err := set.Make("values.yaml", []byte(tc.file), edits)
			if err == nil || content != nil || changes != nil {
				t.Fatalf("%s: %q, %v, %v", tc.reason, content, changes, err)
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			if class, ok := errors.AsType[interface {
				error
				Terminal() bool
			}](err); !ok || !class.Terminal() {
				t.Errorf("%s: %#v isn't terminal", tc.reason, err)
			}
		})
	}
}

// TestReplace replaces a file, and looks at what is kept and what is refused.
func TestReplace(t *testing.T) {
	t.Parallel()
	const before, after = "tag: v1.0.35\n", "tag: v1.0.36\n"
	cases := map[string]struct {
		reason string
		mode   os.FileMode
		// meanwhile is what somebody else does between reading and writing.
		meanwhile func(name string) error
		want      string
		err       string
	}{
		"Private": {reason: "the mode stays", mode: 0o600, want: after},
		"Shared":  {reason: "the umask takes nothing away", mode: 0o666, want: after},
		"Program": {reason: "all bits of the mode stay", mode: 0o755, want: after},
		"Changed": {
			reason: "somebody else's change isn't lost", mode: 0o600, want: "tag: v2\n",
			meanwhile: func(name string) error { return os.WriteFile(name, []byte("tag: v2\n"), 0o600) },
			err:       "NAME: somebody else changed it meanwhile: nothing is written, try again",
		},
		"Replaced": {
			reason: "nor is a file in its place", mode: 0o600, want: before,
			meanwhile: func(name string) error {
				if err := os.WriteFile(name+".new", []byte(before), 0o600); err != nil {
					return err
				}

				return os.Rename(name+".new", name)
			},
			err: "NAME: somebody else changed it meanwhile: nothing is written, try again",
		},
		"Removed": {
			reason: "a file that is gone stays gone", mode: 0o600,
			meanwhile: os.Remove,
			err:       "NAME: can't write it: no such file or directory",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			name := filepath.Join(folder, "values.yaml")
			if err := errors.Join(os.WriteFile(name, []byte(before), 0o600), os.Chmod(name, tc.mode)); err != nil {
				t.Fatal(err)
			}
			file, err := set.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			if tc.meanwhile != nil {
				if err := tc.meanwhile(name); err != nil {
					t.Fatal(err)
				}
			}
			message := ""
			if err := file.Replace([]byte(after)); err != nil {
				message = strings.ReplaceAll(err.Error(), name, "NAME")
			}
			if diff := cmp.Diff(tc.err, message); diff != "" {
				t.Errorf("%s: message: -want +got:\n%s", tc.reason, diff)
			}
			checkFolder(t, folder, tc.want, tc.mode)
		})
	}
}

// checkFolder checks that the folder holds the one file, or none, and nothing else.
func checkFolder(t *testing.T, folder, want string, mode os.FileMode) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if want == "" {
		if len(entries) > 0 {
			t.Errorf("there is %v", entries)
		}

		return
	}
	if len(entries) != 1 {
		t.Fatalf("there is %v", entries)
	}
	got, err := os.ReadFile(filepath.Join(folder, entries[0].Name()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("content: -want +got:\n%s", diff)
	}
	if info, err := entries[0].Info(); err != nil || info.Mode() != mode {
		t.Errorf("mode = %v, %v; want %v", info.Mode(), err, mode)
	}
}

// TestReplaceReadOnly: who may write to the folder still may not write to a file that forbids it.
func TestReplaceReadOnly(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root may write to every file")
	}
	name := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(name, []byte("tag: v1\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	file, err := set.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	err = file.Replace([]byte("tag: v2\n"))
	if err == nil || err.Error() != name+": can't write it: permission denied" {
		t.Errorf("Replace: %v", err)
	}
	if refused, ok := errors.AsType[*set.Error](err); !ok || refused.Terminal() {
		t.Errorf("%#v is terminal", err)
	}
}

// TestRead: what never ends is read up to the bound, and then refused by the editor.
func TestRead(t *testing.T) {
	t.Parallel()
	content, err := set.Read(endless{})
	if err != nil || len(content) != edit.MaxFile+1 {
		t.Fatalf("%d bytes, %v", len(content), err)
	}
	edits, err := set.ParseEdits([]string{"a=b"})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := set.Make("standard input", content, edits); err == nil ||
		err.Error() != "standard input: the file is larger than 10 MiB: keep the values to edit in a smaller file" {
		t.Errorf("Make: %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '\n'
	}

	return len(p), nil
}
