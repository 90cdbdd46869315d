package configrepository

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// TestHints: a flood of hints costs one look a second, and one that tells what is known costs none.
func TestHints(t *testing.T) {
	t.Parallel()
	const known, pushed = "1111", "2222"
	key, other := types.NamespacedName{Namespace: "a", Name: "config"}, types.NamespacedName{Namespace: "b", Name: "config"}
	start := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	h := newHints()
	step := func(reason string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s: want %v, got %v", reason, want, got)
		}
	}
	step("nobody told anything", h.due(key, known, start), false)
	h.looked(key, start)
	step("the first hint asks at once, however lately the interval did", h.add(key, pushed, start), time.Duration(0))
	step("and says that the head moved", h.due(key, known, start), true)
	step("to the one that was told of", h.due(other, known, start), false)
	h.looked(key, start)
	step("that look answered it", h.due(key, known, start), false)

	step("another one waits its turn", h.add(key, "3333", start.Add(300*time.Millisecond)), 700*time.Millisecond)
	step("and so does the next", h.add(key, "4444", start.Add(400*time.Millisecond)), 600*time.Millisecond)
	step("whatever else happens meanwhile", h.due(key, pushed, start.Add(500*time.Millisecond)), false)
	step("then it asks", h.due(key, pushed, start.Add(time.Second)), true)
	h.looked(key, start.Add(time.Second))
	step("once for both", h.due(key, "4444", start.Add(3*time.Second)), false)

	h.add(key, "5555", start.Add(4*time.Second))
	step("a hint of the head that is known, as of a push of one's own, asks for nothing", h.due(key, "5555", start.Add(4*time.Second)), false)
	step("and is done with", h.due(key, "6666", start.Add(4*time.Second)), false)
	h.add(key, "", start.Add(5*time.Second))
	step("one without a commit asks", h.due(key, "6666", start.Add(5*time.Second)), true)
	h.forget(key)
	step("of what is gone nothing is kept", h.due(key, "6666", start.Add(5*time.Second)), false)
}
