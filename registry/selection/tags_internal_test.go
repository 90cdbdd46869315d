package selection

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestReadOnce checks that policies which compare by the same read a list once, also when they come at once, and that a list
// keeps a bounded number of readings.
func TestReadOnce(t *testing.T) {
	t.Parallel()

	var reads atomic.Int64

	tags := NewTags([]string{"1.0.0", "2.0.0", "v1.0.0", "x", "x"})

	var policies sync.WaitGroup
	for i := range 100 {
		policies.Go(func() {
			s, err := Compile(Policy{SemVer: &SemVer{Range: fmt.Sprintf(">=0.%d.0", i)}})
			if err != nil {
				t.Error(err)

				return
			}

			read := s.order.read
			s.order.read = func(text string) key {
				reads.Add(1)

				return read(text)
			}

			if got := s.Select(Input{Tags: tags}); got.Tag != "2.0.0" || got.Total != tags.Len() {
				t.Errorf("chosen %q of %d", got.Tag, got.Total)
			}
		})
	}

	policies.Wait()

	if reads.Load() != 4 {
		t.Errorf("%d readings of 4 tags", reads.Load())
	}

	for i := range 200 {
		s, err := Compile(Policy{Alphabetical: &Order{}, Include: fmt.Sprintf("^%d", i)})
		if err != nil {
			t.Fatal(err)
		}

		s.Select(Input{Tags: tags})
	}

	if len(tags.columns) != maxColumns {
		t.Errorf("%d readings are kept", len(tags.columns))
	}
}

// TestFingerprint checks that what reads differently never shares a reading, and what differs in the choice alone does.
func TestFingerprint(t *testing.T) {
	t.Parallel()

	fingerprint := func(policy Policy) string {
		s, err := Compile(policy)
		if err != nil {
			t.Fatal(err)
		}

		return s.fingerprint
	}
	semver, up := &SemVer{Range: "1.x"}, &Order{}
	different := []Policy{
		{SemVer: semver},
		{SemVer: &SemVer{Range: "1.x", Strict: true}},
		{Numerical: up},
		{Alphabetical: up},
		{Digest: &Digest{Tag: "a"}},
		{Digest: &Digest{Tag: "b"}},
		{Numerical: up, Include: "(a)"},
		{Numerical: up, Include: "(a)", Extract: "$1"},
		{Numerical: up, Exclude: []string{"(a)"}},
		{Numerical: up, Exclude: []string{"a", "b"}},
		{Numerical: up, Exclude: []string{"a1:b"}},
		{Numerical: up, Include: "a", Exclude: []string{"b"}},
	}
	seen := map[string]int{}

	for i, policy := range different {
		if j, found := seen[fingerprint(policy)]; found {
			t.Errorf("policies %d and %d share a reading", i, j)
		}

		seen[fingerprint(policy)] = i
	}

	if fingerprint(Policy{SemVer: semver}) != fingerprint(Policy{SemVer: &SemVer{Range: "2.x", Prereleases: true}, Platforms: []string{"linux/amd64"}, Pin: "x"}) {
		t.Error("policies that differ in their range alone don't share a reading")
	}
}

// TestLiterals checks which expressions are recognised as literals.
func TestLiterals(t *testing.T) {
	t.Parallel()

	cases := map[string]struct {
		form    form
		literal string
	}{
		`\.sig$`: {suffix, ".sig"}, `^sha256-`: {prefix, "sha256-"}, `^latest$`: {whole, "latest"}, `-dev`: {anywhere, "-dev"}, `é$`: {suffix, "é"},
		`(?i)dev`: {}, `(dev)`: {}, `a.c`: {}, `a|b`: {}, `^`: {}, `$`: {}, `^$`: {}, `a+`: {}, `(?m)^a`: {}, `(?m)a$`: {}, "\uFFFD": {}, `\bdev`: {}, ``: {},
		`a\z`: {suffix, "a"}, `\Aa`: {prefix, "a"}, `^^a`: {}, `[a]`: {anywhere, "a"},
	}
	for written, want := range cases {
		if form, literal := literalOf(written); form != want.form || literal != want.literal {
			t.Errorf("%q is taken for %d %q", written, form, literal)
		}
	}
}

// FuzzMatcher compares what is recognised as a literal with the expression.
func FuzzMatcher(f *testing.F) {
	for _, seed := range []string{`\.sig$`, `^sha256-`, `^latest$`, `-dev`, `é$`, `^.*\.sig$`, "\uFFFD", `[a]`} {
		f.Add(seed, "sha256-é.sig")
		f.Add(seed, "latest\xff")
	}

	f.Fuzz(func(t *testing.T, written, tag string) {
		compiled, err := regexp.Compile(written)
		if err != nil {
			return
		}

		m, err := newMatcher("tags.include", written)
		if err != nil {
			return
		}

		if got, want := m.match(tag), compiled.MatchString(tag); got != want {
			t.Errorf("%q on %q: %v, the expression says %v", written, tag, got, want)
		}
	})
}

// FuzzTemplate compares what is made of groups with what the standard library makes of them.
func FuzzTemplate(f *testing.F) {
	f.Add("^(?P<a>.)(.*)$", "${a}-$2$$x", "main")
	f.Add("(a)|(b)", "$1.$2", "b")
	f.Add("(?P<long>.*)", "$long$long", "x")
	f.Add("(0)*(0)", "$00$0", "0")
	f.Add("0", "$0ع", "0")

	f.Fuzz(func(t *testing.T, include, extract, tag string) {
		m, err := newMatcher("tags.include", include)
		if err != nil {
			return
		}

		made, err := newTemplate(extract, &m)
		if err != nil {
			return
		}

		groups := m.compiled.FindStringSubmatchIndex(tag)
		if groups == nil {
			return
		}

		want := string(m.compiled.ExpandString(nil, extract, tag, groups))
		got, why := made.expand(tag, groups)

		if why == whyLongKey && len(want) > maxKeyLength {
			return
		}

		if got != want || why != placed {
			t.Errorf("%q of %q in %q: %q (%s), the library says %q", extract, tag, include, got, why.reason(), want)
		}
	})
}

// FuzzSort compares the order of tags with that of the standard library.
func FuzzSort(f *testing.F) {
	f.Add("b a c")
	f.Add("v1.10 v1.9 v1 v1\x00 v1.9.0.0.0.0.0 v1.9.0.0.0.0")

	f.Fuzz(func(t *testing.T, joined string) {
		tags := strings.Split(joined, " ")

		want := slices.Compact(slices.Sorted(slices.Values(tags)))
		if got := NewTags(tags).tags; !slices.Equal(want, got) {
			t.Errorf("sorted %q, want %q", got, want)
		}
	})
}
