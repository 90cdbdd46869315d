package status_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/controllers/status"
)

var update = flag.Bool("update", false, "write the table of docs/events.md")

// TestEventsAreDocumented holds the table of docs/events.md against the code.
func TestEventsAreDocumented(t *testing.T) {
	t.Parallel()
	const page, head = "../../docs/events.md", "|---|---|---|---|\n"
	var want []string
	for _, event := range status.Events() {
		want = append(want, fmt.Sprintf("| %s | `%s` | %s | %s |", event.Kind, event.Reason, event.Type, event.When))
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, after, _ := strings.Cut(string(text), head)
	table, rest, found := strings.Cut(after, "\n\n")
	if !found {
		t.Fatalf("%s has no table of four columns", page)
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+head+strings.Join(want, "\n")+"\n\n"+rest), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, strings.Split(table, "\n")); diff != "" {
		t.Errorf("-what the code says, +what %s says:\n%s", page, diff)
	}
}

// TestEventsAreTold holds the list against what the controllers tell.
func TestEventsAreTold(t *testing.T) {
	t.Parallel()
	kinds := map[string]string{"imagepolicy": "ImagePolicy", "configrepository": "ConfigRepository", "application": "Application"}
	want, got := map[string]bool{}, map[string]bool{}
	for _, event := range status.Events() {
		want[event.Kind+" Reason"+string(event.Reason)] = true
	}
	for folder, kind := range kinds {
		files, err := filepath.Glob(filepath.Join("..", folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			for _, told := range toldIn(t, file) {
				about := kind
				if strings.HasPrefix(told, "wanted.policy ") {
					about = "ImagePolicy" // whose files another controller writes
				}
				_, reason, _ := strings.Cut(told, " ")
				got[about+" "+reason] = true
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-listed, +told:\n%s", diff)
	}
}

// toldIn are the calls of Recorder.Tell in a file: about what, and with which constant.
func toldIn(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	ast.Inspect(parsed, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		if function, ok := call.Fun.(*ast.SelectorExpr); !ok || function.Sel.Name != "Tell" || len(call.Args) < 4 {
			return true
		}
		reason, ok := call.Args[2].(*ast.SelectorExpr)
		if !ok {
			t.Errorf("%s: the reason of an event isn't a constant", file)
			return true
		}
		about := ""
		if selected, ok := call.Args[0].(*ast.SelectorExpr); ok {
			about = fmt.Sprint(selected.X, ".", selected.Sel)
		}
		told = append(told, about+" "+reason.Sel.Name)
		return true
	})
	slices.Sort(told)
	return told
}
