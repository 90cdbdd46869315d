package render

import (
	"io/fs"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/strvals"
)

// FuzzLocate holds that no name of a value file leads out of the repository.
func FuzzLocate(f *testing.F) {
	for _, name := range []string{"values.yaml", "/values.yaml", "../../x", "/../x", "a/../../../x", "//x", `..\x`, "", "/", ".", "http://x", "a//b/./c"} {
		f.Add("apps/web", name)
		f.Add(".", name)
	}
	f.Fuzz(func(t *testing.T, chart, name string) {
		if !fs.ValidPath(chart) {
			return
		}
		file, err := locate(chart, "value file", name)
		if err != nil {
			return
		}
		if !fs.ValidPath(file) || strings.Contains("/"+file+"/", "/../") {
			t.Errorf("%q from %q leads to %q", name, chart, file)
		}
	})
}

// FuzzParameters holds that a parameter sets its value whole, whatever commas are in it, and brings nothing down.
func FuzzParameters(f *testing.F) {
	for _, value := range []string{"a", "a,b", `a\,b`, ",,", ",", "{a,b}", "a,b=c", `\,`, "[1,2]"} {
		f.Add("key", value)
	}
	f.Add("a[99999999]", "x")
	f.Fuzz(func(t *testing.T, name, value string) {
		values := map[string]any{}
		if err := setParameters(values, []Parameter{{Name: name, Value: value, ForceString: true}}); err != nil {
			return
		}
		// A value comes from the API server, and is UTF-8.
		plain := name == "key" && utf8.ValidString(value) && !strings.ContainsAny(value, `\{}`)
		if got, _ := values["key"].(string); plain && got != value {
			t.Errorf("%q became %q", value, got)
		}
	})
}

func TestEscapeCommas(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ reason, value, want string }{
		"None":    {"nothing to escape", "a", "a"},
		"One":     {"Helm would end the value there", "a,b", `a\,b`},
		"Row":     {"each of them", ",a,,b,", `\,a\,\,b\,`},
		"Escaped": {"somebody has thought of it", `a\,b,c`, `a\,b\,c`},
		"List":    {"a list needs its commas", "{a,b}", "{a,b}"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, escapeCommas(tc.value)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if _, err := strvals.Parse("key=" + escapeCommas(tc.value)); err != nil {
				t.Errorf("\n%s\nHelm doesn't read it: %v", tc.reason, err)
			}
		})
	}
}
