package application

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/syncer"
)

// step is one part of a reconciliation. An error ends it; what the steps before have found is recorded all the same.
type step func(context.Context, *scope) error

// scope is what the steps of one reconciliation share. Each field is set by the step that is named.
type scope struct {
	key    types.NamespacedName
	app    *v1alpha1.Application
	memory *memory

	// permit: where the objects go, what may be touched there, and the clients that touch it.
	cluster    *cluster
	permission access.Permission
	client     dynamic.Interface
	explainer  *syncer.Explainer
	// healthChecks: the expressions of the spec.
	checks syncer.HealthChecks
	// find: the repository and the revision.
	repository *v1alpha1.ConfigRepository
	head       v1alpha1.Head
	// render: the objects as rendered, shared with later reconciliations.
	rendered rendered
	// prepare: the rules that count, and the objects as they are to be applied; plan: in the order of applying. declared is
	// true once other Applications know what this one declares.
	rules    syncer.Rules
	declared bool
	desired  []*unstructured.Unstructured
	applier  *syncer.Applier
	// plan: what was last seen, and what an earlier revision applied and this one doesn't hold.
	live     map[syncer.ID]*unstructured.Unstructured
	leftover []syncer.ID
	// plan: what is in the way of pruning; again is when to look again, if nothing else happens.
	left  map[syncer.ID]left
	again time.Duration
	// compare, then sync: each desired object's state, in the order of desired.
	compared bool
	states   []syncer.State
	// judge: the health of each state.
	healths []syncer.Health
	// sync: what was done.
	changed int
	pruned  int
	taken   []syncer.State

	// reason classifies err for the conditions.
	reason v1alpha1.Reason
	err    error
}

// fail notes the reason of an error, unless the error brings its own.
func (s *scope) fail(reason v1alpha1.Reason, err error) error {
	s.reason = access.ReasonOf(err, reason)
	return err
}

// automated says whether differences are mended without being asked.
func (s *scope) automated() bool {
	return s.app.Spec.SyncPolicy.Automated != nil && !s.app.Spec.Suspend
}

// owner is the Application as the labels of its objects name it.
func (s *scope) owner() syncer.Owner {
	return syncer.Owner{Namespace: s.key.Namespace, Name: s.key.Name}
}

// isNew says whether these manifests weren't applied yet.
func (s *scope) isNew() bool { return s.app.Status.Sync.Applied != s.rendered.digest }

// differs says whether anything is not as the revision says.
func (s *scope) differs() bool { return len(s.leftover) > 0 || s.unsynced() > 0 }

// unsynced counts the desired objects that the cluster doesn't hold as they are.
func (s *scope) unsynced() int {
	unsynced := 0
	for _, state := range s.states {
		if !state.Synced {
			unsynced++
		}
	}
	return unsynced
}
