// Package fairlead_test holds what is true of the repository as a whole: which package may import which, and that
// its documents speak of files that exist. It knows paths and imports, and must never know what any package does.
package fairlead_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/fairlead/fairlead"

// reach says how far a rule follows the imports of a package.
type reach int

const (
	// direct looks at what the package itself imports.
	direct reach = iota
	// within follows imports through packages of this module. What other modules import in turn is theirs: Helm's
	// packages, say, bring along a Kubernetes client that rendering never calls.
	within
	// beyond follows imports through other modules as well, for packages that are small enough to promise it.
	beyond
)

// rule is one line of the design's column "must never know".
type rule struct {
	packages []string // relative to the module; "a/..." is a and everything below it
	never    []string // import paths, with everything below them; "./a" is relative to the module
	only     []string // when set: nothing but the standard library and these, with everything below them
	reach    reach
	tests    bool // the imports of the packages' tests count, too
	because  string
}

// rules is the table: ARCHITECTURE.md says it in prose, .golangci.yml says it in the editor.
var rules = []rule{
	{
		packages: []string{"api/v1alpha1"},
		only:     []string{"k8s.io/apimachinery"},
		because:  "api knows the kinds and never how anything is done",
	},
	{
		packages: []string{"registry", "registry/selection"},
		never:    []string{"k8s.io", "sigs.k8s.io", "./api", "./syncer", "./controllers"},
		reach:    beyond,
		because:  "registry never knows Kubernetes",
	},
	{
		packages: []string{"registry", "registry/selection"},
		never:    []string{"github.com/go-git", "./gitwriter"},
		reach:    beyond,
		because:  "registry never knows Git",
	},
	{
		packages: []string{"registry/selection"},
		never:    []string{"net", "os", "github.com/google/go-containerregistry", "./registry"},
		reach:    within,
		because:  "selection is pure and never knows the network",
	},
	{
		packages: []string{"controllers/lease"},
		only:     []string{"k8s.io/api", "k8s.io/apimachinery", "k8s.io/client-go", "sigs.k8s.io/controller-runtime/pkg/client"},
		because:  "lease never knows what the work is",
	},
	{
		packages: []string{"failpoint"},
		only:     []string{},
		because:  "failpoint never knows what is done between two steps",
	},
	{
		packages: []string{"controllers/receiver/posted"},
		only:     []string{},
		because:  "posted stands alone",
	},
	{
		packages: []string{"registry/webhook", "gitwriter/webhook"},
		only:     []string{module + "/controllers/receiver/posted"},
		reach:    within,
		because:  "webhooks know payloads, and nothing of those that they are about",
	},
	{
		packages: []string{"registry/webhook", "gitwriter/webhook", "controllers/receiver/posted"},
		never:    []string{"net", "os", "time"},
		reach:    within,
		because:  "webhooks are pure and never know a server",
	},
	{
		packages: []string{"gitwriter/signing"},
		only:     []string{"github.com/ProtonMail/go-crypto", "golang.org/x/crypto/ssh"},
		because:  "signing never knows what is signed, nor Git",
	},
	{
		packages: []string{"gitwriter", "gitwriter/audit", "gitwriter/edit"},
		never:    []string{"k8s.io", "sigs.k8s.io/controller-runtime", "./api", "./syncer", "./controllers"},
		reach:    beyond,
		because:  "gitwriter never knows Kubernetes",
	},
	{
		packages: []string{"gitwriter", "gitwriter/audit", "gitwriter/edit"},
		never:    []string{"github.com/google/go-containerregistry", "./registry"},
		reach:    beyond,
		because:  "gitwriter never knows registries",
	},
	{
		packages: []string{"gitwriter/edit"},
		never:    []string{"net", "os", "time", "github.com/go-git", "./gitwriter"},
		reach:    within,
		because:  "edit is pure and never knows Git",
	},
	{
		packages: []string{"gitwriter/audit"},
		never:    []string{"net", "os", "github.com/go-git/go-billy"},
		because:  "audit never knows where a repository lies",
	},
	{
		packages: []string{"syncer/render"},
		never:    []string{"k8s.io/client-go", "sigs.k8s.io/controller-runtime", "./syncer", "./controllers"},
		reach:    within,
		because:  "render never knows a live cluster",
	},
	{
		packages: []string{"syncer", "syncer/render"},
		never:    []string{"github.com/go-git", "./gitwriter", "github.com/google/go-containerregistry", "./registry"},
		reach:    within,
		because:  "syncer never knows Git or registries",
	},
	{
		packages: []string{"controllers/metrics"},
		never:    []string{"./registry", "./gitwriter", "./syncer", "./controllers"},
		because:  "metrics never knows how anything is done",
	},
	{
		packages: []string{"registry/...", "gitwriter/...", "syncer/..."},
		never:    []string{"github.com/prometheus"},
		because:  "what lies below the controllers never counts",
	},
	{
		packages: []string{"controllers/application", "controllers/access", "controllers/schedule", "controllers/status"},
		never:    []string{"./controllers/configrepository", "./controllers/imagepolicy"},
		reach:    within,
		because:  "controllers meet through api",
	},
	{
		packages: []string{"controllers/configrepository", "controllers/access", "controllers/schedule", "controllers/status"},
		never:    []string{"./controllers/application", "./controllers/imagepolicy"},
		reach:    within,
		because:  "controllers meet through api",
	},
	{
		packages: []string{"controllers/imagepolicy", "controllers/access", "controllers/schedule", "controllers/status"},
		never:    []string{"./controllers/application", "./controllers/configrepository"},
		reach:    within,
		because:  "controllers meet through api",
	},
	{
		packages: []string{"controllers/receiver"},
		never: []string{
			"./api", "./controllers/application", "./controllers/configrepository", "./controllers/imagepolicy",
			"./gitwriter/audit", "./gitwriter/edit", "./gitwriter/signing", "./registry/selection", "./syncer",
			"github.com/go-git", "github.com/google/go-containerregistry",
		},
		reach:   within,
		because: "receiver hands hints on and never knows what they are for",
	},
	{
		packages: []string{"controllers/..."},
		never:    []string{"github.com/go-git", "helm.sh/helm"},
		reach:    direct,
		because:  "controllers call the packages that know how",
	},
	{
		packages: []string{"api/...", "registry/...", "gitwriter/...", "syncer/...", "controllers/...", "cmd/..."},
		never:    []string{"./e2e/bench", "./e2e/demo", "./e2e/install", "./e2e/stack"},
		tests:    true,
		reach:    within,
		because:  "the product never knows its scenarios",
	},
	{
		packages: []string{"api/...", "registry/...", "gitwriter/...", "syncer/...", "controllers/...", "e2e/..."},
		never:    []string{"./cmd"},
		tests:    true,
		reach:    within,
		because:  "cmd is nobody's library",
	},
	{
		packages: []string{"cmd/fairlead/explain"},
		never:    []string{"./controllers/application", "./controllers/configrepository", "./controllers/imagepolicy"},
		reach:    within,
		because:  "explain asks those who decide, and needs no running controller",
	},
	{
		packages: []string{"cmd/fairlead/explain"},
		never:    []string{"./gitwriter", "./syncer", "github.com/go-git"},
		because:  "explain never knows Git",
	},
	{
		packages: []string{"cmd/fairlead/set"},
		never:    []string{"k8s.io", "./api", "./controllers", "./registry", "./syncer", "github.com/go-git", "net"},
		reach:    within,
		because:  "set changes a file, and asks the editor alone",
	},
	{
		packages: []string{"cmd/fairlead/history"},
		never:    []string{"./controllers", "./registry", "./syncer"},
		because:  "history tells what audit finds, and needs no running controller",
	},
	{
		packages: []string{"cmd/fairlead/app"},
		never:    []string{"./controllers/configrepository", "./controllers/imagepolicy"},
		reach:    within,
		because:  "app shows what others decide, and needs no running controller",
	},
	{
		packages: []string{"cmd/fairlead/app"},
		never:    []string{"github.com/go-git", "helm.sh/helm", "sigs.k8s.io/kustomize"},
		because:  "app calls the packages that know how",
	},
	{
		packages: []string{"cmd/fairlead/ask", "cmd/fairlead/describe", "cmd/fairlead/get", "cmd/fairlead/noun"},
		never:    []string{"./controllers/application", "./controllers/configrepository", "./controllers/imagepolicy", "./syncer", "./cmd/fairlead/app"},
		because:  "they tell what stands in objects, and ask by what stands there",
	},
	{
		packages: []string{"cmd/fairlead/check"},
		never: []string{
			"./controllers/application", "./controllers/configrepository", "./controllers/imagepolicy", "./syncer/render",
			"github.com/go-git", "helm.sh/helm", "sigs.k8s.io/kustomize",
		},
		because: "check asks by the packages that the controllers ask by, and decides nothing",
	},
	{
		packages: []string{"cmd/fairlead/shipped"},
		only:     []string{"k8s.io/api/rbac/v1", "sigs.k8s.io/yaml"},
		because:  "shipped never knows a cluster",
	},
	{
		packages: []string{"cmd/fairlead/terminal"},
		only:     []string{"golang.org/x/term", "gopkg.in/yaml.v3"},
		because:  "terminal never knows what is said",
	},
	{
		packages: []string{"e2e/..."},
		never:    []string{"./controllers"},
		tests:    true,
		reach:    within,
		because:  "scenarios look at the product from outside",
	},
}

