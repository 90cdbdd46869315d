package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Repository is a bare repository of the Git server, looked at and written with the git command, past the Front.
type Repository struct {
	// URL by which clients reach it, without credentials.
	URL string
	// Dir is the bare repository.
	Dir string

	server *GitServer
}

// Branch that repositories are made with.
const Branch = "main"

// attempts of a human to push while somebody else does.
const humanAttempts = 20

// Init makes a repository such as "web-hook/config.git" whose first commit the changes make.
func (g *GitServer) Init(ctx context.Context, path string, changes ...Change) (*Repository, error) {
	r := &Repository{URL: "http://" + g.Address() + "/" + path, Dir: filepath.Join(g.root, filepath.FromSlash(path)), server: g}
	if _, err := g.run(ctx, g.root, "init", "--quiet", "--bare", "--initial-branch", Branch, r.Dir); err != nil {
		return nil, err
	}
	config := "[http]\n\treceivepack = true\n[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n[receive]\n\tautogc = false\n[gc]\n\tauto = 0\n"
	file, err := os.OpenFile(filepath.Join(r.Dir, "config"), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("configure %s: %w", path, err)
	}
	_, err = file.WriteString(config)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("configure %s: %w", path, err)
	}
	_, err = r.HumanCommit(ctx, "Add what runs in our clusters", changes...)
	return r, err
}

// CloneURL is the URL with the credentials in it, for a person's git clone.
func (r *Repository) CloneURL() string {
	return strings.Replace(r.URL, "http://", "http://"+r.server.Username+":"+r.server.Password+"@", 1)
}

// SSHURL is the URL by which clients reach it through the SSH server.
func (r *Repository) SSHURL() string {
	path := strings.TrimPrefix(filepath.ToSlash(r.Dir), filepath.ToSlash(r.server.root))
	return "ssh://" + SSHUser + "@" + r.server.SSH.Address() + path
}

// Change alters the files of a work tree.
type Change func(dir string) error

// HumanCommit commits as Grace Hopper: it clones past the Front, changes the files, commits and pushes, and rebases when
// somebody was faster, as a person would. It returns the revision. Server hooks run for it too.
func (r *Repository) HumanCommit(ctx context.Context, message string, changes ...Change) (string, error) {
	dir, err := os.MkdirTemp(r.server.root, "clone-")
	if err != nil {
		return "", fmt.Errorf("commit as a human: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if _, err := r.server.run(ctx, r.server.root, "clone", "--quiet", r.Dir, dir); err != nil {
		return "", err
	}
	for _, change := range changes {
		if err := change(dir); err != nil {
			return "", fmt.Errorf("commit as a human: %w", err)
		}
	}
	if _, err := r.server.run(ctx, dir, "checkout", "--quiet", "-B", Branch); err != nil {
		return "", err
	}
	if _, err := r.server.run(ctx, dir, "add", "--all"); err != nil {
		return "", err
	}
	if _, err := r.server.run(ctx, dir, "commit", "--quiet", "--message", message); err != nil {
		return "", err
	}
	if err := r.pushAsHuman(ctx, dir); err != nil {
		return "", err
	}
	return r.server.run(ctx, dir, "rev-parse", "HEAD")
}

func (r *Repository) pushAsHuman(ctx context.Context, dir string) error {
	var last error
	for range humanAttempts {
		if _, last = r.server.run(ctx, dir, "push", "--quiet", "origin", Branch); last == nil || ctx.Err() != nil {
			return last
		}
		if !strings.Contains(last.Error(), "fetch first") && !strings.Contains(last.Error(), "non-fast-forward") &&
			!strings.Contains(last.Error(), "cannot lock ref") && !strings.Contains(last.Error(), "failed to update ref") {
			return last
		}
		if _, err := r.server.run(ctx, dir, "pull", "--quiet", "--rebase", "origin", Branch); err != nil {
			return err
		}
	}
	return last
}

// WriteFile is a Change that writes a file, with the folders above it. What stood there is replaced: a symbolic link too, and
// not what it points to.
func WriteFile(path, content string) Change {
	return within("write "+path, func(tree *os.Root) error {
		if err := tree.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
		if err := tree.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return tree.WriteFile(path, []byte(content), 0o600)
	})
}

// Replace is a Change that replaces the first occurrence of a text, which must be there.
func Replace(path, before, after string) Change {
	return within("replace in "+path, func(tree *os.Root) error {
		data, err := tree.ReadFile(path)
		if err != nil {
			return err
		}
		if !bytes.Contains(data, []byte(before)) {
			return fmt.Errorf("%q isn't there", before)
		}
		return tree.WriteFile(path, bytes.Replace(data, []byte(before), []byte(after), 1), 0o600)
	})
}

// Remove is a Change that removes a file, a symbolic link or a folder.
func Remove(path string) Change {
	return within("remove "+path, func(tree *os.Root) error { return tree.RemoveAll(path) })
}

// Link is a Change that puts a symbolic link in the place of what stood there. The target may be anything: nothing here
// follows it.
func Link(path, target string) Change {
	return within("link "+path, func(tree *os.Root) error {
		if err := tree.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
		if err := tree.RemoveAll(path); err != nil {
			return err
		}
		return tree.Symlink(target, path)
	})
}

// within confines a change to the work tree: a link that a test has committed must not lead its next change out of it, onto
// the files of the machine.
func within(what string, change func(tree *os.Root) error) Change {
	return func(dir string) error {
		tree, err := os.OpenRoot(dir)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		defer func() { _ = tree.Close() }()
		if err := change(tree); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
}

// InstallHook puts a script in the place of a server hook: pre-receive, update, post-receive. An empty one removes it.
func (r *Repository) InstallHook(hook, script string) error {
	file := filepath.Join(r.Dir, "hooks", hook)
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove hook %s: %w", hook, err)
	}
	if script == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("install hook %s: %w", hook, err)
	}
	if err := os.WriteFile(file, []byte(script), 0o700); err != nil {
		return fmt.Errorf("install hook %s: %w", hook, err)
	}
	return nil
}

// Head is the revision of the branch.
func (r *Repository) Head(ctx context.Context) (string, error) {
	return r.Run(ctx, "rev-parse", "refs/heads/"+Branch)
}

// Log runs git log with the arguments.
func (r *Repository) Log(ctx context.Context, args ...string) (string, error) {
	return r.Run(ctx, append([]string{"log"}, args...)...)
}

// Show runs git show with the arguments; "main:apps/webhooks/values.yaml" is a file at the head.
func (r *Repository) Show(ctx context.Context, args ...string) (string, error) {
	return r.Run(ctx, append([]string{"show"}, args...)...)
}

// Fsck returns an error when the repository isn't sound.
func (r *Repository) Fsck(ctx context.Context) error {
	_, err := r.Run(ctx, "fsck", "--strict", "--no-dangling")
	return err
}

// Run runs git on the bare repository and returns what it says, without the last line break.
func (r *Repository) Run(ctx context.Context, args ...string) (string, error) {
	return r.server.run(ctx, r.Dir, args...)
}

func (g *GitServer) run(ctx context.Context, dir string, args ...string) (string, error) {
	var out, words bytes.Buffer
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &words
	cmd.Env = append([]string{
		"GIT_AUTHOR_NAME=Grace Hopper", "GIT_AUTHOR_EMAIL=grace@example.com",
		"GIT_COMMITTER_NAME=Grace Hopper", "GIT_COMMITTER_EMAIL=grace@example.com",
	}, g.environment...)
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w\n%s%s", strings.Join(args, " "), err, out.String(), words.String())
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}
