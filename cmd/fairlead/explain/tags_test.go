package explain_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/cmd/fairlead/explain"
	"github.com/fairlead/fairlead/registry/selection"
)

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func TestReadTags(t *testing.T) {
	t.Parallel()
	ten := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		reason string
		file   string
		want   explain.Tags
	}{
		"Empty": {reason: "a repository may be empty", want: explain.Tags{Facts: map[string]selection.Fact{}}},
		"Names": {
			reason: "the list of any registry tool, in its order, each tag once",
			file:   "v1.0.1\nv1.0.0\nv1.0.1\n",
			want:   explain.Tags{Names: []string{"v1.0.1", "v1.0.0"}, Facts: map[string]selection.Fact{}},
		},
		"NoFinalNewline": {
			reason: "an editor may have left it out",
			file:   "v1.0.0\nv1.0.1",
			want:   explain.Tags{Names: []string{"v1.0.0", "v1.0.1"}, Facts: map[string]selection.Fact{}},
		},
		"Windows": {
			reason: "byte order mark and CRLF are no part of a tag",
			file:   "\ufeffv1.0.0\r\n\r\nv1.0.1\r\n",
			want:   explain.Tags{Names: []string{"v1.0.0", "v1.0.1"}, Facts: map[string]selection.Fact{}},
		},
		"Comments": {
			reason: "blank lines and comments say nothing",
			file:   "# of yesterday\n\n  \t\n   # indented\nv1.0.0\n",
			want:   explain.Tags{Names: []string{"v1.0.0"}, Facts: map[string]selection.Fact{}},
		},
		"Columns": {
			reason: "columns are separated by any white space, and one that isn't known is a dash",
			file: "a " + digestA + "\nb\t" + digestB + "\t2026-11-22T10:00:00Z\n  c   -   2026-11-22T11:00:00+01:00  \nd - -\n" +
				"e " + digestA + " -\n",
			want: explain.Tags{Names: []string{"a", "b", "c", "d", "e"}, Facts: map[string]selection.Fact{
				"a": {Digest: digestA},
				"b": {Digest: digestB, FirstSeen: ten},
				"c": {FirstSeen: ten},
				"e": {Digest: digestA},
			}},
		},
		"Twice": {
			reason: "two lines may complete each other",
			file:   "v1 " + digestA + "\nv1 - 2026-11-22T10:00:00Z\nv1\n# again\nv1 " + digestA + "\n",
			want:   explain.Tags{Names: []string{"v1"}, Facts: map[string]selection.Fact{"v1": {Digest: digestA, FirstSeen: ten}}},
		},
		"NoTags": {
			reason: "what no registry would take is judged, not refused: the verdict says so",
			file:   "v1/0\n\u202e1.0.0\n",
			want:   explain.Tags{Names: []string{"v1/0", "\u202e1.0.0"}, Facts: map[string]selection.Fact{}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := explain.ReadTags("tags.txt", strings.NewReader(tc.file))
			if err != nil {
				t.Fatalf("\n%s\n%v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestReadTagsErrors(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		file   io.Reader
		want   string
	}{
		"Digest": {
			reason: "a digest has a form",
			file:   strings.NewReader("v1.0.0\nv1.0.1 sha256:abc\n"),
			want:   `tags.txt:2: the second column is "sha256:abc", which is no digest: write it like sha256:..., or - if it isn't known`,
		},
		"Time": {
			reason: "a date alone doesn't say when",
			file:   strings.NewReader("v1.0.0 - 2026-11-22\n"),
			want:   `tags.txt:1: the third column is "2026-11-22", which is no time of RFC 3339: write it like 2026-11-22T10:00:00Z`,
		},
		"Columns": {
			reason: "prose is no list of tags",
			file:   strings.NewReader("these are the tags\n"),
			want:   `tags.txt:1: more than three columns: write the tag, its digest, and when that was first seen`,
		},
		"OtherDigest": {
			reason: "a tag points to one image",
			file:   strings.NewReader("v1 " + digestA + "\nv2\nv1 " + digestB + "\n"),
			want:   `tags.txt:3: tag "v1" stands on line 1, too, with another digest: keep the one that it has now`,
		},
		"OtherTime": {
			reason: "a digest was first seen once",
			file:   strings.NewReader("v1 - 2026-11-22T10:00:00Z\nv1 - 2026-11-22T10:00:01Z\n"),
			want:   `tags.txt:2: tag "v1" stands on line 1, too, with another time: keep the one at which its digest was first seen`,
		},
		"UTF16": {
			reason: "a shell of Windows may write it",
			file:   strings.NewReader("\xff\xfev\x001\x00\n\x00"),
			want:   `tags.txt:1: the file is UTF-16: save it as UTF-8`,
		},
		"Binary": {
			reason: "the wrong file",
			file:   strings.NewReader("v1\n\x7fELF\x02\x01\n"),
			want:   `tags.txt:2: the line holds control characters: is this a list of tags?`,
		},
		"Latin1": {
			reason: "the wrong file, too",
			file:   strings.NewReader("v1\nd\xe9ploy\xe9\n"),
			want:   `tags.txt:2: the line isn't UTF-8: is this a list of tags?`,
		},
		"LongLine": {
			reason: "a line is bounded",
			file:   io.MultiReader(strings.NewReader("v1\n"), endless('a')),
			want:   `tags.txt:2: the line is longer than 65536 bytes: write one tag a line`,
		},
		"Huge": {
			reason: "so is the file",
			file:   endless('\n'),
			want:   `tags.txt has more than 64 MiB`,
		},
		"Many": {
			reason: "and the number of tags",
			file:   &counting{last: 250_001},
			want:   `tags.txt:250001: more than 250000 tags`,
		},
		"Broken": {
			reason: "what the file system says",
			file:   io.MultiReader(strings.NewReader("v1\n"), failing{}),
			want:   `read tags.txt: the disk is gone`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := explain.ReadTags("tags.txt", tc.file)
			if err == nil {
				t.Fatalf("\n%s\nno error", tc.reason)
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// endless is a file of one byte again and again.
type endless byte

func (e endless) Read(into []byte) (int, error) {
	for i := range into {
		into[i] = byte(e)
	}
	return len(into), nil
}

// counting is a file of the tags 1, 2, ... last.
type counting struct {
	last, at int
	rest     []byte
}

func (c *counting) Read(into []byte) (int, error) {
	for len(c.rest) < len(into) && c.at < c.last {
		c.at++
		c.rest = append(c.rest, fmt.Sprintln(c.at)...)
	}
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(into, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

// checkPrintable checks that a message is one line that a terminal can be shown.
func checkPrintable(t *testing.T, err error) {
	t.Helper()
	if strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("%q isn't one line of text", err)
	}
}

// FuzzReadTags: whatever a file holds, reading ends, each tag is there once, and reading what was understood gives the same.
func FuzzReadTags(f *testing.F) {
	f.Add([]byte("v1.0.0\nv1.0.1 " + digestA + " 2026-11-22T10:00:00Z\r\n# x\n\n"))
	f.Add([]byte("\xef\xbb\xbfa - -\na " + digestA + "\n"))
	f.Add([]byte("\xff\xfe1\x00\n\u2028 \u0085"))
	f.Fuzz(func(t *testing.T, file []byte) {
		tags, err := explain.ReadTags("tags.txt", bytes.NewReader(file))
		if err != nil {
			checkPrintable(t, err)
			return
		}
		var again bytes.Buffer
		seen := map[string]bool{}
		for _, name := range tags.Names {
			if seen[name] || strings.ContainsAny(name, " \t\r\n") || strings.HasPrefix(name, "#") {
				t.Errorf("%q isn't one tag, or not for the first time", name)
			}
			seen[name] = true
			fact := tags.Facts[name]
			again.WriteString(name + " ")
			if fact.Digest == "" {
				fact.Digest = "-"
			}
			again.WriteString(fact.Digest)
			if !fact.FirstSeen.IsZero() {
				again.WriteString(" " + fact.FirstSeen.Format(time.RFC3339Nano))
			}
			again.WriteString("\n")
		}
		same, err := explain.ReadTags("tags.txt", &again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tags, same, cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })); diff != "" {
			t.Errorf("-first, +again:\n%s", diff)
		}
	})
}
