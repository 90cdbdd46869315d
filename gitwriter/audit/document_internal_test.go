package audit

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

const sheet = `# a comment: with words
www:
  replicas: 2 # keep
  image: {repository: registry.example.com/shop/www, tag: v1.0.35, digest: "sha256:0123"}
  note: |
    tag: v1.0.35
    - not: a place
list:
  - name: one
    tag: 'v1.0.35'
  - {name: two, tag: 1.20}
api:
  tag: "v1.0.35"   # last
base: &base
  tag: v3
derived:
  <<: *base
  name: other
empty:
  tag:
`

func sheetPaths(t testing.TB) []edit.Path {
	t.Helper()
	var paths []edit.Path
	for _, text := range []string{
		"www.image.repository", "www.image.tag", "www.image.digest", "list[0].tag", "list[1].tag", "api.tag", "base.tag", "empty.tag", "nowhere.tag",
	} {
		p, err := edit.ParsePath(text)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	return paths
}

// checkNext holds what was taken over from an earlier content against what parsing the new one gives.
func checkNext(t *testing.T, before *document, body string, paths []edit.Path) *document {
	t.Helper()
	want, wantOK := parseDocument([]byte(body), paths)
	got, gotOK := before.next([]byte(body), paths)
	if gotOK != wantOK {
		t.Fatalf("next(%q) after %q reads it: %t, parseDocument: %t", body, before.body, gotOK, wantOK)
	}
	if !wantOK {
		return before
	}
	if diff := cmp.Diff(want.values, got.values, cmp.AllowUnexported(scalar{})); diff != "" {
		t.Fatalf("next(%q) after %q: -parsed, +taken over:\n%s", body, before.body, diff)
	}
	for _, token := range got.tokens {
		if word := body[token.start:token.end]; word != got.values[token.place].text {
			t.Fatalf("next(%q) after %q: %q stands where %q should", body, before.body, word, got.values[token.place].text)
		}
	}
	return got
}

func TestNextReadsWhatParsingReads(t *testing.T) {
	t.Parallel()

	paths := sheetPaths(t)
	random := rand.New(rand.NewPCG(4, 5))
	pieces := []string{
		"v1.0.36", "v2", "x", "", " ", "\n", "#", " #", ": ", ":", "'", `"`, "null", "~", "1.20", "true", "- ", "&a ", "*base", "{", "}", "[", "]",
		",", "|", ">", "? ", "!!str ", "%", "---\n", "\n---\n", "...", "sha256:abcdef0123", "tag", "  ", "\t", "é", "\r\n", "<<", "a-b", "-", "9",
	}
	for range 600 {
		doc, ok := parseDocument([]byte(sheet), paths)
		if !ok {
			t.Fatal("the sheet can't be read")
		}
		for range 3 {
			body := string(doc.body)
			for range 1 + random.IntN(2) {
				at := random.IntN(len(body))
				end := min(len(body), at+random.IntN(9))
				body = body[:at] + pieces[random.IntN(len(pieces))] + body[end:]
			}
			doc = checkNext(t, doc, body, paths)
		}
	}
}

func TestNextTakesWordsOver(t *testing.T) {
	t.Parallel()

	paths := sheetPaths(t)
	cases := map[string]struct {
		reason   string
		old, new []string
		want     bool
	}{
		"Tag":           {reason: "the usual", old: []string{"tag: v1.0.35, digest"}, new: []string{"tag: v1.0.36-rc.1, digest"}, want: true},
		"TagAndDigest":  {reason: "two words", old: []string{"v1.0.35, digest: \"sha256:0123\""}, new: []string{"v1.1, digest: \"sha256:4567\""}, want: true},
		"Quoted":        {reason: "in quotes", old: []string{"'v1.0.35'"}, new: []string{"'v1.0.4'"}, want: true},
		"Number":        {reason: "a number is read as it is written", old: []string{"1.20"}, new: []string{"1.3"}, want: true},
		"Elsewhere":     {reason: "another value", old: []string{"replicas: 2"}, new: []string{"replicas: 30"}, want: true},
		"FarApart":      {reason: "two tags, far from each other", old: []string{"tag: v1.0.35, digest", "\"v1.0.35\""}, new: []string{"tag: v2, digest", "\"v2\""}, want: true},
		"Key":           {reason: "a key", old: []string{"api:"}, new: []string{"apis:"}},
		"Null":          {reason: "nothing", old: []string{"tag: v3"}, new: []string{"tag: null"}},
		"ToNothing":     {reason: "an empty value", old: []string{"tag: v3"}, new: []string{"tag: "}},
		"FromNothing":   {reason: "a value where none was", old: []string{"tag:\n"}, new: []string{"tag: v1\n"}},
		"NewLine":       {reason: "a line more", old: []string{"api:"}, new: []string{"more: 1\napi:"}},
		"CommentBehind": {reason: "a comment more", old: []string{"tag: v3"}, new: []string{"tag: v3 # three"}},
		"Anchor":        {reason: "an anchor's name", old: []string{"&base"}, new: []string{"&bass"}},
		"Quotes":        {reason: "other quotes", old: []string{"'v1.0.35'"}, new: []string{"\"v1.0.35\""}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc, ok := parseDocument([]byte(sheet), paths)
			if !ok {
				t.Fatal("the sheet can't be read")
			}
			body := sheet
			for i := range tc.old {
				if strings.Count(body, tc.old[i]) != 1 {
					t.Fatalf("%q stands %d times in the sheet", tc.old[i], strings.Count(body, tc.old[i]))
				}
				body = strings.Replace(body, tc.old[i], tc.new[i], 1)
			}
			if _, got := doc.reword([]byte(body)); got != tc.want {
				t.Errorf("%s: reword(%q) = %t, want %t", tc.reason, tc.new, got, tc.want)
			}
			checkNext(t, doc, body, paths)
		})
	}
}

func FuzzNext(f *testing.F) {
	f.Add(40, 3, "v9", 200, 0, "x")
	f.Add(0, 1, "%", 5, 2, ": ")
	f.Fuzz(func(t *testing.T, at, length int, piece string, at2, length2 int, piece2 string) {
		paths := sheetPaths(t)
		doc, _ := parseDocument([]byte(sheet), paths)
		for _, change := range []struct {
			at, length int
			piece      string
		}{{at, length, piece}, {at2, length2, piece2}} {
			body := string(doc.body)
			if change.at < 0 || change.length < 0 || change.at > len(body) || change.length > len(body)-change.at || len(change.piece) > 64 {
				t.Skip()
			}
			doc = checkNext(t, doc, body[:change.at]+change.piece+body[change.at+change.length:], paths)
		}
	})
}

func TestTargetsOf(t *testing.T) {
	t.Parallel()

	var paths []edit.Path
	for _, text := range []string{"api.tag", `host\.name.tag`, "image", "list[0]", "list[1]", "tag", "www.digest", "www.tag"} {
		p, err := edit.ParsePath(text)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	want := [][]int{{0}, {1}, {2, 5}, {3, 4}, {6, 7}}
	if diff := cmp.Diff(want, targetsOf(paths, func(edit.Path) bool { return false }), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("targetsOf(%s): -want, +got:\n%s", fmt.Sprint(paths), diff)
	}
}
