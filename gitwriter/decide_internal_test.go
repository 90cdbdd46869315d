package gitwriter

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	older := errors.New("older than what is in Git")
	keep := func(int, Standing) error { return older }
	files := map[string]string{
		"a.yaml": "x: v1\nw: v1\nz: 1.20\n",
		"b.yaml": "x: v1\n",
	}
	type outcome struct {
		State             OutcomeState
		Current, Previous string
		Err               string
	}
	type commit struct {
		Policy string
		Files  map[string]string
	}
	cases := map[string]struct {
		reason   string
		changes  []Change
		outcomes map[string][]outcome
		commits  []commit
	}{
		"Nothing": {
			"no wishes, no commits", nil, map[string][]outcome{}, nil,
		},
		"AlreadyThere": {
			"a value that stands there is not written again",
			[]Change{wish("p", "v1", nil, "a.yaml#x", "b.yaml#x")},
			map[string][]outcome{"p": {{Unchanged, "v1", "", ""}, {Unchanged, "v1", "", ""}}},
			nil,
		},
		"NoTag": {
			"a registry may say anything: what is no tag isn't written",
			[]Change{wish("p", "v2\nevil: true", nil, "a.yaml#x")},
			map[string][]outcome{"p": {{Failed, "", "", `a.yaml: x: "v2\nevil: true" is no legal tag: a tag has up to 128 letters, digits, dots, hyphens and underscores and begins with a letter, digit or underscore`}}},
			nil,
		},
		"Stacked": {
			"each change sees what the ones before it wrote",
			[]Change{wish("p", "v2", nil, "a.yaml#x"), wish("q", "v3", nil, "a.yaml#w")},
			map[string][]outcome{"p": {{Committed, "v2", "v1", ""}}, "q": {{Committed, "v3", "v1", ""}}},
			[]commit{{"p", map[string]string{"a.yaml": "x: v2\nw: v1\nz: 1.20\n"}}, {"q", map[string]string{"a.yaml": "x: v2\nw: v3\nz: 1.20\n"}}},
		},
		"TwoFilesOneCommit": {
			"all targets of a change go together, and one that stands already stays out",
			[]Change{wish("p", "v2", nil, "a.yaml#x", "b.yaml#x", "a.yaml#w")},
			map[string][]outcome{"p": {{Committed, "v2", "v1", ""}, {Committed, "v2", "v1", ""}, {Committed, "v2", "v1", ""}}},
			[]commit{{"p", map[string]string{"a.yaml": "x: v2\nw: v2\nz: 1.20\n", "b.yaml": "x: v2\n"}}},
		},
		"SamePlaceTwice": {
			"the second target finds what the first wrote",
			[]Change{wish("p", "v2", nil, "a.yaml#x", "a.yaml#x")},
			map[string][]outcome{"p": {{Committed, "v2", "v1", ""}, {Unchanged, "v2", "", ""}}},
			[]commit{{"p", map[string]string{"a.yaml": "x: v2\nw: v1\nz: 1.20\n"}}},
		},
		"SameWish": {
			"two policies that agree are no conflict, and one commit",
			[]Change{wish("p", "v2", nil, "a.yaml#x"), wish("q", "v2", nil, "a.yaml#x")},
			map[string][]outcome{"p": {{Committed, "v2", "v1", ""}}, "q": {{Unchanged, "v2", "", ""}}},
			[]commit{{"p", map[string]string{"a.yaml": "x: v2\nw: v1\nz: 1.20\n"}}},
		},
		"Conflict": {
			"two policies that disagree would take turns for ever",
			[]Change{wish("p", "v2", nil, "a.yaml#x"), wish("q", "v3", nil, "a.yaml#x"), wish("r", "v4", nil, "a.yaml#w")},
			map[string][]outcome{
				"p": {{Failed, "", "", `a.yaml: x: several wishes for one place: let only one of ["p" "q"] write it`}},
				"q": {{Failed, "", "", `a.yaml: x: several wishes for one place: let only one of ["p" "q"] write it`}},
				"r": {{Committed, "v4", "v1", ""}},
			},
			[]commit{{"r", map[string]string{"a.yaml": "x: v1\nw: v4\nz: 1.20\n"}}},
		},
		"Kept": {
			"Forward decides for each target alone",
			[]Change{wish("p", "v0", func(target int, at Standing) error {
				if target == 1 && at.Current[0] == "1.20" {
					return older
				}
				return nil
			}, "a.yaml#x", "a.yaml#z")},
			map[string][]outcome{"p": {{Committed, "v0", "v1", ""}, {Kept, "1.20", "", "older than what is in Git"}}},
			[]commit{{"p", map[string]string{"a.yaml": "x: v0\nw: v1\nz: 1.20\n"}}},
		},
		"KeptIsNotAsked": {
			"what stands there already moves nowhere",
			[]Change{wish("p", "v1", keep, "a.yaml#x"), wish("q", "v2", nil, "a.yaml#w")},
			map[string][]outcome{"p": {{Unchanged, "v1", "", ""}}, "q": {{Committed, "v2", "v1", ""}}},
			[]commit{{"q", map[string]string{"a.yaml": "x: v1\nw: v2\nz: 1.20\n"}}},
		},
		"NumberBecomesString": {
			"a number that only looks like the tag is read as another value by Helm",
			[]Change{wish("p", "1.20", keep, "a.yaml#z")},
			map[string][]outcome{"p": {{Committed, "1.20", "1.20", ""}}},
			[]commit{{"p", map[string]string{"a.yaml": "x: v1\nw: v1\nz: \"1.20\"\n"}}},
		},
		"WholeOrNothing": {
			"a policy that can't be written in one place isn't written in the others, and others go on",
			[]Change{wish("p", "v2", nil, "a.yaml#x", "none.yaml#x"), wish("q", "v2", nil, "a.yaml#w")},
			map[string][]outcome{
				"p": {
					{Kept, "v1", "", "a.yaml: nothing of this policy is written while another of its targets can't be: none.yaml: there is no such file"},
					{Failed, "", "", "none.yaml: there is no such file"},
				},
				"q": {{Committed, "v2", "v1", ""}},
			},
			[]commit{{"q", map[string]string{"a.yaml": "x: v1\nw: v2\nz: 1.20\n"}}},
		},
		"OnePolicyTwice": {
			"outcomes of a policy stand in the order of its changes",
			[]Change{wish("p", "v2", nil, "a.yaml#x"), wish("p", "v3", nil, "b.yaml#x")},
			map[string][]outcome{"p": {{Committed, "v2", "v1", ""}, {Committed, "v3", "v1", ""}}},
			[]commit{{"p", map[string]string{"a.yaml": "x: v2\nw: v1\nz: 1.20\n"}}, {"p", map[string]string{"b.yaml": "x: v3\n"}}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := decide(c.changes, func(file string) ([]byte, error) {
				body, ok := files[file]
				if !ok {
					return nil, &TargetError{File: file, Message: "there is no such file"}
				}
				return []byte(body), nil
			}, unwritten)
			outcomes := map[string][]outcome{}
			for policy, all := range p.outcomes {
				for _, o := range all {
					got := outcome{o.State, strings.Join(o.Current, " "), strings.Join(o.Previous, " "), ""}
					if o.Err != nil {
						got.Err = o.Err.Error()
					}
					outcomes[policy] = append(outcomes[policy], got)
				}
			}
			if diff := cmp.Diff(c.outcomes, outcomes); diff != "" {
				t.Errorf("%s: outcomes: -want +got:\n%s", c.reason, diff)
			}
			var commits []commit
			for _, s := range p.steps {
				got := commit{s.change.Policy, map[string]string{}}
				for _, f := range s.files {
					got.Files[f.path] = string(f.body)
				}
				commits = append(commits, got)
			}
			if diff := cmp.Diff(c.commits, commits); diff != "" {
				t.Errorf("%s: commits: -want +got:\n%s", c.reason, diff)
			}
		})
	}
}

