package audit_test

import (
	"bufio"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/fairlead/fairlead/gitwriter/audit"
)

// plenty is the size of a history that must be read in at most five seconds.
const plenty = 50_000

// BenchmarkRead reads 50,000 commits: two of five deploy one of 300 services, the others are people's. The services have their
// values in 30 files, or all in one.
func BenchmarkRead(b *testing.B) {
	for name, files := range map[string]int{"Files=30": 30, "Files=1": 1} {
		b.Run(name, func(b *testing.B) {
			r := &repository{t: b, folder: b.TempDir(), who: jane, now: start}
			r.git("init", "-q", "--bare", "-b", "main")
			generate(b, r, plenty, files)
			objects := r.objects()
			tip := plumbing.NewHash(r.git("rev-parse", "main"))
			b.ReportAllocs()
			for b.Loop() {
				h, err := audit.Read(b.Context(), objects, tip, audit.Options{})
				if err != nil {
					b.Fatal(err)
				}
				if len(h.Changes) < plenty*2/5 || h.Commits != plenty {
					b.Fatalf("Read(...) found %d changes in %d commits", len(h.Changes), h.Commits)
				}
			}
		})
	}
}

// services is how many there are in all files together.
const services = 300

// generate makes a history quickly.
func generate(t testing.TB, r *repository, commits, files int) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "git", "-C", r.folder, "fast-import", "--quiet", "--done")
	pipe, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	to := bufio.NewWriterSize(pipe, 1<<20)
	g := generator{to: to, files: files, versions: make([]int, services)}
	for i := range commits {
		g.commit(i)
	}
	g.sayf("done\n")
	if err := to.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := pipe.Close(); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Fatal(err)
	}
}

// generator writes what git fast-import reads.
type generator struct {
	to       *bufio.Writer
	files    int
	versions []int
}

func (g *generator) commit(i int) {
	g.sayf("commit refs/heads/main\n")
	when := start.Unix() + int64(i)*600
	g.sayf("committer Jane Doe <jane@example.com> %d +0000\n", when)
	switch {
	case i == 0:
		g.message("start\n")
		for f := range g.files {
			g.file(fmt.Sprintf("apps/app%d/values.yaml", f), g.content(f))
		}
	case i%5 < 2:
		service := i % services
		g.versions[service]++
		f, old := service%g.files, g.versions[service]-1
		name := fmt.Sprintf("apps/app%d/values.yaml", f)
		g.message(fmt.Sprintf("deploy(s%d): v1.0.%d -> v1.0.%d\n\nregistry.example.com/shop/s%d:v1.0.%d\n"+
			"selected by ImagePolicy fairlead/s%d: semver >=1.0.0, newest of 42 tags\n\nImage-Policy: fairlead/s%d\n"+
			"Image-Target: %s#s%d.image.tag\nImage-From: v1.0.%d\nImage-To: v1.0.%d@sha256:%064x\n",
			service, old, old+1, service, old+1, service, service, name, service, old, old+1, i))
		g.file(name, g.content(f))
	default:
		g.message(fmt.Sprintf("docs: note %d\n\nSome words on it.\n", i))
		g.file(fmt.Sprintf("docs/d%d/note%d.md", i%37, i%1000), fmt.Sprintf("note %d\n", i))
	}
}

// sayf writes to a buffer, which keeps its first error for Flush.
func (g *generator) sayf(format string, args ...any) {
	fmt.Fprintf(g.to, format, args...) //nolint:errcheck // Flush returns it.
}

func (g *generator) message(text string) { g.sayf("data %d\n%s\n", len(text), text) }

func (g *generator) file(name, content string) {
	g.sayf("M 100644 inline %s\n", name)
	g.message(content)
}

// content is the values file of every service that is in it.
func (g *generator) content(f int) string {
	var b strings.Builder
	for s := f; s < services; s += g.files {
		fmt.Fprintf(&b, "s%d:\n  replicas: 2 # keep\n  image:\n    repository: registry.example.com/shop/s%d\n    tag: v1.0.%d\n", s, s, g.versions[s])
	}
	return b.String()
}
