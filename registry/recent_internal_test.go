package registry

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRecent checks that what is kept is bounded by its weight, and gives way by its last use.
func TestRecent(t *testing.T) {
	t.Parallel()

	r := newRecent[string, *int](3)
	made := func() *int { return new(int) }

	one, two := r.getOr("one", made), r.getOr("two", made)

	if r.getOr("one", made) != one || r.getOr("two", made) != two || one == two {
		t.Error("something wasn't kept, or was shared")
	}

	r.get("one")
	r.put("three", made(), 2)

	if got, _ := r.get("one"); got != one {
		t.Error("what was used last gave way")
	}

	if _, ok := r.get("two"); ok {
		t.Error("what was used longest ago was kept")
	}

	r.put("three", made(), 1)
	r.getOr("four", made)

	if diff := cmp.Diff([]int{3, 3, 3}, []int{len(r.byKey), r.byUse.Len(), r.weight}); diff != "" {
		t.Errorf("kept, and its weight (-want +got):\n%s", diff)
	}

	r.put("too heavy", made(), 4)

	if diff := cmp.Diff([]int{0, 0, 0}, []int{len(r.byKey), r.byUse.Len(), r.weight}); diff != "" {
		t.Errorf("kept after what is more than everything (-want +got):\n%s", diff)
	}

	r.put("five", made(), 1)
	r.drop("five")
	r.drop("five")

	if diff := cmp.Diff([]int{0, 0, 0}, []int{len(r.byKey), r.byUse.Len(), r.weight}); diff != "" {
		t.Errorf("kept after the last was dropped (-want +got):\n%s", diff)
	}
}
