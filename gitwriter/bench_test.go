package gitwriter_test

import (
	"fmt"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/fairlead/fairlead/gitwriter"
)

// history fills a repository with many files and commits, each of which changes one line of one file.
func (s *gitServer) history(files, commits int) {
	s.t.Helper()
	var stream strings.Builder
	who := func(i int) {
		fmt.Fprintf(&stream, "commit refs/heads/main\ncommitter Ada <ada@example.com> %d +0000\ndata 6\nhuman\n\n", 1_700_000_000+i)
	}
	file := func(path, content string) {
		fmt.Fprintf(&stream, "M 100644 inline %s\ndata %d\n%s\n", path, len(content), content)
	}
	who(0)
	file(valuesFile, values("v1.0.0", "v1.0.0", "v1.0.0"))
	for i := range files {
		file(fmt.Sprintf("apps/team%d/svc%d/values.yaml", i/100, i), fmt.Sprintf("image:\n  tag: v1.0.0 # %d\n", i))
	}
	for i := range commits {
		who(i + 1)
		at := i % max(files, 1)
		file(fmt.Sprintf("apps/team%d/svc%d/values.yaml", at/100, at), fmt.Sprintf("image:\n  tag: v1.1.%d # %d\n", i, at))
	}
	cmd := exec.Command("git", "-C", s.bare, "fast-import", "--quiet")
	cmd.Stdin = strings.NewReader(stream.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("fast-import: %v: %s", err, out)
	}
	s.git("repack", "-adbq")
}

// sizes are the repositories that are measured.
func sizes() map[string][2]int {
	return map[string][2]int{"Small": {3, 5}, "2000x500": {2000, 500}}
}

func perOperation(b *testing.B, s *gitServer) {
	b.Helper()
	up, down := s.traffic()
	b.ReportMetric(float64(len(s.counted()))/float64(b.N), "requests/op")
	b.ReportMetric(float64(up)/float64(b.N), "up-B/op")
	b.ReportMetric(float64(down)/float64(b.N), "down-B/op")
}

// BenchmarkWrite is one commit on a branch that nobody else moves.
func BenchmarkWrite(b *testing.B) {
	for name, size := range sizes() {
		b.Run(name, func(b *testing.B) {
			s := newGitServer(b)
			s.history(size[0], size[1])
			m := newMirror(s)
			write(b, m, change(b, "www", "v1.0.1"))
			s.counted()
			s.traffic()
			i := 1
			for b.Loop() {
				i++
				write(b, m, change(b, "www", fmt.Sprintf("v1.0.%d", i)))
			}
			perOperation(b, s)
		})
	}
}

// BenchmarkBurst is the commits of many policies in one file, in one push.
func BenchmarkBurst(b *testing.B) {
	for _, services := range []int{50, 300, 1000} {
		b.Run(strconv.Itoa(services), func(b *testing.B) { burst(b, services) })
	}
}

func burst(b *testing.B, services int) {
	b.Helper()
	s := newGitServer(b)
	var file strings.Builder
	for i := range services {
		fmt.Fprintf(&file, "svc%d:\n  image: registry.example.com/svc%d\n  tag: v1.0.0\n", i, i)
	}
	s.commit("start", map[string]string{valuesFile: file.String()})
	m := newMirror(s)
	if _, err := m.Refresh(b.Context()); err != nil {
		b.Fatal(err)
	}
	s.counted()
	s.traffic()
	round := 0
	for b.Loop() {
		round++
		var changes []gitwriter.Change
		for i := range services {
			changes = append(changes, change(b, fmt.Sprintf("svc%d", i), fmt.Sprintf("v1.1.%d", round)))
		}
		if r := write(b, m, changes...); r.Commits != services || r.Attempts != 1 {
			b.Fatalf("%d commits in %d pushes", r.Commits, r.Attempts)
		}
	}
	perOperation(b, s)
}

// BenchmarkIdle is a Write that finds everything as it should be, for 200 policies.
func BenchmarkIdle(b *testing.B) {
	const services = 200
	s := newGitServer(b)
	var file strings.Builder
	var changes []gitwriter.Change
	for i := range services {
		fmt.Fprintf(&file, "svc%d:\n  tag: v1.0.0\n", i)
		changes = append(changes, change(b, fmt.Sprintf("svc%d", i), "v1.0.0"))
	}
	s.commit("start", map[string]string{valuesFile: file.String()})
	m := newMirror(s)
	write(b, m, changes...)
	s.counted()
	for b.Loop() {
		write(b, m, changes...)
	}
	perOperation(b, s)
}

// BenchmarkRefresh asks for a head that hasn't moved.
func BenchmarkRefresh(b *testing.B) {
	s := newGitServer(b)
	s.history(3, 5)
	m := newMirror(s)
	for b.Loop() {
		if _, err := m.Refresh(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	perOperation(b, s)
}

// BenchmarkFollow fetches one commit of somebody else and writes on top of it.
func BenchmarkFollow(b *testing.B) {
	for name, size := range sizes() {
		b.Run(name, func(b *testing.B) {
			s := newGitServer(b)
			s.history(size[0], size[1])
			m := newMirror(s)
			write(b, m, change(b, "www", "v1.0.1"))
			s.counted()
			s.traffic()
			i := 1
			for b.Loop() {
				i++
				tree := s.git("rev-parse", "main^{tree}")
				s.git("update-ref", "refs/heads/main", s.git("commit-tree", "-p", "main", "-m", "human", tree))
				write(b, m, change(b, "www", fmt.Sprintf("v1.0.%d", i)))
			}
			perOperation(b, s)
		})
	}
}

// BenchmarkFirst is what a start costs: the history's commits, the head's trees.
func BenchmarkFirst(b *testing.B) {
	for name, size := range sizes() {
		b.Run(name, func(b *testing.B) {
			s := newGitServer(b)
			s.history(size[0], size[1])
			var kept []*gitwriter.Mirror
			before := heap()
			for b.Loop() {
				m := newMirror(s)
				if _, err := m.Refresh(b.Context()); err != nil {
					b.Fatal(err)
				}
				kept = append(kept, m)
			}
			b.ReportMetric(float64(heap()-before)/float64(len(kept)), "kept-B/op")
			runtime.KeepAlive(kept)
			perOperation(b, s)
		})
	}
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
