package audit_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"github.com/fairlead/fairlead/gitwriter/audit"
)

// Who commits in the tests.
const (
	fairlead = "Fairlead <fairlead@example.com>"
	jane     = "Jane Doe <jane@example.com>"
	joe      = "Joe Bloggs <joe@example.com>"
)

// start is when the first commit of every test is made; each later one is an hour younger.
var start = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)

// repository is one that the real git makes.
type repository struct {
	t      testing.TB
	folder string
	who    string
	now    time.Time
	// written counts what a policy wrote, for digests that differ.
	written int
}

func newRepository(t testing.TB) *repository {
	t.Helper()
	r := &repository{t: t, folder: t.TempDir(), who: jane, now: start}
	r.git("init", "-q", "-b", "main")
	return r
}

// git runs git as somebody, at some time.
func (r *repository) git(args ...string) string {
	r.t.Helper()
	return r.gitIn(nil, args...)
}

func (r *repository) gitIn(stdin io.Reader, args ...string) string {
	r.t.Helper()
	output, err := r.try(stdin, args...)
	if err != nil {
		r.t.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
	return output
}

func (r *repository) try(stdin io.Reader, args ...string) (string, error) {
	name, email, _ := strings.Cut(strings.TrimSuffix(r.who, ">"), " <")
	date := r.now.Format(time.RFC3339)
	command := exec.CommandContext(r.t.Context(), "git", args...)
	command.Dir, command.Stdin = r.folder, stdin
	command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_EDITOR=true",
		"GIT_AUTHOR_NAME="+name, "GIT_AUTHOR_EMAIL="+email, "GIT_AUTHOR_DATE="+date,
		"GIT_COMMITTER_NAME="+name, "GIT_COMMITTER_EMAIL="+email, "GIT_COMMITTER_DATE="+date)
	var output, words bytes.Buffer
	command.Stdout, command.Stderr = &output, &words
	if err := command.Run(); err != nil {
		return output.String(), fmt.Errorf("%w\n%s%s", err, output.String(), words.String())
	}
	return strings.TrimSpace(output.String()), nil
}

// as lets somebody do what comes.
func (r *repository) as(who string) *repository {
	r.who = who
	return r
}

// write writes a file.
func (r *repository) write(file, content string) *repository {
	r.t.Helper()
	name := filepath.Join(r.folder, filepath.FromSlash(file))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return r
}

// commit commits all that is in the work tree, an hour after the one before, and gives its id.
func (r *repository) commit(message string) string {
	r.t.Helper()
	r.git("add", "-A")
	r.gitIn(strings.NewReader(message), "commit", "-q", "--allow-empty", "-F", "-", "--cleanup=verbatim")
	return r.done()
}

// done lets an hour pass after a commit, and gives its id.
func (r *repository) done() string {
	r.t.Helper()
	r.now = r.now.Add(time.Hour)
	return r.git("rev-parse", "HEAD")
}

// values is a file of two services.
func values(www, api string) string {
	return "# what runs\nwww:\n  tag: " + www + " # the site\n  replicas: 2\napi:\n  tag: " + api + "\n"
}

const file = "apps/shop/values.yaml"

// put has somebody write both tags.
func (r *repository) put(www, api, message string) string {
	r.t.Helper()
	return r.write(file, values(www, api)).commit(message)
}

// claim is a message of the policy fairlead/NAME for one place.
func (r *repository) claim(name, place, from, to string) string {
	r.written++
	return fmt.Sprintf("deploy(%s): %s -> %s\n\nregistry.example.com/shop/%s:%s\nselected by ImagePolicy fairlead/%s: semver >=1.0.0\n\n"+
		"Image-Policy: fairlead/%s\nImage-Target: %s\nImage-From: %s\nImage-To: %s@sha256:%064x\n",
		name, from, to, name, to, name, name, place, from, to, r.written)
}

// deploy has Fairlead write a tag of www.
func (r *repository) deploy(from, to, api string) string {
	r.t.Helper()
	who := r.who
	defer r.as(who)
	return r.as(fairlead).put(to, api, r.claim("www", file+"#www.tag", from, to))
}

// objects reads the repository.
func (r *repository) objects() objects {
	folder := filepath.Join(r.folder, ".git")
	if _, err := os.Stat(folder); err != nil {
		folder = r.folder
	}
	store := filesystem.NewStorageWithOptions(osfs.New(folder), cache.NewObjectLRU(cache.GiByte), filesystem.Options{KeepDescriptors: true})
	r.t.Cleanup(func() {
		if err := store.Close(); err != nil {
			r.t.Error(err)
		}
	})
	return objects{store}
}

// objects are those of a repository on disk.
type objects struct{ *filesystem.Storage }

// Object implements audit.Objects.
func (o objects) Object(kind plumbing.ObjectType, id plumbing.Hash) ([]byte, error) {
	found, err := o.EncodedObject(kind, id)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return nil, audit.ErrMissing
	}
	if err != nil {
		return nil, err
	}
	from, err := found.Reader()
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(from)
	return body, errors.Join(err, from.Close())
}

// read reads the history of main.
func (r *repository) read(options audit.Options) *audit.History {
	r.t.Helper()
	store := r.objects()
	shallow, err := store.Shallow()
	if err != nil {
		r.t.Fatal(err)
	}
	options.Shallow = shallow
	h, err := audit.Read(r.t.Context(), store, plumbing.NewHash(r.git("rev-parse", "main")), options)
	if err != nil {
		r.t.Fatal(err)
	}
	return h
}

// tell words changes in short, the newest first: who wrote what where, and what became of it.
func tell(changes []audit.Change) []string {
	var lines []string
	for _, c := range changes {
		line := fmt.Sprintf("%s: %s -> %s by %s: %s", strings.Join(c.Places, ","), version(c.From), version(c.To), who(&c.By), c.Outcome.State)
		if c.Outcome.By != nil {
			line += fmt.Sprintf(" by %s after %s", who(c.Outcome.By), time.Duration(c.Outcome.Stood)*time.Second)
		}
		if c.Arrived != nil {
			line += fmt.Sprintf(", arrived after %s", c.Arrived.Time.Sub(c.Time))
		}
		lines = append(lines, strings.ReplaceAll(line, file+"#", ""))
	}
	return lines
}

func who(a *audit.Actor) string {
	first, _, _ := strings.Cut(a.Name, " ")
	switch a.Kind {
	case audit.Policy:
		return a.Policy
	case audit.Carried:
		return first + " for " + a.Policy
	default:
		return first
	}
}

func version(r *audit.Reference) string {
	if r == nil {
		return "nothing"
	}
	return r.Repository + r.Tag
}
