package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/gitwriter/audit"
	"github.com/fairlead/fairlead/gitwriter/edit"
)

// Repository is a Git repository on this machine. It is only read.
type Repository struct {
	// shown is how messages name it.
	shown  string
	stores []*filesystem.Storage
	// temporary is the folder of a clone, to be removed.
	temporary string
}

// scpPattern is how ssh(1) names a place: user@host:path.
var scpPattern = regexp.MustCompile(`^[^/@:]+@[^/:]+:.`)

// Open opens the repository that lies in a folder, bare or with a work tree, or clones the one at a URL into a temporary
// folder. branch is the one that is going to be read; empty means the repository's own choice.
func Open(ctx context.Context, from, branch string) (*Repository, error) {
	if !strings.Contains(from, "://") && !scpPattern.MatchString(from) {
		return openFolder(from)
	}
	if _, err := os.Stat(from); err == nil {
		return openFolder(from)
	}
	return clone(ctx, from, branch)
}

// clone makes a bare clone of one branch with the Git of this machine, which knows the proxies, certificates and credentials of
// whoever asks.
func clone(ctx context.Context, from, branch string) (*Repository, error) {
	shown, hide, err := nameOf(from)
	if err != nil {
		return nil, err
	}
	program, err := exec.LookPath("git")
	if err != nil {
		return nil, terminal.Failf(nil, "clone %s: there is no git on this machine: make a clone elsewhere, and give its folder", shown)
	}
	folder, err := os.MkdirTemp("", "fairlead-history-")
	if err != nil {
		return nil, err
	}
	arguments := []string{"clone", "--quiet", "--bare", "--single-branch", "--no-tags"}
	if branch != "" {
		arguments = append(arguments, "--branch="+branch)
	}
	var words bytes.Buffer
	command := exec.CommandContext(ctx, program, append(arguments, "--", from, folder)...) //nolint:gosec // The URL was checked, and is no option.
	command.Stdin, command.Stderr = os.Stdin, &words
	err = command.Run()
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("clone %s: %w", shown, context.Cause(ctx))
	case err != nil:
		err = terminal.Failf(err, "clone %s: git says: %s", shown, said(hide.Replace(words.String())))
	}
	var r *Repository
	if err == nil {
		r, err = openFolder(folder)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	r.shown, r.temporary = shown, folder
	return r, nil
}

// nameOf is how messages name a URL, and what takes its credentials from others' words: over HTTP whatever stands before the
// host, since many write a token in place of the user.
func nameOf(from string) (string, *strings.Replacer, error) {
	hide := strings.NewReplacer()
	if !strings.Contains(from, "://") {
		return terminal.Printable(from), hide, nil
	}
	parsed, err := url.Parse(from)
	if err != nil {
		return "", nil, terminal.Failf(nil, "clone a repository: its url can't be read: write it as https://host/path") // The cause repeats it.
	}
	switch parsed.Scheme {
	case "https", "http":
		if parsed.User != nil {
			hide = strings.NewReplacer(parsed.User.String()+"@", "", parsed.User.Username()+"@", "", url.PathEscape(parsed.User.Username())+"@", "")
			parsed.User = nil
		}
	case "ssh":
	default:
		return "", nil, terminal.Failf(nil, "clone %s: only https, http and ssh are known: for anything else make a clone, and give its folder", terminal.Printable(parsed.Redacted()))
	}
	return terminal.Printable(parsed.Redacted()), hide, nil
}

// maxSaid bounds what is repeated of Git's words.
const maxSaid = 1_000

// said makes one line of what Git said.
func said(words string) string {
	words = strings.Join(strings.FieldsFunc(words, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	if len(words) > maxSaid {
		words = strings.ToValidUTF8(words[:maxSaid], "") + "…"
	}
	return terminal.Printable(words)
}

// Close removes what was cloned.
func (r *Repository) Close() error {
	var all []error
	for _, s := range r.stores {
		all = append(all, s.Close())
	}
	if r.temporary != "" {
		all = append(all, os.RemoveAll(r.temporary))
	}
	return errors.Join(all...)
}

// Object implements audit.Objects.
func (r *Repository) Object(kind plumbing.ObjectType, id plumbing.Hash) ([]byte, error) {
	var failure error
	for _, s := range r.stores {
		found, err := s.EncodedObject(kind, id)
		if err == nil {
			return content(found)
		}
		if !errors.Is(err, plumbing.ErrObjectNotFound) && failure == nil && len(r.stores) == 1 {
			failure = err
		}
	}
	if failure == nil {
		failure = audit.ErrMissing
	}
	return nil, failure
}

// content reads an object, of a very large one no more than shows that it is.
func content(found plumbing.EncodedObject) ([]byte, error) {
	from, err := found.Reader()
	if err != nil {
		return nil, err
	}
	body := make([]byte, min(found.Size(), edit.MaxFile+1))
	_, err = io.ReadFull(from, body)
	return body, errors.Join(err, from.Close())
}

// Shallow are the commits whose parents aren't here.
func (r *Repository) Shallow() ([]plumbing.Hash, error) {
	ids, err := r.stores[0].Shallow()
	if err != nil {
		return nil, terminal.Failf(err, "read where the history of %s is cut: %v", r.shown, err)
	}
	return ids, nil
}

// Tip is the newest commit of a branch: one of the repository's own, of those that it has seen at its origin, or any
// reference in full, or a commit's id; empty means the branch that is checked out. It is false if there are no commits at all.
func (r *Repository) Tip(branch string) (plumbing.Hash, bool, error) {
	store := r.stores[0]
	if branch == "" {
		head, err := storer.ResolveReference(store, plumbing.HEAD)
		if err == nil {
			return head.Hash(), true, nil
		}
		known := r.branches()
		if len(known) == 0 {
			return plumbing.ZeroHash, false, nil
		}
		return plumbing.ZeroHash, false, terminal.Failf(nil, "read the history of %s: its HEAD names no branch that has commits: name one with --branch: %s",
			r.shown, strings.Join(known, ", "))
	}
	for _, name := range []string{"refs/heads/" + branch, "refs/remotes/origin/" + branch, "refs/remotes/" + branch, branch} {
		if found, err := storer.ResolveReference(store, plumbing.ReferenceName(name)); err == nil {
			return found.Hash(), true, nil
		}
	}
	if plumbing.IsHash(branch) {
		return plumbing.NewHash(branch), true, nil
	}
	known := r.branches()
	if len(known) == 0 {
		return plumbing.ZeroHash, false, terminal.Failf(nil, "read the history of %s: it has no commits", r.shown)
	}
	return plumbing.ZeroHash, false, terminal.Failf(nil, "read the history of %s: it has no branch %q: there are %s", r.shown, branch, strings.Join(known, ", "))
}

// maxBranches bounds the branches that a message lists.
const maxBranches = 12

// branches are the branches' names, for a message.
func (r *Repository) branches() []string {
	references, err := r.stores[0].IterReferences()
	if err != nil {
		return nil
	}
	var names []string
	_ = references.ForEach(func(found *plumbing.Reference) error {
		switch {
		case found.Type() != plumbing.HashReference:
		case found.Name().IsBranch(), found.Name().IsRemote():
			names = append(names, terminal.Printable(found.Name().Short()))
		}
		return nil
	})
	slices.Sort(names)
	if len(names) > maxBranches {
		names = append(names[:maxBranches:maxBranches], fmt.Sprintf("%d more", len(names)-maxBranches))
	}
	return names
}
