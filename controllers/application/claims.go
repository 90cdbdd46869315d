package application

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/syncer"
)

// claims knows which objects every Application declares at the head that was looked at last: what one declares no more and
// another does is handed over, not deleted. Nothing is kept over a restart; until an Application was looked at again, it may
// declare anything.
type claims struct {
	mu      sync.Mutex
	entries map[types.NamespacedName]claim
	// declared finds the Applications that declare an object.
	declared map[place]map[types.NamespacedName]bool
}

// claim is what is known of one Application.
type claim struct {
	// objects that it declared when it could be rendered last.
	objects map[place]bool
	// rendered says whether it could be rendered since the start.
	rendered bool
	// repository and revision that were looked at last; empty if none was found.
	repository types.UID
	revision   string
}

// place is an object of a cluster. An empty cluster is the one that Fairlead runs in.
type place struct {
	cluster string
	id      syncer.ID
}

func newClaims() *claims {
	return &claims{entries: map[types.NamespacedName]claim{}, declared: map[place]map[types.NamespacedName]bool{}}
}

// declare notes what an Application declares at a revision. It returns the other Applications that declare something which it
// has declared before: they need no longer wait for it.
func (c *claims) declare(key types.NamespacedName, cluster string, repository types.UID, revision string, objects []syncer.ID) []types.NamespacedName {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := make(map[place]bool, len(objects))
	for _, id := range objects {
		now[place{cluster, id.Unversioned()}] = true
	}
	waiting := c.replace(key, now)
	c.entries[key] = claim{objects: now, rendered: true, repository: repository, revision: revision}
	return waiting
}

// replace puts the objects of an Application in the place of those before, and returns who else declares what it gave up.
func (c *claims) replace(key types.NamespacedName, now map[place]bool) []types.NamespacedName {
	others := map[types.NamespacedName]bool{}
	for at := range c.entries[key].objects {
		if now[at] {
			continue
		}
		delete(c.declared[at], key)
		for other := range c.declared[at] {
			others[other] = true
		}
		if len(c.declared[at]) == 0 {
			delete(c.declared, at)
		}
	}
	for at := range now {
		if c.declared[at] == nil {
			c.declared[at] = map[types.NamespacedName]bool{}
		}
		c.declared[at][key] = true
	}
	waiting := make([]types.NamespacedName, 0, len(others))
	for other := range others {
		waiting = append(waiting, other)
	}
	return waiting
}

// look notes that an Application was looked at, at a revision, and couldn't be rendered: it declares what it did before.
func (c *claims) look(key types.NamespacedName, repository types.UID, revision string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry := c.entries[key]
	entry.repository, entry.revision = repository, revision
	c.entries[key] = entry
}

// forget drops an Application that is gone. It returns who else declares what it did.
func (c *claims) forget(key types.NamespacedName) []types.NamespacedName {
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting := c.replace(key, nil)
	delete(c.entries, key)
	return waiting
}

// behind says whether an Application wasn't looked at yet at a revision of its repository, and may declare other objects there.
func (c *claims) behind(key types.NamespacedName, repository types.UID, revision string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry, known := c.entries[key]
	return !known || entry.repository == repository && entry.revision != revision
}

// knows says whether an Application was looked at since the start.
func (c *claims) knows(key types.NamespacedName) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, known := c.entries[key]
	return known
}

// holds says whether an Application declares an object, or may do so for all that is known. The cluster isn't asked for: the
// same cluster may go by two names.
func (c *claims) holds(key types.NamespacedName, id syncer.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry := c.entries[key]
	if !entry.rendered {
		return true
	}
	for at := range entry.objects {
		if at.id == id.Unversioned() {
			return true
		}
	}
	return false
}

// other finds an Application other than key that declares an object.
func (c *claims) other(key types.NamespacedName, cluster string, id syncer.ID) (types.NamespacedName, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	first, found := types.NamespacedName{}, false
	for other := range c.declared[place{cluster, id.Unversioned()}] {
		if other != key && (!found || other.String() < first.String()) {
			first, found = other, true
		}
	}
	return first, found
}
