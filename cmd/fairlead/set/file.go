package set

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

// File is a file as it was read, which can be replaced in one step.
type File struct {
	// Name is the file's name as it was given.
	Name string
	// Link is the file that Name, a symbolic link, leads to; empty if it is none.
	Link string
	// Content is what stood in the file.
	Content []byte

	info fs.FileInfo
}

// Read reads at most one byte more than edit.MaxFile, so that what never ends is refused by its size.
func Read(from io.Reader) ([]byte, error) {
	return io.ReadAll(io.LimitReader(from, edit.MaxFile+1))
}

// Open reads a file. Symbolic links are followed, as editors do: who shares a values file between folders through links wants
// the shared file changed, and not a copy in place of the link. Callers say so before they write.
func Open(name string) (*File, error) {
	f := &File{Name: name}
	info, err := os.Lstat(name)
	if err != nil {
		return nil, f.fail("find it", err)
	}
	if info.Mode().Type() == fs.ModeSymlink {
		if f.Link, err = filepath.EvalSymlinks(name); err != nil {
			return nil, f.fail("follow the link", err)
		}
	}
	// Looking before opening: opening a pipe would wait for a writer.
	if info, err = os.Stat(f.real()); err != nil {
		return nil, f.fail("find it", err)
	}
	if !info.Mode().IsRegular() {
		return nil, &Error{File: name, Problem: "it is not a regular file: name one, or give the content on standard input with -"}
	}
	if f.Content, f.info, err = readFile(f.real()); err != nil {
		return nil, f.fail("read it", err)
	}

	return f, nil
}

func readFile(name string) ([]byte, fs.FileInfo, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	content, err := Read(file)

	return content, info, err
}

// real is where the file itself stands.
func (f *File) real() string {
	if f.Link != "" {
		return f.Link
	}

	return f.Name
}

// Replace puts a new file with the content in the place of the old one, in one step: a reader finds either the old content or
// the new, whole, whenever the machine stops. Mode and, where that is allowed, owner and group stay. It refuses a file that
// may not be written, and one that has changed since it was read.
func (f *File) Replace(content []byte) error {
	// A rename asks for the right to write to the folder only, so the file's own is asked for here.
	writable, err := os.OpenFile(f.real(), os.O_WRONLY, 0)
	if err != nil {
		return f.fail("write it", err)
	}
	if err := writable.Close(); err != nil {
		return f.fail("write it", err)
	}
	folder := filepath.Dir(f.real())
	temporary, err := os.CreateTemp(folder, "."+filepath.Base(f.real())+".*")
	if err != nil {
		return f.fail("write a new file beside it", err)
	}
	defer os.Remove(temporary.Name()) //nolint:errcheck // it is gone once it was renamed
	if err := errors.Join(f.fill(temporary, content), temporary.Close()); err != nil {
		return f.fail("write a new file beside it", err)
	}
	if now, info, err := readFile(f.real()); err != nil || !os.SameFile(info, f.info) || !bytes.Equal(now, f.Content) {
		return &Error{File: f.Name, Problem: "somebody else changed it meanwhile: nothing is written, try again", Err: err}
	}
	if err := os.Rename(temporary.Name(), f.real()); err != nil {
		return f.fail("put the new file in its place", err)
	}

	return nil
}

// fill writes the new file down to the disk, and gives it what the old one has.
func (f *File) fill(temporary *os.File, content []byte) error {
	if _, err := temporary.Write(content); err != nil {
		return err
	}
	// Only root may give a file away. Where it isn't allowed the new file belongs to who wrote it, as with any editor.
	keepOwner(temporary, f.info)
	if err := temporary.Chmod(f.info.Mode()); err != nil {
		return err
	}

	return temporary.Sync()
}

// fail wraps an error of the file system, whose own text repeats names that the message has.
func (f *File) fail(doing string, err error) *Error {
	cause := err
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		cause = pathError.Err
	}

	return &Error{File: f.Name, Problem: fmt.Sprintf("can't %s: %v", doing, cause), Err: err}
}
