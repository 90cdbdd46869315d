package selection_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/fairlead/fairlead/registry/selection"
)

// manyTags returns n different tags in no order: versions, pre-releases, and what pipelines leave behind.
func manyTags(n int) []string {
	tags := make([]string, n)

	for i := range tags {
		switch i % 10 {
		case 0:
			tags[i] = fmt.Sprintf("sha-%040x", i)
		case 1:
			tags[i] = fmt.Sprintf("v1.%d.%d-rc.%d", i/1000, i%1000, i%7)
		case 2:
			tags[i] = fmt.Sprintf("0.%d.%d", i/1000, i%1000)
		case 3:
			tags[i] = fmt.Sprintf("sha256-%064x.sig", i)
		default:
			tags[i] = fmt.Sprintf("v1.%d.%d", i/1000, i%1000)
		}
	}

	return shuffle(tags)
}

// builds returns n different tags of a pipeline, in no order: a branch, a time, a commit.
func builds(n int) []string {
	tags := make([]string, n)
	for i := range tags {
		tags[i] = fmt.Sprintf("main-%d-%07x", 20260101000000+i*7, i*2654435761%(1<<28))
	}

	return shuffle(tags)
}

// numbers returns n different numbers of 17 digits, in no order.
func numbers(n int) []string {
	tags := make([]string, n)
	for i := range tags {
		tags[i] = strconv.Itoa(20260101000000000 + i*7)
	}

	return shuffle(tags)
}

func shuffle(tags []string) []string {
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(tags), func(i, j int) { tags[i], tags[j] = tags[j], tags[i] })

	return tags
}

// kinds are policies of every kind, with tags that they take.
func kinds() map[string]struct {
	policy selection.Policy
	tags   func(int) []string
} {
	exclude := selection.DefaultExclude()
	semver := &selection.SemVer{Range: ">=1.0.0"}
	const include, branch = `^main-(?P<ts>[0-9]+)-[0-9a-f]+$`, `^(?P<branch>[a-z]+)-(?P<ts>[0-9]+)`

	return map[string]struct {
		policy selection.Policy
		tags   func(int) []string
	}{
		"semver":               {policy: selection.Policy{Exclude: exclude, SemVer: semver}, tags: manyTags},
		"semver,prereleases":   {policy: selection.Policy{Exclude: exclude, SemVer: &selection.SemVer{Range: ">=1.0.0-0", Prereleases: true}}, tags: manyTags},
		"semver,extract":       {policy: selection.Policy{Exclude: exclude, SemVer: semver, Include: `^v(?P<v>[0-9.]+)$`, Extract: "$v"}, tags: manyTags},
		"numerical":            {policy: selection.Policy{Exclude: exclude, Numerical: &selection.Order{}}, tags: numbers},
		"numerical,extract":    {policy: selection.Policy{Exclude: exclude, Numerical: &selection.Order{}, Include: include, Extract: "$ts"}, tags: builds},
		"alphabetical":         {policy: selection.Policy{Exclude: exclude, Alphabetical: &selection.Order{}}, tags: builds},
		"alphabetical,extract": {policy: selection.Policy{Exclude: exclude, Alphabetical: &selection.Order{}, Include: branch, Extract: "$branch-$ts"}, tags: builds},
		"digest":               {policy: selection.Policy{Exclude: exclude, Digest: &selection.Digest{Tag: "v1.0.4"}}, tags: manyTags},
		"semver,facts": {
			policy: selection.Policy{Exclude: exclude, SemVer: semver, MinimumAge: time.Hour, Platforms: []string{"linux/amd64"}}, tags: manyTags,
		},
	}
}

// BenchmarkSelect measures the choice among very many tags: all that a scan costs, from tags in the order of their
// names, as registries list them, and in none; and again on tags that another policy has read.
func BenchmarkSelect(b *testing.B) {
	const n = 100_000

	for name, kind := range kinds() {
		b.Run(name, func(b *testing.B) {
			shuffled, s := kind.tags(n), compilePolicy(b, kind.policy)
			listed := selection.NewTags(shuffled)

			b.Run("new,unsorted", func(b *testing.B) {
				b.ReportAllocs()

				for b.Loop() {
					s.Select(selection.Input{Tags: selection.NewTags(shuffled)})
				}
			})
			b.Run("new", func(b *testing.B) {
				sorted := sorted(shuffled)
				b.ReportAllocs()

				for b.Loop() {
					s.Select(selection.Input{Tags: selection.NewTags(sorted)})
				}
			})
			b.Run("again", func(b *testing.B) {
				b.ReportAllocs()

				for b.Loop() {
					s.Select(selection.Input{Tags: listed})
				}
			})
		})
	}
}

// BenchmarkManyPolicies measures a thousand different policies on one list.
func BenchmarkManyPolicies(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("tags=%d", n), func(b *testing.B) {
			selectors := make([]*selection.Selector, 1_000)
			for i := range selectors {
				selectors[i] = compilePolicy(b, selection.Policy{
					Exclude: selection.DefaultExclude(), SemVer: &selection.SemVer{Range: fmt.Sprintf(">=1.%d.0", i%10)},
				})
			}

			tags := manyTags(n)

			b.ReportAllocs()

			for b.Loop() {
				listed := selection.NewTags(tags)
				for _, s := range selectors {
					s.Select(selection.Input{Tags: listed})
				}
			}
		})
	}
}

// BenchmarkExplain measures a verdict for each of very many tags.
func BenchmarkExplain(b *testing.B) {
	tags, s := selection.NewTags(manyTags(100_000)), compile(b, ">=1.0.0", false)

	b.ReportAllocs()

	for b.Loop() {
		s.Explain(selection.Input{Tags: tags})
	}
}

// TestAllocationsAreLinear bounds what a tag costs in every kind of policy, among few as among many.
func TestAllocationsAreLinear(t *testing.T) { //nolint:paralleltest // it counts the allocations of the process.
	for name, kind := range kinds() {
		s := compilePolicy(t, kind.policy)

		for _, n := range []int{1_000, 20_000} {
			tags := kind.tags(n)

			if each := testing.AllocsPerRun(2, func() { s.Select(selection.Input{Tags: selection.NewTags(tags)}) }) / float64(n); each > 4 {
				t.Errorf("%s, %d tags: %.1f allocations for each, want at most 4", name, n, each)
			}
		}
	}
}