// unwritten is the past of targets that were never written.
func unwritten(Target, []string) ([]Written, bool) { return nil, true }

// wish makes a change; targets are written "file#path".
func wish(policy, tag string, forward func(int, Standing) error, targets ...string) Change {
	c := Change{Policy: policy, Tag: tag, Forward: forward}
	for _, text := range targets {
		file, path, _ := cutTarget(text)
		c.Targets = append(c.Targets, Target{File: file, Values: []Value{{PartTag, path, tag}}})
	}
	return c
}

func cutTarget(text string) (string, edit.Path, error) {
	i := slices.Index([]byte(text), '#')
	path, err := edit.ParsePath(text[i+1:])
	return text[:i], path, err
}

// TestDecideIsDeterministic: maps inside must not show.
func TestDecideIsDeterministic(t *testing.T) {
	t.Parallel()
	changes := []Change{wish("p", "v2", nil, "a.yaml#x", "b.yaml#x"), wish("q", "v3", nil, "b.yaml#w", "a.yaml#w"), wish("r", "v4", nil, "a.yaml#w")}
	read := func(string) ([]byte, error) { return []byte("x: v1\nw: v1\n"), nil }
	first := decide(changes, read, unwritten)
	for range 20 {
		again := decide(changes, read, unwritten)
		if !slices.Equal(slices.Sorted(maps.Keys(first.outcomes)), slices.Sorted(maps.Keys(again.outcomes))) || len(first.steps) != len(again.steps) {
			t.Fatal("another plan from the same input")
		}
		for i := range first.steps {
			if diff := cmp.Diff(first.steps[i].files, again.steps[i].files, cmp.AllowUnexported(newFile{})); diff != "" {
				t.Fatalf("step %d: -first +again:\n%s", i, diff)
			}
		}
	}
}