// imports is what one package imports.
type imports struct {
	standard bool
	product  []string
	tests    []string
}

// graph holds packages by import path.
type graph map[string]imports

func TestDependencies(t *testing.T) {
	t.Parallel()

	for _, violation := range check(listPackages(t), rules) {
		t.Error(violation)
	}
}

// check returns one line for each guilty import, with the way that leads to it, and one for each rule that names
// no package and each package that no rule names: a rename must not switch a rule off.
func check(packages graph, rules []rule) []string {
	var violations []string
	ruled := map[string]bool{}
	for _, r := range rules {
		for _, pattern := range r.packages {
			matches := packages.match(pattern)
			if len(matches) == 0 {
				violations = append(violations, "a rule names "+pattern+", which matches no package")
			}
			for _, pkg := range matches {
				ruled[pkg] = true
				violations = append(violations, packages.follow(pkg, r)...)
			}
		}
	}
	for _, pkg := range packages.match("...") {
		if !ruled[pkg] {
			violations = append(violations, "no rule says what "+relative(pkg)+" must never import")
		}
	}
	return violations
}

// match returns the packages of this module that a pattern names, sorted.
func (g graph) match(pattern string) []string {
	prefix, wild := strings.CutSuffix(pattern, "...")
	prefix = strings.TrimSuffix(prefix, "/")
	var matches []string
	for _, pkg := range slices.Sorted(maps.Keys(g)) {
		own := pkg == module || below(pkg, module)
		if own && (relative(pkg) == prefix || wild && (prefix == "" || below(relative(pkg), prefix))) {
			matches = append(matches, pkg)
		}
	}
	return matches
}

