package render

import (
	"fmt"
	"time"
)

// Bounds of one rendering. They are far above what charts need, and keep a mistake or an attack in a repository from
// taking the whole process down.
const (
	// maxFiles is the number of files of a chart, with those of its subcharts and archives.
	maxFiles = 10_000
	// maxBytes is the size of them all, unpacked, the value files included.
	maxBytes = 64 << 20
	// maxOutput is the size of what the templates make.
	maxOutput = 64 << 20
	// maxObjects is the number of objects.
	maxObjects = 10_000
	// maxItems is the number of items and bytes that functions like until, repeat and randAlphaNum make in all.
	maxItems = 16 << 20
	// maxMessage is the length of an error's text: some quote whole templates.
	maxMessage = 2_000
	// maxTime is the time that a rendering may take.
	maxTime = 30 * time.Second
)

// budget counts what was read.
type budget struct {
	// what is read, and what to do if it is too much.
	what, advice string
	files        int
	bytes        int64
}

// spend counts one file.
func (b *budget) spend(size int) error {
	b.files++
	b.bytes += int64(size)
	if b.files > maxFiles {
		return fmt.Errorf("the %s has more than %d files: %s", b.what, maxFiles, b.advice)
	}
	if b.bytes > maxBytes {
		return fmt.Errorf("the files of the %s are larger than %d MiB: %s", b.what, maxBytes>>20, b.advice)
	}
	return nil
}
