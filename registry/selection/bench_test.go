package selection_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
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
		default:
			tags[i] = fmt.Sprintf("v1.%d.%d", i/1000, i%1000)
		}
	}

	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(n, func(i, j int) { tags[i], tags[j] = tags[j], tags[i] })

	return tags
}

// BenchmarkSelect measures the choice among few and among very many tags.
func BenchmarkSelect(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("tags=%d", n), func(b *testing.B) {
			tags, s := manyTags(n), compile(b, ">=1.0.0", false)

			b.ReportAllocs()

			for b.Loop() {
				if s.Select(tags).Tag == "" {
					b.Fatal("nothing was chosen")
				}
			}
		})
	}
}

// TestAllocationsAreLinear bounds what a tag costs, among few as among many.
func TestAllocationsAreLinear(t *testing.T) { //nolint:paralleltest // it counts the allocations of the process.
	s := compile(t, ">=1.0.0", false)

	for _, n := range []int{1_000, 20_000} {
		tags := manyTags(n)

		if each := testing.AllocsPerRun(2, func() { s.Select(tags) }) / float64(n); each > 2 {
			t.Errorf("%d tags: %.1f allocations for each, want at most 2", n, each)
		}
	}
}