// follow walks the imports of a package, nearest first, as far as the rule reaches, and returns what it forbids.
func (g graph) follow(start string, r rule) []string {
	var violations []string
	from := map[string]string{start: ""}
	for queue := []string{start}; len(queue) > 0; queue = queue[1:] {
		pkg := queue[0]
		next := g[pkg].product
		if r.tests && pkg == start {
			next = slices.Concat(next, g[pkg].tests)
		}
		for _, imported := range next {
			if _, seen := from[imported]; seen {
				continue
			}
			from[imported] = pkg
			if r.forbids(imported, start, g[imported].standard) {
				violations = append(violations, r.because+": "+way(from, imported))
				continue
			}
			own := below(imported, module)
			if own && r.reach >= within || !own && !g[imported].standard && r.reach == beyond {
				queue = append(queue, imported)
			}
		}
	}
	return violations
}

// forbids reports whether a package that the rule holds for must never import another one.
func (r rule) forbids(imported, start string, standard bool) bool {
	if r.only != nil {
		return !standard && !slices.ContainsFunc(r.only, func(path string) bool { return imported == path || below(imported, path) })
	}
	return slices.ContainsFunc(r.never, func(path string) bool {
		if own, ok := strings.CutPrefix(path, "./"); ok {
			path = module + "/" + own
		}
		// registry must never be imported by registry/selection, and yet that lies below it.
		return imported == path || below(imported, path) && !below(start, path)
	})
}

