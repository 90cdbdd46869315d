package gitwriter

import (
	"context"
	"errors"
	"io/fs"
)

// Snapshot is the tree of one commit, read from the mirror's object store.
type Snapshot struct{}

// FS is the tree as a read-only file system.
func (s *Snapshot) FS() fs.FS { return nil }

// ID is the Git object id of the tree or blob at path: equal ids, equal content.
func (s *Snapshot) ID(string) (string, error) { return "", errors.ErrUnsupported }

// Prefetch loads the blobs below path in one request.
func (s *Snapshot) Prefetch(context.Context, string) error { return errors.ErrUnsupported }
