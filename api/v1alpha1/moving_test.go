package v1alpha1_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

var yamlBlock = regexp.MustCompile("(?s)\n```yaml\n(.*?\n)```\n")

// TestPagesOfMoving holds the pages for who comes from elsewhere to a real API server: it takes each manifest of Fairlead's, and
// each Application of Argo CD's when nothing but its apiVersion is changed.
func TestPagesOfMoving(t *testing.T) {
	t.Parallel()

	const argoCD = "apiVersion: argoproj.io/v1alpha1\n"
	pages := map[string]int{"from-argo-cd.md": 4, "from-flux.md": 5}
	for page, want := range pages {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("../../docs", page))
			if err != nil {
				t.Fatal(err)
			}
			ours, taken := "apiVersion: "+v1alpha1.GroupVersion.String()+"\n", 0
			for _, block := range yamlBlock.FindAllStringSubmatch(string(text), -1) {
				for manifest := range strings.SplitSeq(block[1], "---\n") {
					manifest = strings.Replace(manifest, argoCD, ours, 1)
					if !strings.HasPrefix(manifest, ours) {
						continue
					}
					taken++
					if _, err := create(t, manifest); err != nil {
						t.Errorf("%v:\n%s", err, manifest)
					}
				}
			}
			if taken != want {
				t.Errorf("%d manifests were taken, want %d: is the page read as it is written?", taken, want)
			}
		})
	}
}