// way is the chain of imports that led to a package.
func way(from map[string]string, pkg string) string {
	var chain []string
	for ; pkg != ""; pkg = from[pkg] {
		chain = append(chain, relative(pkg))
	}
	slices.Reverse(chain)
	return strings.Join(chain, " -> ")
}

func below(path, parent string) bool { return strings.HasPrefix(path, parent+"/") }

func relative(pkg string) string {
	if pkg == module {
		return "."
	}
	return strings.TrimPrefix(pkg, module+"/")
}

// listPackages asks go for the imports of this module's packages and of all that they import.
func listPackages(t *testing.T) graph {
	t.Helper()
	touchSources(t)
	command := exec.CommandContext(t.Context(), "go", "list", "-mod=readonly", "-e", "-deps",
		"-json=ImportPath,Dir,Standard,Imports,TestImports,XTestImports", "./...")
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	packages := graph{}
	for decoder := json.NewDecoder(output); ; {
		var listed struct {
			ImportPath   string   `json:"ImportPath"`
			Dir          string   `json:"Dir"`
			Standard     bool     `json:"Standard"`
			Imports      []string `json:"Imports"`
			TestImports  []string `json:"TestImports"`
			XTestImports []string `json:"XTestImports"`
		}
		if err := decoder.Decode(&listed); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("reading what go list prints: %v", err)
		}
		if listed.Dir == "" || listed.ImportPath == module {
			continue // imported and not there, which is the compiler's to say; or these tests themselves
		}
		packages[listed.ImportPath] = imports{
			standard: listed.Standard,
			product:  listed.Imports,
			tests:    slices.Concat(listed.TestImports, listed.XTestImports),
		}
	}
	if err := command.Wait(); err != nil {
		t.Fatalf("go list ./...: %v", err)
	}
	return packages
}

