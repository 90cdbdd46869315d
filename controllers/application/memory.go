package application

import (
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/syncer"
)

// memory is what is kept of an Application between reconciliations to save requests. Losing it costs requests, never
// correctness.
type memory struct {
	// comparer knows which live objects were found equal to which desired ones.
	comparer *syncer.Comparer
	// judgement is the digest of the rules that the comparer's answers go by.
	judgement string
	// app is the Application as a sync has written it last, until the watch has caught up.
	app *v1alpha1.Application
	// namespaceAt is the generation of the spec for which the namespace was made sure of.
	namespaceAt int64
	// putOff is the revision for which others were let go first.
	putOff string
	// asked is the word in the reconcile-at annotation that was obeyed last.
	asked string
	// written holds objects as the API server answered them to an apply, until the watch has caught up.
	written map[syncer.ID]*unstructured.Unstructured
	// checks are the compiled health checks of generation checked.
	checks  syncer.HealthChecks
	checked int64
	// symptoms are those of the workloads that aren't healthy.
	symptoms map[syncer.ID]*symptom
	// differing are the objects that were found to differ in the last look, though their manifests weren't new.
	differing map[syncer.ID]bool
	// fights are the objects that were set back lately.
	fights fights
}

// memories holds one memory for each Application. One Application is reconciled once at a time, so that the memory itself
// needs no lock.
type memories struct {
	mu      sync.Mutex
	entries map[types.NamespacedName]*memory
}

func newMemories() *memories { return &memories{entries: map[types.NamespacedName]*memory{}} }

func (m *memories) of(key types.NamespacedName) *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.entries[key]
	if !ok {
		known = &memory{comparer: syncer.NewComparer(), written: map[syncer.ID]*unstructured.Unstructured{}, fights: fights{}}
		m.entries[key] = known
	}
	return known
}

func (m *memories) forget(key types.NamespacedName) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, key)
}

// obey makes the next comparison ask the API server for everything anew when there is a new word in the annotation.
func (m *memory) obey(asked string) {
	if m.asked != asked {
		m.asked = asked
		m.comparer.Forget()
	}
}

// judgeBy makes the next comparison ask anew when the rules have changed, and with them perhaps what counts as a difference.
func (m *memory) judgeBy(rules string) {
	if m.judgement != rules {
		m.judgement = rules
		m.comparer.Forget()
	}
}

// note keeps an Application as it was written, until the watch has caught up.
func (m *memory) note(app *v1alpha1.Application) { m.app = app.DeepCopy() }

// current is the newer of an Application as it was read and as a sync has written it last. Right after a sync the watch still
// shows it running, and what is left to do of it can't be told from that.
func (m *memory) current(read *v1alpha1.Application) *v1alpha1.Application {
	written := m.app
	if written == nil {
		return read
	}
	order, err := resourceversion.CompareResourceVersion(read.ResourceVersion, written.ResourceVersion)
	if err == nil && order < 0 && read.UID == written.UID {
		return written.DeepCopy()
	}
	m.app = nil
	return read
}

// newest is the newer of what the watch has seen and what was written last. Right after an apply the watch still shows
// the object before it, which would look like drift, and as healthy. The second result is false where only the API
// server knows: the object was written and the watch doesn't show it, not yet or not any more.
func (m *memory) newest(id syncer.ID, seen *unstructured.Unstructured) (*unstructured.Unstructured, bool) {
	written, ok := m.written[id]
	switch {
	case !ok:
		return seen, true
	case seen == nil:
		return nil, false
	case older(seen, written):
		return written, true
	default:
		delete(m.written, id)
		return seen, true
	}
}

// older says whether a is an earlier state than b of an object of the same name, or one that b took the place of: resource
// versions grow over all objects of a kind.
func older(a, b *unstructured.Unstructured) bool {
	order, err := resourceversion.CompareResourceVersion(a.GetResourceVersion(), b.GetResourceVersion())
	return err == nil && order < 0
}
