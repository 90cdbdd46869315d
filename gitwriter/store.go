package gitwriter

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/go-git/go-git/v5/plumbing"
)

// store holds Git objects in memory. It is safe for concurrent use. Commits stay for the history's sake; trees and
// blobs are a cache that compact may empty, since everything can be fetched again by its id.
type store struct {
	mu      sync.RWMutex
	objects map[plumbing.Hash]*stored
	size    int64
	// compacted is the size after the last compaction: growth is measured from there.
	compacted int64
}

// stored is an object, and whether anybody read it since the last compaction. Its body mustn't be changed.
type stored struct {
	kind plumbing.ObjectType
	body []byte
	used atomic.Bool
}

// storedOverhead is about what an object costs beside its content: map slot, struct, allocation.
const storedOverhead = 120

func (o *stored) cost() int64 { return int64(len(o.body)) + storedOverhead }

func newStore() *store { return &store{objects: map[plumbing.Hash]*stored{}} }

// get gives an object's content, which mustn't be changed, if it is here and of that type.
func (s *store) get(t plumbing.ObjectType, id plumbing.Hash) ([]byte, bool) {
	s.mu.RLock()
	o, ok := s.objects[id]
	s.mu.RUnlock()
	if !ok || o.kind != t {
		return nil, false
	}
	if !o.used.Load() {
		o.used.Store(true)
	}
	return o.body, true
}

// has reports whether an object of that type is here.
func (s *store) has(t plumbing.ObjectType, id plumbing.Hash) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	o, ok := s.objects[id]
	return ok && o.kind == t
}

// put adds objects.
func (s *store) put(objects map[plumbing.Hash]*stored) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, o := range objects {
		if _, ok := s.objects[id]; !ok {
			s.objects[id] = o
			s.size += o.cost()
		}
	}
}

// grown reports whether compacting is worth its while.
func (s *store) grown(bound int64) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.size > bound && s.size > s.compacted+bound/2
}

// compact drops what reach doesn't name, and of the blobs also those that nobody read since the last time.
func (s *store) compact(reach map[plumbing.Hash]struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.objects, func(id plumbing.Hash, o *stored) bool {
		used := o.used.Swap(false)
		if _, ok := reach[id]; ok && (used || o.kind != plumbing.BlobObject) {
			return false
		}
		s.size -= o.cost()
		return true
	})
	s.objects = maps.Clone(s.objects)
	s.compacted = s.size
}
