package syncer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// State is how a desired object stands in the cluster.
type State struct {
	// ID of the object.
	ID ID
	// Live is the object as it was last seen; nil if there is none.
	Live *unstructured.Unstructured
	// Synced: applying the object would change nothing.
	Synced bool
	// Difference says what applying would change; empty if Synced.
	Difference string
}

// Comparer tells which objects of an Application differ from the cluster. Only the API server knows what an apply would
// change, with its defaults and other managers' fields, so it is asked by a dry run. What it answered is remembered for
// the very same pair of objects: an Application at rest costs no request, and neither does a change of status.
//
// It is safe for concurrent use, and holds one small entry for each object of its Application.
type Comparer struct {
	mu       sync.Mutex
	verified map[ID]verified
}

// verified is a pair that was found equal.
type verified struct{ desired, live string }

// NewComparer returns a Comparer that has seen nothing yet.
func NewComparer() *Comparer { return &Comparer{verified: map[ID]verified{}} }

// Compare tells how one desired object stands, given the object as it was last seen, or nil. An object that another
// Application owns is an error that names it.
func (c *Comparer) Compare(ctx context.Context, applier *Applier, desired, seen *unstructured.Unstructured) (State, error) {
	id := IDOf(desired)
	state := State{ID: id, Live: seen}
	if seen == nil {
		state.Difference = "is missing"
		return state, nil
	}
	if err := checkOwner(desired, seen); err != nil {
		return state, err
	}
	if c.known(desired, seen) {
		state.Synced = true
		return state, nil
	}
	outcome, err := applier.dryRun(ctx, desired)
	if err != nil {
		return state, err
	}
	if outcome.GetResourceVersion() != seen.GetResourceVersion() {
		// The watch is behind: compare with what the dry run was made on.
		if state.Live, err = applier.Get(ctx, id); err != nil || state.Live == nil {
			state.Difference = "is missing"
			return state, err
		}
	}
	state.Difference = difference(outcome, state.Live)
	state.Synced = state.Difference == ""
	if state.Synced {
		c.Verified(desired, state.Live)
	}
	return state, nil
}

// Verified notes that applying desired to live changes nothing, as is so for the answer to an apply.
func (c *Comparer) Verified(desired, live *unstructured.Unstructured) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.verified[IDOf(desired)] = verified{desired: hash(desired.Object), live: Fingerprint(live)}
}

// Keep forgets all but these objects.
func (c *Comparer) Keep(desired []*unstructured.Unstructured) {
	kept := make(map[ID]bool, len(desired))
	for _, obj := range desired {
		kept[IDOf(obj)] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.verified, func(id ID, _ verified) bool { return !kept[id] })
}

func (c *Comparer) known(desired, seen *unstructured.Unstructured) bool {
	c.mu.Lock()
	known, ok := c.verified[IDOf(desired)]
	c.mu.Unlock()
	return ok && known.live == Fingerprint(seen) && known.desired == hash(desired.Object)
}

// checkOwner refuses an object that carries the labels of another Application.
func checkOwner(desired, live *unstructured.Unstructured) error {
	if owner := ownerOf(live); owner != (Owner{}) && owner != ownerOf(desired) {
		return &ObjectError{
			Object:  IDOf(desired).String(),
			Problem: fmt.Sprintf("belongs to Application %s: remove it from one of the two", owner),
		}
	}
	return nil
}

// Fingerprint hashes what people and controllers declare of a live object: all but its status and what the API server
// keeps for itself.
func Fingerprint(live *unstructured.Unstructured) string { return hash(declared(live)) }

// bookkeeping are the fields of metadata that the API server keeps for itself.
var bookkeeping = []string{"managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"} //nolint:gochecknoglobals // a constant in all but syntax

// declared is an object without its status and the API server's bookkeeping. It shares what it keeps with the object.
func declared(obj *unstructured.Unstructured) map[string]any {
	kept := maps.Clone(obj.Object)
	delete(kept, "status")
	if metadata, ok := kept["metadata"].(map[string]any); ok {
		metadata = maps.Clone(metadata)
		for _, field := range bookkeeping {
			delete(metadata, field)
		}
		kept["metadata"] = metadata
	}
	return kept
}

func hash(value map[string]any) string {
	data, err := json.Marshal(value) // sorts the keys
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// difference names the first field, in order of their paths, that an apply would change. It never shows a value: the
// object may be a Secret.
func difference(outcome, live *unstructured.Unstructured) string {
	path, differs := firstDifference(nil, declared(outcome), declared(live))
	if !differs {
		return ""
	}
	return "differs in " + strings.Join(path, ".")
}

func firstDifference(path []string, a, b any) ([]string, bool) {
	left, ok := a.(map[string]any)
	right, okToo := b.(map[string]any)
	if !ok || !okToo {
		return path, !reflect.DeepEqual(a, b)
	}
	keys := slices.Sorted(maps.Keys(left))
	for key := range right {
		if _, ok := left[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		if found, differs := firstDifference(append(slices.Clone(path), key), left[key], right[key]); differs {
			return found, true
		}
	}
	return nil, false
}
