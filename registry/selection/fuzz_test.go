package selection_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry/selection"
)

// chance makes the rest of an input of a seed: facts, and what Git holds.
func chance(seed uint64, tags []string) selection.Input {
	random := rand.New(rand.NewPCG(seed, seed))
	in := selection.Input{Tags: selection.NewTags(tags), Now: time.Unix(1e9, 0), Known: map[string]selection.Fact{}}

	for _, tag := range tags {
		var fact selection.Fact

		if random.IntN(2) == 0 {
			fact.Digest, fact.FirstSeen = "sha256:"+tag, in.Now.Add(-time.Duration(random.IntN(8))*time.Hour)
		}

		if random.IntN(2) == 0 {
			fact.Platforms = [][]string{{}, {"linux/amd64"}, {"linux/arm64"}}[random.IntN(3)]
		}

		if random.IntN(8) == 0 {
			fact.Problem = "gone\n"
		}

		if random.IntN(4) > 0 {
			in.Known[tag] = fact
		}

		if random.IntN(8) == 0 {
			in.Current.Tag = tag
		}
	}

	return in
}

// policies are of every kind, with and without what looks at facts.
func policies(f *testing.F) []*selection.Selector {
	f.Helper()

	var all []*selection.Selector

	for _, policy := range []selection.Policy{
		{SemVer: &selection.SemVer{Range: ">=1.0.0 <5.0.0 || 0.x"}},
		{SemVer: &selection.SemVer{Range: ">=1.0.0 <5.0.0 || 0.x", Prereleases: true, Strict: true}},
		{SemVer: &selection.SemVer{Range: "*"}, Include: `(?P<v>[0-9.]+)(-[a-z]+)?$`, Extract: "$v$2"},
		{Numerical: &selection.Order{}},
		{Numerical: &selection.Order{Descending: true}, Include: `([0-9]+)`, Extract: "$1"},
		{Alphabetical: &selection.Order{}},
		{Alphabetical: &selection.Order{Descending: true}, Include: `^(.)(.*)$`, Extract: "$2"},
		{Digest: &selection.Digest{Tag: "latest"}},
	} {
		policy.Exclude = selection.DefaultExclude()
		facts, pinned, free := policy, policy, policy
		facts.MinimumAge, facts.Platforms = 4*time.Hour, []string{"linux/amd64"}
		free.Downgrades = true

		if pinned.Digest == nil {
			pinned.Pin = "1.0.0"
		}

		for _, p := range []selection.Policy{policy, facts, pinned, free} {
			all = append(all, compilePolicy(f, p))
		}
	}

	return all
}

// FuzzSelect checks, for policies of every kind and any tags and facts whatever: every tag gets one verdict, Select and
// Explain agree, the order of the tags plays no part, nor does a tag that isn't eligible.
func FuzzSelect(f *testing.F) {
	f.Add("1.0.0 v1.0.0 1.0.0+1 1.0.0-rc.1 latest", uint64(1), uint8(0))
	f.Add("1.0.0-rc9 1.0.0-rc10 1.0.0-99999999999999999999 1.0.0-9 1.0.0 1.0.0-1", uint64(2), uint8(5))
	f.Add("\xff \x00 1.2.3.4 20240101 1..3 2024.1.2 1.0.0", uint64(3), uint8(9))
	f.Add("1 2 3 007 7 main-1 main-2 12345678901234567 1e3 inf", uint64(4), uint8(13))
	f.Add("latest latest.sig sha256-ab", uint64(5), uint8(29))
	f.Add("a b c d e f g h i j k l m n o p q r s t u v w x y z", uint64(6), uint8(21))

	all := policies(f)

	f.Fuzz(func(t *testing.T, joined string, seed uint64, policy uint8) {
		tags := strings.Split(joined, " ")
		s := all[int(policy)%len(all)]
		in := chance(seed, tags)
		want := s.Explain(in)

		checkTotal(t, tags, want)
		checkFinal(t, s, in, want)

		if diff := cmp.Diff(want.Selection, s.Select(in)); diff != "" {
			t.Errorf("Select differs (-Explain +Select):\n%s", diff)
		}

		shuffled := append(slices.Clone(tags), tags[0])
		random := rand.New(rand.NewPCG(seed, seed))
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })

		again := in
		again.Tags = selection.NewTags(shuffled)

		if diff := cmp.Diff(want, s.Explain(again)); diff != "" {
			t.Errorf("another order gives another choice (-want +got):\n%s", diff)
		}

		for _, v := range want.Verdicts {
			if v.Verdict == selection.Chosen || v.Verdict == selection.Superseded || v.Verdict == selection.OlderThanCurrent || slices.Contains(want.Needs, v.Tag) {
				continue
			}

			again.Tags = selection.NewTags(slices.DeleteFunc(slices.Clone(tags), func(tag string) bool { return tag == v.Tag }))

			if got := s.Select(again); got.Tag != want.Tag || got.Digest != want.Digest || got.Eligible != want.Eligible {
				t.Errorf("without %q, which is %s, %q is chosen, not %q", v.Tag, v.Verdict, got.Tag, want.Tag)
			}
		}
	})
}

