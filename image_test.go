package fairlead_test

import (
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// TestImage holds what `docker build` is given to what the binary is built from: each package, and each file that one embeds.
func TestImage(t *testing.T) {
	t.Parallel()

	const format = `{{if and .Module .Module.Main}}{{.ImportPath}}{{range .EmbedFiles}} {{.}}{{end}}{{end}}`
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", format, "./cmd/fairlead").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := []string{"go.mod", "go.sum"}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		folder := relative(words[0])
		files = append(files, path.Join(folder, "any.go"))
		for _, embedded := range words[1:] {
			files = append(files, path.Join(folder, embedded))
		}
	}
	rules := strings.Split(strings.TrimSpace(read(t, ".dockerignore")), "\n")
	for _, file := range files {
		if !given(rules, file) {
			t.Errorf("the binary is built from %s, which .dockerignore keeps from the build", file)
		}
	}
}

// given says whether a file passes rules of the two forms that ours have: a folder or file that is let through after all others
// were not, and a name that is left out wherever it is.
func given(rules []string, file string) bool {
	passes := false
	for _, rule := range rules {
		switch {
		case strings.HasPrefix(rule, "!"):
			let := strings.TrimPrefix(rule, "!")
			passes = passes || file == let || below(file, let)
		case strings.HasPrefix(rule, "**/"):
			out := slices.ContainsFunc(strings.Split(file, "/"), func(part string) bool {
				matches, err := path.Match(strings.TrimPrefix(rule, "**/"), part)
				return matches || err != nil
			})
			passes = passes && !out
		}
	}
	return passes
}
