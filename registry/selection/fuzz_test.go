package selection_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/registry/selection"
)

// FuzzSelect checks that any tags whatever get one verdict each, and the same ones in any order.
func FuzzSelect(f *testing.F) {
	f.Add("1.0.0 v1.0.0 1.0.0+1 1.0.0-rc.1 latest", uint64(1), false)
	f.Add("1.0.0-rc9 1.0.0-rc10 1.0.0-99999999999999999999 1.0.0-9 1.0.0", uint64(2), true)
	f.Add("\xff \x00 1.2.3.4 20240101 1..3", uint64(3), true)

	released, all := compile(f, ">=1.0.0 <5.0.0 || 0.x", false), compile(f, ">=1.0.0 <5.0.0 || 0.x", true)

	f.Fuzz(func(t *testing.T, joined string, seed uint64, prereleases bool) {
		tags := strings.Split(joined, " ")

		s := released
		if prereleases {
			s = all
		}

		want := s.Select(tags)
		checkTotal(t, tags, want)

		shuffled := append([]string{}, tags...)
		shuffled = append(shuffled, tags[0])
		random := rand.New(rand.NewPCG(seed, seed))
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })

		if diff := cmp.Diff(want, s.Select(shuffled)); diff != "" {
			t.Errorf("another order gives another choice (-want +got):\n%s", diff)
		}
	})
}

// FuzzCompile checks that no range makes the compiler or its result panic, and that a range that compiles is one line.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{">=1.0.0", "1.x || ^2", "~>1.2", "1 - 2", "||", "1|2", "*", ">=1.0.0-0", "=v1.X.x"} {
		f.Add(seed, "1.2.3-rc.1")
	}

	f.Fuzz(func(t *testing.T, constraint, tag string) {
		s, err := selection.Compile(selection.Policy{SemVer: &selection.SemVer{Range: constraint}})
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a message")
			}

			return
		}

		if strings.ContainsAny(s.Describe(), "\n\r\t") {
			t.Errorf("Describe isn't one line: %q", s.Describe())
		}

		checkTotal(t, []string{tag}, s.Select([]string{tag}))
	})
}

// FuzzCompare checks the laws of an order.
func FuzzCompare(f *testing.F) {
	f.Add("1.0.0", "v1.0.0", "1.0.0+1")
	f.Add("1.0.0-1", "1.0.0-a", "1.0.0-a.1")

	s := compile(f, "*", true)

	f.Fuzz(func(t *testing.T, a, b, c string) {
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
