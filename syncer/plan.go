package syncer

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Plan is what a sync has to look at.
type Plan struct {
	// Apply holds the desired objects in the order of applying.
	Apply []*unstructured.Unstructured
	// Prune holds what an earlier revision applied and this one doesn't hold, in the order of deletion: the reverse of
	// the order of applying.
	Prune []ID
	// Leaving holds what is of the kind of Prune and on its way out already.
	Leaving []ID
	// Handed holds those of Prune that another Application declares, and which one: they are left to it.
	Handed map[ID]Owner
}

// Others tells what other Applications are after.
type Others interface {
	// Holds says whether another Application declares an object, or may do so for all that is known.
	Holds(other Owner, id ID) bool
	// Declares finds an Application other than the owner that declares an object.
	Declares(owner Owner, id ID) (Owner, bool)
}

// PlanSync compares what is desired (see Prepare) with the inventory, the objects that were applied earlier, and with what
// is live. live holds the objects as last seen, by the IDs of the desired objects and of the inventory; nil is an object
// that is known not to be there, a missing entry one of which nothing is known.
//
// What is in the inventory and known to be gone, to be on its way out, or not to belong to the owner any more, needs no
// pruning. A desired object that belongs to another Application, and that the other declares, too, is refused with a
// *RefusedError that names both: two Applications would take it from each other forever. One that the other doesn't declare
// any more is taken over.
func PlanSync(desired []*unstructured.Unstructured, inventory []ID, owner Owner, live map[ID]*unstructured.Unstructured, others Others) (Plan, error) {
	plan := Plan{Apply: slices.Clone(desired), Handed: map[ID]Owner{}}
	slices.SortStableFunc(plan.Apply, func(a, b *unstructured.Unstructured) int { return compareIDs(IDOf(a), IDOf(b)) })
	wanted := make(map[ID]bool, len(desired))
	var claimed []string
	for _, obj := range plan.Apply {
		id := IDOf(obj)
		wanted[id.Unversioned()] = true
		if other, taken := claimant(live[id], owner); taken && others.Holds(other, id) {
			claimed = append(claimed, fmt.Sprintf(
				"%s belongs to Application %s: remove it from one of the two", id, other))
		}
	}
	if len(claimed) > 0 {
		return Plan{}, &RefusedError{Problems: claimed, Passing: true}
	}
	for _, id := range inventory {
		if wanted[id.Unversioned()] || gone(id, owner, live) {
			continue
		}
		wanted[id.Unversioned()] = true // an inventory that names it twice
		if obj := live[id]; obj != nil && obj.GetDeletionTimestamp() != nil {
			plan.Leaving = append(plan.Leaving, id)
			continue
		}
		plan.Prune = append(plan.Prune, id)
		if other, handed := others.Declares(owner, id); handed {
			plan.Handed[id] = other
		}
	}
	slices.SortFunc(plan.Prune, func(a, b ID) int { return compareIDs(b, a) })
	return plan, nil
}

// claimant is the other Application that obj belongs to.
func claimant(obj *unstructured.Unstructured, owner Owner) (Owner, bool) {
	if obj == nil {
		return Owner{}, false
	}
	other, owned := OwnerOf(obj)
	return other, owned && other != owner
}

// gone says whether an object of the inventory is known not to be there, or not to be the owner's.
func gone(id ID, owner Owner, live map[ID]*unstructured.Unstructured) bool {
	obj, known := live[id]
	if !known {
		return false
	}
	if obj == nil {
		return true
	}
	current, owned := OwnerOf(obj)
	return !owned || current != owner
}
