package render

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing/fstest"
)

// Open opens a config repository on this machine: the files as they are on disk, or those of a commit. A bare repository has no
// files on disk; its HEAD counts. The function that is returned closes it.
func Open(ctx context.Context, dir, revision string) (fs.FS, func() error, error) {
	if revision == "" && isBare(dir) {
		revision = "HEAD"
	}
	if revision != "" {
		files, err := commit(ctx, dir, revision)
		return files, func() error { return nil }, err
	}
	files, done, err := OpenFolder(dir)
	if err != nil {
		return nil, nil, failf("--repo %s: %v", dir, err)
	}
	return files, done, nil
}

// isBare says whether a folder is a repository without a work tree.
func isBare(dir string) bool {
	head, err := os.Stat(filepath.Join(dir, "HEAD"))
	if err != nil || !head.Mode().IsRegular() {
		return false
	}
	objects, err := os.Stat(filepath.Join(dir, "objects"))
	return err == nil && objects.IsDir()
}

// maxBytes bounds the files of a commit.
const maxBytes = 1 << 30

// modes are those of Git's trees. Submodules are left out.
//
//nolint:gochecknoglobals // a table; nothing changes it
var modes = map[string]fs.FileMode{"100644": 0o644, "100755": 0o755, "120000": fs.ModeSymlink | 0o777}

// commit reads the files of a commit with the Git of this machine, which knows work trees, partial clones and how revisions
// are written.
func commit(ctx context.Context, dir, revision string) (fs.FS, error) {
	id, err := git(ctx, dir, nil, "rev-parse", "--quiet", "--verify", "--end-of-options", revision+"^{commit}")
	if err != nil {
		return nil, failf("--revision %s: the repository %s knows no such commit: fetch it, or write another", revision, dir)
	}
	listed, err := git(ctx, dir, nil, "ls-tree", "-r", "-z", "--full-tree", strings.TrimSpace(string(id)))
	if err != nil {
		return nil, err
	}
	var wanted bytes.Buffer
	var names []string
	files := fstest.MapFS{}
	for line := range strings.SplitSeq(string(listed), "\x00") {
		about, name, _ := strings.Cut(line, "\t")
		fields := strings.Fields(about)
		if len(fields) != 3 || modes[fields[0]] == 0 {
			continue
		}
		names = append(names, name)
		files[name] = &fstest.MapFile{Mode: modes[fields[0]]}
		fmt.Fprintln(&wanted, fields[2])
	}
	blobs, err := git(ctx, dir, &wanted, "cat-file", "--batch=%(objectsize)")
	if err != nil {
		return nil, err
	}
	return files, fill(files, names, bufio.NewReader(bytes.NewReader(blobs)))
}

// fill reads the contents of files, each after a line with its size.
func fill(files fstest.MapFS, names []string, blobs *bufio.Reader) error {
	for _, name := range names {
		size := 0
		if _, err := fmt.Fscanf(blobs, "%d\n", &size); err != nil || size < 0 || size > maxBytes {
			return failf("read %s: its content isn't in the repository: fetch it", name)
		}
		data := make([]byte, size)
		if _, err := io.ReadFull(blobs, data); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		files[name].Data = data
		if _, err := blobs.Discard(1); err != nil { // the end of line behind the content
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
	return nil
}

// git runs the Git of this machine.
func git(ctx context.Context, dir string, stdin io.Reader, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...) //nolint:gosec // no shell; a revision stands behind --end-of-options
	command.Stdin = stdin
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &bounded{to: &stdout, left: maxBytes}, &bounded{to: &stderr, left: maxMessage}
	err := command.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, failf("--revision needs git, and there is none on this machine: leave it out to render the files on disk")
	case err != nil:
		return nil, failf("read the repository %s: git %s: %v: %s", dir, args[0], err, strings.TrimSpace(stderr.String()))
	}
	return stdout.Bytes(), nil
}

// maxMessage bounds what Git says of a failure.
const maxMessage = 4096

// bounded refuses to be written more than it may.
type bounded struct {
	to   *bytes.Buffer
	left int
}

// Write implements io.Writer.
func (b *bounded) Write(data []byte) (int, error) {
	if b.left -= len(data); b.left < 0 {
		return 0, errors.New("it is too much to be read")
	}
	return b.to.Write(data)
}
