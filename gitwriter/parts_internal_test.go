package gitwriter

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

var (
	digestA = "sha256:" + strings.Repeat("a", 64)
	digestB = "sha256:" + strings.Repeat("b", 64)
)

// parts makes a target; values are written "part:path=value".
func parts(file string, values ...string) Target {
	t := Target{File: file}
	for _, text := range values {
		part, text, _ := strings.Cut(text, ":")
		at, wanted, _ := strings.Cut(text, "=")
		path, err := edit.ParsePath(at)
		if err != nil {
			panic(err)
		}
		t.Values = append(t.Values, Value{Part: Part(part), Path: path, Value: wanted})
	}
	return t
}

func TestDecideParts(t *testing.T) {
	t.Parallel()
	file := "tag: v1.0.35\ndigest: " + digestA + "\nrepository: registry.example.com/www\nimage: registry.example.com/www:v1.0.35\nnumber: 1.20\n"
	held := errors.New("held")
	type outcome struct {
		State             OutcomeState
		Current, Previous []string
		Err               string
	}
	_, missing := edit.Value([]byte(file), parts("", "digest:none=x").Values[0].Path) // In the editor's own words.
	both := parts("a.yaml", "tag:tag=v1.0.36", "digest:digest="+digestB)
	cases := map[string]struct {
		reason  string
		targets []Target
		forward error
		want    []outcome
		asked   string
		file    string
		changed [][]int
	}{
		"TagAndDigest": {
			reason: "one commit writes both", targets: []Target{both},
			want:    []outcome{{State: Committed, Current: []string{"v1.0.36", digestB}, Previous: []string{"v1.0.35", digestA}}},
			asked:   fmt.Sprint(0, []string{"v1.0.35", digestA}),
			file:    strings.NewReplacer("tag: v1.0.35", "tag: v1.0.36", digestA, digestB).Replace(file),
			changed: [][]int{{0, 1}},
		},
		"OnlyTheDigestDiffers": {
			reason: "Forward sees the tag as well, and the commit names what it changes", targets: []Target{parts("a.yaml", "tag:tag=v1.0.35", "digest:digest="+digestB)},
			want:    []outcome{{State: Committed, Current: []string{"v1.0.35", digestB}, Previous: []string{"v1.0.35", digestA}}},
			asked:   fmt.Sprint(0, []string{"v1.0.35", digestA}),
			file:    strings.Replace(file, digestA, digestB, 1),
			changed: [][]int{{1}},
		},
		"AllStandThere": {
			reason: "nothing is asked and nothing written", targets: []Target{parts("a.yaml", "tag:tag=v1.0.35", "digest:digest="+digestA, "repository:repository=registry.example.com/www")},
			want: []outcome{{State: Unchanged, Current: []string{"v1.0.35", digestA, "registry.example.com/www"}}},
		},
		"NumberBesideString": {
			reason:  "a number that only looks like the tag is written, what is equal isn't named",
			targets: []Target{parts("a.yaml", "tag:number=1.20", "digest:digest="+digestA)},
			want:    []outcome{{State: Committed, Current: []string{"1.20", digestA}, Previous: []string{"1.20", digestA}}},
			file:    strings.Replace(file, "1.20", `"1.20"`, 1),
			changed: [][]int{{0}},
		},
		"Image": {
			reason: "a whole reference is one value", targets: []Target{parts("a.yaml", "image:image=registry.example.com/www:v1.0.36@"+digestB)},
			want:    []outcome{{State: Committed, Current: []string{"registry.example.com/www:v1.0.36@" + digestB}, Previous: []string{"registry.example.com/www:v1.0.35"}}},
			asked:   "0 [registry.example.com/www:v1.0.35]",
			file:    strings.Replace(file, "image: registry.example.com/www:v1.0.35", "image: registry.example.com/www:v1.0.36@"+digestB, 1),
			changed: [][]int{{0}},
		},
		"Kept": {
			reason: "what Forward turns down stays whole", targets: []Target{both}, forward: held,
			want:  []outcome{{State: Kept, Current: []string{"v1.0.35", digestA}, Err: "held"}},
			asked: fmt.Sprint(0, []string{"v1.0.35", digestA}),
		},
		"OnePartMissing": {
			reason: "a target is written whole or not at all", targets: []Target{parts("a.yaml", "tag:tag=v1.0.36", "digest:none="+digestB)},
			want: []outcome{{State: Failed, Err: "a.yaml: " + missing.Error()}},
		},
		"OtherTargetFails": {
			reason:  "and so is a policy",
			targets: []Target{both, parts("a.yaml", "tag:number=v1.0.36", "digest:none="+digestB)},
			want: []outcome{
				{State: Kept, Current: []string{"v1.0.35", digestA}, Err: "a.yaml: nothing of this policy is written while another of its targets can't be: a.yaml: " + missing.Error()},
				{State: Failed, Err: "a.yaml: " + missing.Error()},
			},
			asked: fmt.Sprint(0, []string{"v1.0.35", digestA}),
		},
		"OnePlaceForTwoParts": {
			reason: "each would overwrite the other for ever", targets: []Target{parts("a.yaml", "tag:tag=v1.0.36", "digest:tag="+digestB)},
			want: []outcome{{State: Failed, Err: "a.yaml: tag: several wishes for one place: give each part of the image a key path of its own"}},
		},
		"NoParts": {
			reason: "there is nothing to write", targets: []Target{{File: "a.yaml"}},
			want: []outcome{{State: Failed, Err: "a.yaml: the target names no key path to write to"}},
		},
		"HostileDigest": {
			reason: "a registry may say anything", targets: []Target{parts("a.yaml", "tag:tag=v1.0.36", "digest:digest=sha256:00\nevil: true")},
			want: []outcome{{State: Failed, Err: `a.yaml: digest: "sha256:00\nevil: true" is no legal digest: a digest is an algorithm, a colon and the hash, such as sha256:...`}},
		},
		"HostileImage": {
			reason: "none of its parts may smuggle anything", targets: []Target{parts("a.yaml", "image:image=registry.example.com/www:v1.0.36\nevil: true")},
			want: []outcome{{State: Failed, Err: `a.yaml: image: "registry.example.com/www:v1.0.36\nevil: true" is no legal image: write registry.example.com/name:tag, the name in lower case, with or without @ and a digest`}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := ""
			change := Change{Policy: "p", Tag: "v1.0.36", Digest: digestB, Targets: c.targets, Forward: func(target int, at Standing) error {
				asked = fmt.Sprint(target, at.Current)
				return c.forward
			}}
			p := decide([]Change{change}, func(string) ([]byte, error) { return []byte(file), nil }, unwritten)
			var got []outcome
			for _, o := range p.outcomes["p"] {
				one := outcome{State: o.State, Current: o.Current, Previous: o.Previous}
				if o.Err != nil {
					one.Err = o.Err.Error()
				}
				got = append(got, one)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: outcomes: -want +got:\n%s", c.reason, diff)
			}
			if diff := cmp.Diff(c.asked, asked); diff != "" {
				t.Errorf("%s: Forward's question: -want +got:\n%s", c.reason, diff)
			}
			written, changed := "", [][]int(nil)
			for _, s := range p.steps {
				written = string(s.files[0].body)
				for _, w := range s.written {
					changed = append(changed, w.changed)
				}
			}
			if diff := cmp.Diff(c.file, written); diff != "" {
				t.Errorf("%s: file: -want +got:\n%s", c.reason, diff)
			}
			if diff := cmp.Diff(c.changed, changed); diff != "" {
				t.Errorf("%s: changed values: -want +got:\n%s", c.reason, diff)
			}
		})
	}
}

