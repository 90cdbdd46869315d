package gitwriter_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/fairlead/fairlead/gitwriter"
)

// manyServices is a file with a tag for each of n services, and the wish of each for a tag.
func manyServices(b *testing.B, n int, tag string) (string, []gitwriter.Change) {
	b.Helper()
	var file strings.Builder
	var wishes []gitwriter.Change
	for i := range n {
		name := fmt.Sprintf("s%d", i)
		fmt.Fprintf(&file, "%s:\n  image: registry.example.com/web-hook/%s\n  tag: %s\n  replicas: 2\n", name, name, tag)
		wishes = append(wishes, holding(change(b, name, tag)))
	}
	return file.String(), wishes
}

// BenchmarkHoldAfterRestart starts on a branch on which each of many services in one file was written once and then taken back
// with all others: each write has to be proven from Git, and the commit that took it back found.
func BenchmarkHoldAfterRestart(b *testing.B) {
	for _, n := range []int{1, 300, 1000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s := newGitServer(b)
			old, _ := manyServices(b, n, "v1.0.0")
			s.commit("start", map[string]string{valuesFile: old})
			_, wishes := manyServices(b, n, "v1.0.1")
			m := newMirror(s)
			write(b, m, wishes...)
			s.commit("all back", map[string]string{valuesFile: old})
			s.counted()
			s.traffic()
			for b.Loop() {
				b.StopTimer()
				restarted := newMirror(s)
				if _, err := restarted.Refresh(b.Context()); err != nil {
					b.Fatal(err)
				}
				s.counted()
				s.traffic()
				b.StartTimer()
				r := write(b, restarted, wishes...)
				b.StopTimer()
				for policy := range r.Outcomes {
					if got := told(r, policy)[0]; got != "Kept v1.0.0: v1.0.1 was taken back to v1.0.0 by Ada: all back" {
						b.Fatal(got)
					}
				}
				_, down := s.traffic()
				b.ReportMetric(float64(len(s.counted())), "requests/op")
				b.ReportMetric(float64(down), "down-B/op")
				b.ReportMetric(float64(restarted.StoreSize())/(1<<20), "store-MB")
				b.StartTimer()
			}
		})
	}
}
