//go:build unix

package set

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives a file the owner and the group of another one, as far as that is allowed.
func keepOwner(file *os.File, like fs.FileInfo) {
	if status, known := like.Sys().(*syscall.Stat_t); known {
		_ = file.Chown(int(status.Uid), int(status.Gid))
	}
}