// TestConflictsArePerPlace: policies may share a target's keys, as long as no two want one scalar to differ.
func TestConflictsArePerPlace(t *testing.T) {
	t.Parallel()
	changes := []Change{
		{Policy: "p", Tag: "v2", Targets: []Target{parts("a.yaml", "tag:tag=v2", "digest:digest="+digestB)}},
		{Policy: "q", Tag: "v3", Targets: []Target{parts("a.yaml", "tag:other=v3", "digest:digest="+digestA)}},
		{Policy: "r", Tag: "v4", Targets: []Target{parts("a.yaml", "repository:repository=example.com/r", "tag:third=v4")}},
		{Policy: "s", Tag: "v5", Targets: []Target{parts("a.yaml", "repository:repository=example.com/r", "tag:fourth=v5")}},
	}
	p := decide(changes, func(string) ([]byte, error) {
		return []byte("tag: v1\nother: v1\nthird: v1\nfourth: v1\ndigest: x\nrepository: x\n"), nil
	}, unwritten)
	got := map[string]string{}
	for policy, outcomes := range p.outcomes {
		got[policy] = string(outcomes[0].State)
		if outcomes[0].Err != nil {
			got[policy] += ": " + outcomes[0].Err.Error()
		}
	}
	conflict := `Failed: a.yaml: digest: several wishes for one place: let only one of ["p" "q"] write it`
	want := map[string]string{"p": conflict, "q": conflict, "r": "Committed", "s": "Committed"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestLegalValues(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 129)
	cases := map[Part]struct{ legal, illegal []string }{
		PartTag: {
			legal:   []string{"v1.0.36", "latest", "_x", "1.20", long[:128]},
			illegal: []string{"", ".x", "-x", "a b", "a:b", "a/b", "a@b", "é", "v1\n", "{{.x}}", long, digestA},
		},
		PartDigest: {
			legal:   []string{digestA, "sha512:" + long[:128], "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8"},
			illegal: []string{"", "v1", "sha256:", ":a", "sha256:a\n", "SHA256:a", "sha256:a b", "sha256:" + long, "sha256:a@b"},
		},
		PartRepository: {
			legal: []string{
				"nginx", "library/nginx", "registry.example.com/web-hook/www", "localhost:5000/x", "Registry.example.com:443/x",
				"[2001:db8::1]:5000/x", "10.0.0.1/a/b/c", "a/b__c/d.e-f---g",
			},
			illegal: []string{
				"", "/", "a/", "/a", "a//b", "a:b", "a@b", "registry.example.com/WWW", "registry.example.com/", "a_", "a___b", "-a", "é",
				"a b", "a\n", "https://registry.example.com/www", "user:password@example.com/x", "[::1/x", "localhost:99999999/x", "a/../b",
				strings.Repeat("a/", 256) + "a", "{{.x}}",
			},
		},
		PartImage: {
			legal: []string{
				"nginx:1", "nginx@" + digestA, "localhost:5000/x:v1@" + digestA, "[::1]:5000/x:v1", "registry.example.com/web-hook/www:v1.0.36",
			},
			illegal: []string{
				"", "nginx", "localhost:5000/x", "nginx:", "nginx@", "nginx:v1@", "nginx:@" + digestA, ":v1", "@" + digestA, "nginx:v1:v2", "nginx@" + digestA + "@" + digestB,
				"nginx@" + digestA + ":v1", "NGINX:v1", "nginx:v1\nevil: true", "nginx: v1", "nginx:v1 ", "nginx:{{.x}}",
			},
		},
		"other": {illegal: []string{"v1"}},
	}
	for part, c := range cases {
		for _, text := range c.legal {
			if err := (Value{Part: part, Value: text}).check(); err != nil {
				t.Errorf("%s %q should be legal: %v", part, text, err)
			}
		}
		for _, text := range c.illegal {
			if err := (Value{Part: part, Value: text}).check(); err == nil {
				t.Errorf("%s %q should be refused", part, text)
			}
		}
	}
}

// FuzzLegalValues: what is legal is written as it is, and read back as it was written.
func FuzzLegalValues(f *testing.F) {
	f.Add("v1.0.36")
	f.Add(digestA)
	f.Add("localhost:5000/x:v1@" + digestA)
	f.Add("[::1]:5000/x:v1")
	path, err := edit.ParsePath("x")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, part := range []Part{PartTag, PartDigest, PartRepository, PartImage} {
			v := Value{Part: part, Path: path, Value: text}
			if v.check() != nil {
				continue
			}
			body, err := edit.Apply([]byte("x: y\nz: 1\n"), v.edit())
			if err != nil {
				t.Fatalf("%s %q is legal and can't be written: %v", part, text, err)
			}
			if got, err := edit.Value(body, path); got != text || err != nil {
				t.Fatalf("%s: wrote %q, read %q, %v", part, text, got, err)
			}
			if strings.Count(string(body), "\n") != 2 {
				t.Fatalf("%s %q made another line: %q", part, text, body)
			}
		}
	})
}
