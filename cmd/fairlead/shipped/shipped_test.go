package shipped_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/cmd/fairlead/shipped"
)

// TestCopies holds what is embedded to what is installed.
func TestCopies(t *testing.T) {
	t.Parallel()
	installed, err := filepath.Glob("../../../config/crd/*.yaml")
	if err != nil || len(installed) == 0 {
		t.Fatalf("there are no definitions: %v", err)
	}
	copies := map[string]string{"../../../config/chart/files/rbac/role.yaml": "role.yaml"}
	for _, file := range installed {
		copies[file] = filepath.Join("crd", filepath.Base(file))
	}
	for from, to := range copies {
		if diff := cmp.Diff(read(t, from), read(t, to)); diff != "" {
			t.Errorf("%s isn't %s: run make manifests:\n%s", to, from, diff)
		}
	}
	kinds, err := shipped.Kinds()
	if err != nil || len(kinds) != len(installed) {
		t.Errorf("%d kinds are known, and %d are installed: %v", len(kinds), len(installed), err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func object(properties map[string]any) map[string]any {
	return map[string]any{"type": "object", "properties": properties}
}

func text(more ...string) map[string]any {
	schema := map[string]any{"type": "string", "description": "for people"}
	for i := 0; i < len(more); i += 2 {
		schema[more[i]] = more[i+1]
	}
	return schema
}

func TestCompare(t *testing.T) {
	t.Parallel()
	list := func(properties map[string]any) map[string]any {
		return map[string]any{"type": "array", "items": object(properties)}
	}
	known := shipped.Kind{Schema: object(map[string]any{
		"spec":   object(map[string]any{"image": text(), "targets": list(map[string]any{"file": text("pattern", "^a")})}),
		"status": object(map[string]any{"labels": map[string]any{"type": "object", "additionalProperties": text()}}),
	})}
	cases := map[string]struct {
		reason string
		served shipped.Schema
		want   shipped.Difference
	}{
		"Same": {reason: "nothing differs", served: known.Schema},
		"Other": {
			reason: "each kind of difference, wherever it is",
			served: object(map[string]any{
				"metadata": object(map[string]any{"name": text()}),
				"spec":     object(map[string]any{"image": text("description", "other words"), "targets": list(map[string]any{"file": text("pattern", "^b"), "line": text()})}),
				"status":   object(map[string]any{}),
			}),
			want: shipped.Difference{
				Missing: []string{"status.labels", "status.labels{}"}, Unknown: []string{"spec.targets[].line"}, Changed: []string{"spec.targets[].file"},
			},
		},
		"Nothing": {
			reason: "what is no schema has no field", served: shipped.Schema{"properties": "none"},
			want: shipped.Difference{Missing: []string{"spec", "spec.image", "spec.targets", "spec.targets[]", "spec.targets[].file", "status", "status.labels", "status.labels{}"}},
		},
	}
	for name, tc := range cases {
		got := known.Compare(tc.served)
		if diff := cmp.Diff(tc.want, got); diff != "" || got.None() != (name == "Same") {
			t.Errorf("%s: %s: -want +got:\n%s", name, tc.reason, diff)
		}
	}
}
