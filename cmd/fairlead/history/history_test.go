package history_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/fairlead/fairlead/cmd/fairlead/history"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/gitwriter/audit"
)

var update = flag.Bool("update", false, "write the golden files anew")

// noon is when everybody asks.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// git runs the real git in a folder, as somebody, at some time.
func git(t *testing.T, folder string, at time.Time, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "git", args...)
	command.Dir = folder
	date := at.Format(time.RFC3339)
	command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, output)
	}
	return strings.TrimSpace(string(output))
}

// made is a commit of the repository that the tests read.
type made struct {
	name, tag, message string
}

// newClone makes a repository with a history of ten days.
func newClone(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	at := noon.AddDate(0, 0, -10)
	git(t, folder, at, "init", "-q", "-b", "main")
	deploy := func(from, to string) string {
		return fmt.Sprintf("deploy(www): %s -> %s\n\nImage-Policy: fairlead/www\nImage-Target: apps/webhooks/values.yaml#www.tag\n"+
			"Image-From: %s\nImage-To: %s@sha256:%s\nImage-Seen: %s\n", from, to, from, to, strings.Repeat("4f", 32), at.Add(-9*time.Second).Format(time.RFC3339))
	}
	for _, c := range []made{
		{"Jane Doe", "v1.0.34", "start"},
		{"Fairlead", "v1.0.35", "v1.0.34"},
		{"Fairlead", "v1.0.36", "v1.0.35"},
		{"Joe \x1b[31mBloggs", "v1.0.35", "back, for the moment"},
		{"Fairlead", "v1.0.37", "v1.0.35"},
	} {
		at = at.AddDate(0, 0, 1).Add(90 * time.Minute)
		message := c.message
		if c.name == "Fairlead" {
			message = deploy(c.message, c.tag)
		}
		if err := os.MkdirAll(filepath.Join(folder, "apps/webhooks"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "apps/webhooks/values.yaml"), []byte("www:\n  tag: "+c.tag+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		git(t, folder, at, "add", "-A")
		git(t, folder, at, "-c", "user.name="+c.name, "-c", "user.email=mail@example.com", "commit", "-q", "-m", message)
	}
	return folder
}

// ask opens a repository and asks.
func ask(t *testing.T, from string, q history.Question) (*history.Answer, error) {
	t.Helper()
	r, err := history.Open(t.Context(), from, q.Branch)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	q.Now = noon
	return r.Ask(t.Context(), q)
}

// write writes an answer.
func write(t *testing.T, a *history.Answer, format terminal.Format) string {
	t.Helper()
	var written bytes.Buffer
	if err := a.Write(&written, format, false); err != nil {
		t.Fatal(err)
	}
	return written.String()
}

func TestAnswers(t *testing.T) {
	t.Parallel()

	schema, err := jsonschema.NewCompiler().Compile("../../../docs/history.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	folder := newClone(t)
	for name, question := range map[string]history.Question{"changes": {}, "stats": {Stats: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer, err := ask(t, folder, question)
			if err != nil {
				t.Fatal(err)
			}
			for extension, format := range map[string]terminal.Format{"txt": terminal.Text, "json": terminal.JSON, "yaml": terminal.YAML} {
				got := write(t, answer, format)
				if strings.Contains(got, "\x1b") {
					t.Errorf("%s lets a control character through:\n%q", extension, got)
				}
				compare(t, filepath.Join("testdata", name+"."+extension), got)
			}
			document, err := jsonschema.UnmarshalJSON(strings.NewReader(write(t, answer, terminal.JSON)))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(document); err != nil {
				t.Errorf("docs/history.schema.json promises something else: %v", err)
			}
			var coloured bytes.Buffer
			if err := answer.Write(&coloured, terminal.Text, true); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(coloured.String(), "\x1b[1mTIME") && !strings.Contains(coloured.String(), "\x1b[1mPOLICY") {
				t.Errorf("the heading isn't bold:\n%q", coloured.String())
			}
		})
	}
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run go test -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: -want, +got:\n%s", file, diff)
	}
}

func TestRepositories(t *testing.T) {
	t.Parallel()

	source := newClone(t)
	const all = 5
	cases := map[string]struct {
		reason string
		make   func(t *testing.T) (from, branch string)
		want   int
		notes  []string
	}{
		"WorkTree":  {reason: "a work tree", make: func(*testing.T) (string, string) { return source, "" }, want: all},
		"Subfolder": {reason: "a folder of a work tree", make: func(*testing.T) (string, string) { return filepath.Join(source, "apps"), "" }, want: all},
		"GitFolder": {reason: "the folder .git", make: func(*testing.T) (string, string) { return filepath.Join(source, ".git"), "" }, want: all},
		"Commit":    {reason: "a commit", make: func(t *testing.T) (string, string) { return source, git(t, source, noon, "rev-parse", "main~1") }, want: all - 1},
		"Bare": {reason: "a bare repository, packed", want: all, make: func(t *testing.T) (string, string) {
			folder := t.TempDir()
			git(t, folder, noon, "clone", "-q", "--bare", source, "bare.git")
			git(t, filepath.Join(folder, "bare.git"), noon, "gc", "-q")
			return filepath.Join(folder, "bare.git"), "main"
		}},
		"LinkedWorkTree": {reason: "a work tree beside the first, on another branch", want: all - 2, make: func(t *testing.T) (string, string) {
			folder, own := t.TempDir(), filepath.Join(t.TempDir(), "own")
			git(t, folder, noon, "clone", "-q", source, own)
			git(t, own, noon, "worktree", "add", "-q", "-b", "older", filepath.Join(folder, "older"), "HEAD~2")
			return filepath.Join(folder, "older"), ""
		}},
		"Borrowing": {reason: "a clone that borrows its objects from another", want: all, make: func(t *testing.T) (string, string) {
			folder := t.TempDir()
			git(t, folder, noon, "clone", "-q", "--shared", source, "shared")
			return filepath.Join(folder, "shared"), ""
		}},
		"RemoteBranch": {reason: "a branch that was only fetched", want: all, make: func(t *testing.T) (string, string) {
			folder := t.TempDir()
			git(t, folder, noon, "init", "-q", "-b", "other")
			git(t, folder, noon, "remote", "add", "origin", source)
			git(t, folder, noon, "fetch", "-q", "origin")
			return folder, "main"
		}},
		"Empty": {
			reason: "a repository without commits", notes: []string{"the repository has no commits"}, make: func(t *testing.T) (string, string) {
				folder := t.TempDir()
				git(t, folder, noon, "init", "-q", "-b", "main")
				return folder, ""
			},
		},
		"URL": {reason: "a URL", want: all, make: func(t *testing.T) (string, string) { return serve(t, source) + "/.git", "main" }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, branch := tc.make(t)
			answer, err := ask(t, from, history.Question{Branch: branch})
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			if len(answer.Changes) != tc.want {
				t.Errorf("%s: %d changes, want %d", tc.reason, len(answer.Changes), tc.want)
			}
			if diff := cmp.Diff(append([]string{}, tc.notes...), answer.Notes); diff != "" {
				t.Errorf("%s: Notes: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// serve serves a repository as git does.
func serve(t *testing.T, folder string) string {
	t.Helper()
	path := filepath.Join(git(t, folder, noon, "--exec-path"), "git-http-backend")
	server := httptest.NewServer(&cgi.Handler{
		Path: path, Env: []string{"GIT_PROJECT_ROOT=" + folder, "GIT_HTTP_EXPORT_ALL=1", "HOME=" + folder}, Stderr: io.Discard,
	})
	t.Cleanup(server.Close)
	return server.URL
}

func TestNotes(t *testing.T) {
	t.Parallel()

	source, folder := newClone(t), t.TempDir()
	git(t, folder, noon, "clone", "-q", "--depth=2", "file://"+source, "shallow")
	answer, err := ask(t, filepath.Join(folder, "shallow"), history.Question{})
	if err != nil {
		t.Fatal(err)
	}
	oldest := git(t, source, noon, "rev-parse", "HEAD~1")[:10]
	want := []string{"the history is cut at " + oldest + ", 2026-11-14: this is a shallow clone; git fetch --unshallow brings the rest"}
	if diff := cmp.Diff(want, answer.Notes); diff != "" {
		t.Errorf("a shallow clone says where it ends: -want, +got:\n%s", diff)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()

	source, folder := newClone(t), t.TempDir()
	git(t, folder, noon, "init", "-q", "--bare", "-b", "gone", "lost.git")
	lost := filepath.Join(folder, "lost.git")
	git(t, source, noon, "push", "-q", lost, "main:main")
	git(t, folder, noon, "init", "-q", "--object-format=sha256", "sha256")
	git(t, source, noon, "config", "uploadpack.allowFilter", "true")
	git(t, folder, noon, "clone", "-q", "--bare", "--filter=tree:0", "file://"+source, "partial.git")
	url := serve(t, folder)
	cases := map[string]struct {
		reason, from, branch, want string
	}{
		"Nowhere":      {reason: "no such folder", from: filepath.Join(folder, "nowhere"), want: "open the repository FOLDER/nowhere: no such file or directory"},
		"NoRepository": {reason: "a folder that is no repository", from: folder, want: "open FOLDER: there is no Git repository: name a clone, or a URL, with --repo"},
		"NoBranch":     {reason: "no such branch", from: source, branch: "develop", want: `read the history of SOURCE: it has no branch "develop": there are main`},
		"HeadNowhere":  {reason: "a HEAD without commits", from: lost, want: "read the history of FOLDER/lost.git: its HEAD names no branch that has commits: name one with --branch: main"},
		"SHA256":       {reason: "longer names", from: filepath.Join(folder, "sha256"), want: "open the repository FOLDER/sha256: its objects are named by sha256: only sha1 is known"},
		"Scheme":       {reason: "a scheme that runs programs", from: "ext://sh", want: "clone ext://sh: only https, http and ssh are known: for anything else make a clone, and give its folder"},
		"NoSuchURL":    {reason: "the server's words", from: url + "/none.git", want: "clone URL/none.git: git says: fatal: repository 'URL/none.git/' not found"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ask(t, tc.from, history.Question{Branch: tc.branch})
			message := ""
			if err != nil {
				message = strings.NewReplacer(folder, "FOLDER", source, "SOURCE", url, "URL").Replace(err.Error())
			}
			if diff := cmp.Diff(tc.want, message); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}

	_, err := ask(t, filepath.Join(folder, "partial.git"), history.Question{})
	if err == nil || !strings.Contains(err.Error(), "a partial clone hasn't got all that history needs") {
		t.Errorf("a partial clone: %v", err)
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()

	zone := time.FixedZone("", 3600)
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, zone)
	cases := map[string]struct {
		text string
		end  bool
		want time.Time
	}{
		"Day":        {text: "2026-11-18", want: time.Date(2026, 11, 18, 0, 0, 0, 0, zone)},
		"EndOfDay":   {text: "2026-11-18", end: true, want: time.Date(2026, 11, 18, 23, 59, 59, 0, zone)},
		"RFC3339":    {text: "2026-11-18T10:00:00Z", want: time.Date(2026, 11, 18, 10, 0, 0, 0, time.UTC)},
		"Local":      {text: "2026-11-18 10:00", want: time.Date(2026, 11, 18, 10, 0, 0, 0, zone)},
		"Dots":       {text: "2.weeks.ago", want: time.Date(2026, 11, 6, 12, 0, 0, 0, zone)},
		"Words":      {text: "3 days ago", want: time.Date(2026, 11, 17, 12, 0, 0, 0, zone)},
		"Short":      {text: "90m", want: time.Time{}},
		"Minutes":    {text: "90min", want: time.Date(2026, 11, 20, 10, 30, 0, 0, zone)},
		"Seconds":    {text: "30s", want: time.Date(2026, 11, 20, 11, 59, 30, 0, zone)},
		"Hours":      {text: "6h", want: time.Date(2026, 11, 20, 6, 0, 0, 0, zone)},
		"Month":      {text: "1 Month", want: time.Date(2026, 10, 20, 12, 0, 0, 0, zone)},
		"Years":      {text: "2.years", want: time.Date(2024, 11, 20, 12, 0, 0, 0, zone)},
		"Yesterday":  {text: "yesterday", want: time.Date(2026, 11, 19, 12, 0, 0, 0, zone)},
		"Now":        {text: "now", want: now},
		"Nonsense":   {text: "soon"},
		"Impossible": {text: "2026-02-30"},
		"TooMany":    {text: "10000000d"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := history.ParseTime(tc.text, now, tc.end)
			if !got.Equal(tc.want) {
				t.Errorf("ParseTime(%q) = %v, want %v", tc.text, got, tc.want)
			}
			message := ""
			if tc.want.IsZero() {
				message = fmt.Sprintf("%q is no time: write a day such as 2026-11-20, a time such as 2026-11-20T15:04:05Z, or how long ago, such as 2.weeks.ago", tc.text)
			}
			if err != nil && err.Error() != message || err == nil && message != "" {
				t.Errorf("ParseTime(%q) gives the error %v, want %q", tc.text, err, message)
			}
		})
	}
}

func TestQueriesReachTheHistory(t *testing.T) {
	t.Parallel()

	answer, err := ask(t, newClone(t), history.Question{Query: audit.Query{Name: "apps/webhooks", Since: noon.AddDate(0, 0, -8), Limit: 2}})
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Changes) != 2 || answer.Changes[0].To.Tag != "v1.0.37" {
		t.Errorf("two changes of the folder: %+v", answer.Changes)
	}
}
