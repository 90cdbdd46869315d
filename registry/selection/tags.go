package selection

import (
	"cmp"
	"encoding/binary"
	"runtime"
	"slices"
	"strings"
	"sync"
)

const (
	// maxColumns is how many readings of a list are kept.
	maxColumns = 64
	// maxCells bounds them for long lists, to about 50 MB: it is the number of readings times that of tags.
	maxCells = 1 << 20
	// minShare is how many tags are worth a goroutine of their own.
	minShare = 4096
)

// Tags is a list of distinct tags. It keeps what was read of them, so that policies that share it read it once.
// It is safe for concurrent use.
type Tags struct {
	// tags are in the order of their bytes, so that where a tag stands decides between equal keys.
	tags []string

	mu sync.Mutex
	// columns are the readings, the newest last.
	columns []*column
}

// column is one reading of all tags.
type column struct {
	fingerprint string
	read        sync.Once
	keys        []key
}

// NewTags makes a list of the distinct tags among those given, in any order. It keeps no reference to the slice, and
// doesn't change it.
func NewTags(tags []string) *Tags {
	return &Tags{tags: slices.Compact(sortTags(tags))}
}

// sortTags returns tags in the order of their bytes. Most registries list them so. Where one doesn't, the next 8 bytes after
// what all have in common tell most of them apart, which is a third of the work of comparing them as texts.
func sortTags(tags []string) []string {
	if slices.IsSorted(tags) {
		return slices.Clone(tags)
	}
	common := commonPrefix(tags)
	type entry struct {
		head uint64
		tag  string
	}
	entries := make([]entry, len(tags))
	for i, tag := range tags {
		var head [8]byte
		copy(head[:], tag[common:])
		entries[i] = entry{head: binary.BigEndian.Uint64(head[:]), tag: tag}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.head != b.head {
			return cmp.Compare(a.head, b.head)
		}
		return strings.Compare(a.tag, b.tag)
	})
	sorted := make([]string, len(entries))
	for i := range entries {
		sorted[i] = entries[i].tag
	}
	return sorted
}

// commonPrefix is how many bytes all tags begin with alike.
func commonPrefix(tags []string) int {
	common := len(tags[0])
	for _, tag := range tags {
		common = min(common, len(tag))
		for i := range common {
			if tag[i] != tags[0][i] {
				common = i
				break
			}
		}
	}
	return common
}

// Len is the number of distinct tags.
func (t *Tags) Len() int { return len(t.tags) }

// keys reads all tags as a selector compares them, unless one that compares alike already has.
func (t *Tags) keys(s *Selector) []key {
	c := t.column(s.fingerprint)
	c.read.Do(func() {
		c.keys = make([]key, len(t.tags))
		share := max(minShare, (len(t.tags)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
		var readers sync.WaitGroup
		for from := 0; from < len(t.tags); from += share {
			to := min(from+share, len(t.tags))
			readers.Go(func() { s.read(t.tags[from:to], c.keys[from:to]) })
		}
		readers.Wait()
	})
	return c.keys
}

// read reads tags into keys.
func (s *Selector) read(tags []string, keys []key) {
	for i, tag := range tags {
		text, refused := s.filter.apply(tag)
		if refused == placed {
			keys[i] = s.order.read(text)
		} else {
			keys[i].why = refused
		}
	}
}

// column finds or adds a reading. The oldest makes room for a new one.
func (t *Tags) column(fingerprint string) *column {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.columns {
		if c.fingerprint == fingerprint {
			return c
		}
	}
	limit := min(maxColumns, max(1, maxCells/max(1, len(t.tags))))
	if len(t.columns) >= limit {
		t.columns = slices.Delete(t.columns, 0, len(t.columns)-limit+1)
	}
	c := &column{fingerprint: fingerprint}
	t.columns = append(t.columns, c)
	return c
}

// find returns where a tag stands; negative if it isn't in the list.
func (t *Tags) find(tag string) int {
	at, found := slices.BinarySearch(t.tags, tag)
	if !found {
		return -1
	}
	return at
}