// checkFinal checks a selection that needs nothing: what comes before the chosen tag is superseded or older than Git's, and
// what comes after it has another reason.
func checkFinal(t *testing.T, s *selection.Selector, in selection.Input, got selection.Explanation) {
	t.Helper()

	for _, v := range got.Verdicts {
		if v.Verdict != selection.Superseded || strings.HasPrefix(v.Reason, "pinned to ") {
			continue
		}

		if later, err := s.Later(got.Tag, v.Tag); err != nil || !later {
			t.Errorf("%q is superseded by %q, which isn't later (%v)", v.Tag, got.Tag, err)
		}
	}

	if got.Tag != "" && in.Known[got.Tag].Problem != "" && !strings.HasPrefix(got.Reason, "pinned to ") {
		t.Errorf("%q was chosen and can't be looked at", got.Tag)
	}

	for _, tag := range got.Needs {
		if fact := in.Known[tag]; fact.Problem != "" || fact.Digest != "" && fact.Platforms != nil {
			t.Errorf("%q is needed, and all is known of it: %+v", tag, fact)
		}
	}
}

// FuzzCompile checks that no policy makes the compiler or its result panic, and that what it says is one line.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{">=1.0.0", "1.x || ^2", "~>1.2", "1 - 2", "||", "1|2", "*", ">=1.0.0-0", "=v1.X.x"} {
		f.Add(seed, "^(v?)(.*)$", "$1$2", "^sha256-", "1.2.3-rc.1")
	}

	f.Add("*", "(?P<a>.)(?P<b>.)", "${b}$$$a", `\.sig$`, "ab")
	f.Add("*", "(?i)^v", "", "^x$", "V1.0.0")
	f.Add("*", "[", "$", "(?:", "\xff")

	f.Fuzz(func(t *testing.T, constraint, include, extract, exclude, tag string) {
		filtered := selection.Policy{Include: include, Extract: extract, Exclude: []string{exclude}}
		semver, numerical, alphabetical := filtered, filtered, filtered
		semver.SemVer = &selection.SemVer{Range: constraint}
		numerical.Numerical = &selection.Order{}
		alphabetical.Alphabetical = &selection.Order{}

		for _, policy := range []selection.Policy{semver, numerical, alphabetical} {
			s, err := selection.Compile(policy)
			if err != nil {
				if err.Error() == "" {
					t.Error("an error without a message")
				}

				continue
			}

			if strings.ContainsAny(s.Describe(), "\n\r\t") {
				t.Errorf("Describe isn't one line: %q", s.Describe())
			}

			checkTotal(t, []string{tag}, s.Explain(input(tag)))
			_ = s.Move(selection.Reference{Tag: tag}, selection.Reference{Tag: "1.0.0"})
		}
	})
}

// FuzzCompare checks the laws of an order, for every kind of policy.
func FuzzCompare(f *testing.F) {
	f.Add("1.0.0", "v1.0.0", "1.0.0+1", uint8(0))
	f.Add("1.0.0-1", "1.0.0-a", "1.0.0-a.1", uint8(1))
	f.Add("1", "01", "10", uint8(12))
	f.Add("a1", "b1", "c01", uint8(16))

	all := policies(f)

	f.Fuzz(func(t *testing.T, a, b, c string, policy uint8) {
		s := all[int(policy)%len(all)]

		ab, err := s.Compare(a, b)
		if err != nil {
			return
		}

		if ba, _ := s.Compare(b, a); ab != -ba {
			t.Errorf("Compare(%q, %q) = %d, the other way round %d", a, b, ab, ba)
		}

		if (ab == 0) != (a == b) {
			t.Errorf("Compare(%q, %q) = %d", a, b, ab)
		}

		bc, err := s.Compare(b, c)
		if err != nil {
			return
		}

		if ac, _ := s.Compare(a, c); ab <= 0 && bc <= 0 && ac > 0 {
			t.Errorf("%q <= %q <= %q, but Compare of the outer two is %d", a, b, c, ac)
		}
	})
}
