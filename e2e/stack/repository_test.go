package stack_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/e2e/stack"
)

// TestChangesStayInside follows no link out of a work tree: what a scenario plants there must not reach the machine.
func TestChangesStayInside(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason  string
		change  stack.Change
		want    string // the error, or
		content string // what values.yaml holds then
	}{
		"Write":         {reason: "a link is replaced", change: stack.WriteFile("values.yaml", "new\n"), content: "new\n"},
		"Replace":       {reason: "a link isn't followed", change: stack.Replace("values.yaml", "outside", "new"), want: "replace in values.yaml: openat values.yaml: path escapes from parent"},
		"Remove":        {reason: "a link is removed, not its target", change: stack.Remove("values.yaml")},
		"BelowALink":    {reason: "nor is a linked folder", change: stack.WriteFile("folder/precious.yaml", "new\n"), want: "write folder/precious.yaml: mkdirat folder: statat folder: path escapes from parent"},
		"RemoveBelow":   {reason: "nor when something in it is removed", change: stack.Remove("folder/precious.yaml"), want: "remove folder/precious.yaml: RemoveAll folder/precious.yaml: path escapes from parent"},
		"NameUpwards":   {reason: "nor a name that leads upwards", change: stack.WriteFile("../precious.yaml", "new\n"), want: "write ../precious.yaml: mkdirat ..: path escapes from parent"},
		"LinkOverALink": {reason: "a link takes the place of another", change: stack.Link("values.yaml", "nowhere")},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outside, tree := t.TempDir(), t.TempDir()
			precious := filepath.Join(outside, "precious.yaml")
			if err := os.WriteFile(precious, []byte("outside\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			for path, target := range map[string]string{"values.yaml": precious, "folder": outside} {
				if err := stack.Link(path, target)(tree); err != nil {
					t.Fatal(err)
				}
			}
			got := ""
			if err := tc.change(tree); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: error (-want +got):\n%s", tc.reason, diff)
			}
			if tc.content != "" {
				content, err := os.ReadFile(filepath.Join(tree, "values.yaml"))
				if diff := cmp.Diff(tc.content, string(content)); diff != "" || err != nil {
					t.Errorf("%s: content (-want +got):\n%s%v", tc.reason, diff, err)
				}
			}
			kept, err := os.ReadFile(precious)
			if diff := cmp.Diff("outside\n", string(kept)); diff != "" || err != nil {
				t.Errorf("%s: the file outside (-want +got):\n%s%v", tc.reason, diff, err)
			}
		})
	}
}
