package application

import (
	"context"
	"errors"
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
	hooks    []syncer.Hook
	applier  *syncer.Applier
	// plan: what was last seen, and what an earlier revision applied and this one doesn't hold.
	live     map[syncer.ID]*unstructured.Unstructured
	leftover []syncer.ID
	// plan, then sync: what is left over, too, and on its way out.
	leaving []syncer.ID
	// plan: what is in the way of pruning; again is when to look again, if nothing else happens.
	left  map[syncer.ID]left
	again time.Duration
	// compare, then sync: each desired object's state, in the order of desired.
	compared bool
	states   []syncer.State
	// positions of the objects among the states.
	positions map[syncer.ID]int
	// judge: the health of each state.
	healths []syncer.Health
	// sync: the sync that ran, as it is to be recorded; nil if none did. applied is true if it has applied all of these
	// manifests.
	operation *v1alpha1.OperationStatus
	applied   bool
	// sync: stepwise is true if it isn't done in one pass, opens as long as the history doesn't tell that it has begun, gaveUp if
	// it isn't tried again. superseded is the revision of one that gave way to it.
	stepwise, opens, gaveUp bool
	superseded              string
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
	if hung := (*unreachableError)(nil); errors.As(err, &hung) {
		reason = v1alpha1.ReasonClusterUnreachable
	}
	s.reason = access.ReasonOf(err, reason)
	return err
}

// automated says whether differences are mended without being asked.
func (s *scope) automated() bool {
	automated := s.app.Spec.SyncPolicy.Automated
	return automated != nil && (automated.Enabled == nil || *automated.Enabled) && !s.app.Spec.Suspend
}

// judgement is the digest of what comparisons go by.
func (s *scope) judgement() string {
	digest, err := hashOf(map[string]any{"policy": s.app.Spec.SyncPolicy.SyncOptions, "ignored": s.app.Spec.IgnoreDifferences, "asked": s.askedOptions()})
	if err != nil {
		return "" // these are lists of texts: they can be written
	}
	return digest
}

// state finds the state of a desired object.
func (s *scope) state(id syncer.ID) *syncer.State {
	if s.positions == nil {
		s.positions = make(map[syncer.ID]int, len(s.states))
		for i := range s.states {
			s.positions[s.states[i].ID] = i
		}
	}
	return &s.states[s.positions[id]]
}

// owner is the Application as the labels of its objects name it.
func (s *scope) owner() syncer.Owner {
	return syncer.Owner{Namespace: s.key.Namespace, Name: s.key.Name}
}

// isNew says whether these manifests weren't applied yet.
func (s *scope) isNew() bool { return s.app.Status.Sync.Applied != s.rendered.digest }

// differs says whether anything is not as the revision says.
func (s *scope) differs() bool { return len(s.surplus()) > 0 || s.unsynced() > 0 }

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