// touchSources looks at every file that go list reads, because go's test cache only notices what the test itself
// looked at: without it, a cached pass would survive a forbidden import.
func touchSources(t *testing.T) {
	t.Helper()
	walk(t, func(path string, _ fs.DirEntry) {
		if filepath.Ext(path) == ".go" || path == "go.mod" {
			if _, err := os.Stat(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
	})
}

// walk visits the repository's files, Git's own and those that are built left out.
func walk(t *testing.T, visit func(path string, entry fs.DirEntry)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (path == ".git" || path == "bin"):
			return fs.SkipDir
		case !entry.IsDir():
			visit(filepath.ToSlash(path), entry)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDependenciesCanFail(t *testing.T) {
	t.Parallel()

	own := func(path string) string { return module + "/" + path }
	packages := graph{
		own("a"):                {product: []string{own("a/pure"), "net/http"}, tests: []string{own("c")}},
		own("a/pure"):           {product: []string{"other.example.com/lib"}},
		own("b"):                {product: []string{own("a"), "strings"}},
		own("c"):                {product: []string{own("b")}},
		"net/http":              {standard: true, product: []string{"net"}},
		"net":                   {standard: true},
		"strings":               {standard: true},
		"other.example.com/lib": {product: []string{"k8s.io/thing"}},
		"k8s.io/thing":          {},
	}
	others := rule{packages: []string{"..."}}
	cases := map[string]struct {
		reason string
		rule   rule
		want   []string
	}{
		"Direct": {
			reason: "a direct import is found",
			rule:   rule{packages: []string{"a"}, never: []string{"net"}, because: "no network"},
			want:   []string{"no network: a -> net/http"},
		},
		"DirectReachesNoFurther": {
			reason: "b imports net/http through a only",
			rule:   rule{packages: []string{"b"}, never: []string{"net"}, because: "no network"},
		},
		"Within": {
			reason: "the whole way is printed",
			rule:   rule{packages: []string{"c"}, never: []string{"net"}, reach: within, because: "no network"},
			want:   []string{"no network: c -> b -> a -> net/http"},
		},
		"WithinReachesNoFurther": {
			reason: "what another module imports is its own affair",
			rule:   rule{packages: []string{"c"}, never: []string{"k8s.io"}, reach: within, because: "no cluster"},
		},
		"Beyond": {
			reason: "unless the rule follows other modules",
			rule:   rule{packages: []string{"b"}, never: []string{"k8s.io"}, reach: beyond, because: "no cluster"},
			want:   []string{"no cluster: b -> a -> a/pure -> other.example.com/lib -> k8s.io/thing"},
		},
		"Own": {
			reason: "packages of the module are named relative to it",
			rule:   rule{packages: []string{"c"}, never: []string{"./a"}, reach: within, because: "no a"},
			want:   []string{"no a: c -> b -> a"},
		},
		"PrefixIsAPath": {
			reason: "net doesn't forbid network",
			rule:   rule{packages: []string{"a/pure"}, never: []string{"other.example"}, because: "no other"},
		},
		"Only": {
			reason: "everything but the standard library and what is named is forbidden",
			rule:   rule{packages: []string{"a/pure"}, only: []string{"k8s.io"}, because: "k8s.io only"},
			want:   []string{"k8s.io only: a/pure -> other.example.com/lib"},
		},
		"Tests": {
			reason: "tests count where the rule says so",
			rule:   rule{packages: []string{"a"}, never: []string{"./c"}, tests: true, because: "no c"},
			want:   []string{"no c: a -> c"},
		},
		"TestsDont": {
			reason: "and nowhere else",
			rule:   rule{packages: []string{"a"}, never: []string{"./c"}, because: "no c"},
		},
		"Wildcard": {
			reason: "a pattern holds for a package and all below it",
			rule:   rule{packages: []string{"a/..."}, never: []string{"net", "other.example.com"}, because: "alone"},
			want:   []string{"alone: a -> net/http", "alone: a/pure -> other.example.com/lib"},
		},
		"NoSuchPackage": {
			reason: "a rule for a package that was renamed is no rule",
			rule:   rule{packages: []string{"d"}, never: []string{"net"}, because: "no network"},
			want:   []string{"a rule names d, which matches no package"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, check(packages, []rule{tc.rule, others})); diff != "" {
				t.Errorf("%s: check(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}

	want := []string{"no rule says what a/pure must never import", "no rule says what c must never import"}
	if diff := cmp.Diff(want, check(packages, []rule{{packages: []string{"a", "b"}}})); diff != "" {
		t.Errorf("a package that no rule names is a gap in the table: check(...): -want, +got:\n%s", diff)
	}
}

func TestFoldersWithoutGo(t *testing.T) {
	t.Parallel()

	walk(t, func(path string, _ fs.DirEntry) {
		if filepath.Ext(path) == ".go" && (below(path, "config") || below(path, "hack")) {
			t.Errorf("%s: config and hack hold no Go", path)
		}
		if below(path, "hack") && filepath.Base(path) == "go.mod" {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(content), module+" v") {
				t.Errorf("%s: a tool module must never know the product", path)
			}
		}
	})
}
