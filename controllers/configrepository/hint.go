package configrepository

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/fairlead/fairlead/api/v1alpha1"
	gitwebhook "github.com/fairlead/fairlead/gitwriter/webhook"
)

// hintEvery is how often hints can cause a look at a remote head: of a flood of them the first does at once, and one more
// after each hintEvery.
const hintEvery = time.Second

// Hint says that somebody may have pushed to a branch. The ConfigRepositories in the namespace (all of them if it is empty)
// that follow it are looked at without delay, the suspended ones as well; the Git server decides whether there is anything new. It
// returns their number.
func (r *Reconciler) Hint(namespace string, push gitwebhook.Push) int {
	var repositories v1alpha1.ConfigRepositoryList
	if err := r.client.List(context.Background(), &repositories, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		return 0 // The cache has stopped, and with it everything that could follow.
	}
	matched := 0
	for i := range repositories.Items {
		repository := &repositories.Items[i]
		if !push.Matches(repository.Spec.URL, repository.Spec.Branch) {
			continue
		}
		matched++
		key := client.ObjectKeyFromObject(repository)
		wait := r.hints.add(key, push.Revision, r.now())
		if queue := r.queue.Load(); queue != nil {
			(*queue).AddAfter(reconcile.Request{NamespacedName: key}, wait)
		}
	}
	return matched
}

// hints remembers what was told of each repository since it was last looked at. It is safe for concurrent use.
type hints struct {
	mu    sync.Mutex
	known map[types.NamespacedName]hinted
}

// hinted is what was told of a repository.
type hinted struct {
	// waits: a look is still to be made, for the commit revision if that is known.
	waits    bool
	revision string
	// from is when the next look may be made because of a hint.
	from time.Time
}

func newHints() *hints { return &hints{known: map[types.NamespacedName]hinted{}} }

// add notes a hint, and returns how far off the look is that it causes.
func (h *hints) add(key types.NamespacedName, revision string, now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.known[key]
	known.waits, known.revision = true, revision
	h.known[key] = known
	return max(0, known.from.Sub(now))
}

// due says whether a hint asks for a look at a repository whose head is known to be head: not one that tells of that very
// commit, as those of Fairlead's own pushes do.
func (h *hints) due(key types.NamespacedName, head string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.known[key]
	switch {
	case !known.waits || now.Before(known.from):
		return false
	case known.revision != "" && known.revision == head:
		known.waits = false
		h.known[key] = known
		return false
	}
	return true
}

// looked notes that a look begins: hints that came before it are answered by it.
func (h *hints) looked(key types.NamespacedName, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known, ok := h.known[key]; ok {
		known.waits, known.from = false, now.Add(hintEvery)
		h.known[key] = known
	}
}

// forget drops a repository that is gone.
func (h *hints) forget(key types.NamespacedName) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.known, key)
}
