package registry

import (
	"container/list"
	"sync"
)

// recent keeps what was used last, up to a bound on the sum of weights. It is safe for concurrent use. What gives way
// while somebody uses it goes on working for them.
type recent[K comparable, V any] struct {
	mu            sync.Mutex
	bound, weight int
	// byUse holds items, the one used last in front.
	byUse *list.List
	byKey map[K]*list.Element
}

// item is one entry of recent.
type item[K comparable, V any] struct {
	key    K
	value  V
	weight int
}

func newRecent[K comparable, V any](bound int) *recent[K, V] {
	return &recent[K, V]{bound: bound, byUse: list.New(), byKey: make(map[K]*list.Element)}
}

// get returns what is kept under a key.
func (r *recent[K, V]) get(key K) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()

	if element, ok := r.byKey[key]; ok {
		r.byUse.MoveToFront(element)

		return at[K, V](element).value, true
	}

	var none V

	return none, false
}

// getOr returns what is kept under a key; what is made, of weight 1, if there is nothing.
func (r *recent[K, V]) getOr(key K, made func() V) V {
	r.mu.Lock()
	defer r.mu.Unlock()

	if element, ok := r.byKey[key]; ok {
		r.byUse.MoveToFront(element)

		return at[K, V](element).value
	}

	value := made()
	r.add(&item[K, V]{key: key, value: value, weight: 1})

	return value
}

// put keeps a value in place of an earlier one.
func (r *recent[K, V]) put(key K, value V, weight int) {
	r.mu.Lock()
	defer r.mu.Unlock()

	r.remove(r.byKey[key])
	r.add(&item[K, V]{key: key, value: value, weight: weight})
}

// drop forgets a key.
func (r *recent[K, V]) drop(key K) {
	r.mu.Lock()
	defer r.mu.Unlock()

	r.remove(r.byKey[key])
}

// add puts an item in front, and removes from the back what is too much, this one included if it is alone.
func (r *recent[K, V]) add(i *item[K, V]) {
	r.byKey[i.key] = r.byUse.PushFront(i)
	r.weight += i.weight

	for r.weight > r.bound {
		r.remove(r.byUse.Back())
	}
}

func (r *recent[K, V]) remove(element *list.Element) {
	if element == nil {
		return
	}

	gone := at[K, V](element)
	r.byUse.Remove(element)
	delete(r.byKey, gone.key)
	r.weight -= gone.weight
}

func at[K comparable, V any](element *list.Element) *item[K, V] {
	return element.Value.(*item[K, V]) //nolint:forcetypeassert // the list holds nothing else.
}
