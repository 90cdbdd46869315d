package syncer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// Applier writes objects to the API server. What it may do is what its client may do.
type Applier struct {
	client dynamic.Interface
	mapper meta.RESTMapper
	rules  Rules
}

// NewApplier returns an Applier that acts through client, which may impersonate somebody, and finds resources by mapper.
func NewApplier(client dynamic.Interface, mapper meta.RESTMapper) *Applier {
	return &Applier{client: client, mapper: mapper}
}

// Under returns an Applier that does the same under the rules of an Application.
func (a *Applier) Under(rules Rules) *Applier {
	return &Applier{client: a.client, mapper: a.mapper, rules: rules}
}

// Apply applies the desired object of each state that isn't synced, and returns the states as they are afterwards, in the
// same order, which must be that of Prepare. Objects whose kinds are at the same place in the order of applying are
// applied at the same time.
//
// It is a server-side apply that takes fields from other managers: what Git says is meant. Whose fields were taken stands in
// the state. Fields that Git doesn't name are left to whoever sets them, except that an object which another deployer has
// applied before (kubectl, Helm, Argo CD, Flux) is taken over as a whole. Options of the Application and of each object say
// otherwise, see Options.
//
// An object of which nobody knows yet whether it differs is compared first: one that is in sync isn't written, so that the
// revision on it stays the one that changed it last. One that is on its way out is left alone until it is gone; it has no error.
//
// An object that fails doesn't keep the others from being applied, except for namespaces and CustomResourceDefinitions: what
// comes after them would only fail for their sake. The error is a *FailuresError that names each. After an error nothing may be
// pruned.
func (a *Applier) Apply(ctx context.Context, states []State) ([]State, error) {
	after := append([]State(nil), states...)
	desired := make([]*unstructured.Unstructured, len(after))
	for i := range after {
		desired[i] = after[i].Desired
	}
	run := applyRun{applier: a, kinds: kindsWith(a.mapper, desired), states: after}
	for start := 0; start < len(after); {
		end := start + 1
		for end < len(after) && rank(after[end].ID) == rank(after[start].ID) {
			end++
		}
		run.stage(ctx, start, end)
		if run.blocked(start, end) || ctx.Err() != nil {
			break
		}
		start = end
	}
	if err := ctx.Err(); err != nil {
		return after, fmt.Errorf("apply: %w", err)
	}
	return after, run.failures()
}

// applyRun is one call of Apply.
type applyRun struct {
	applier *Applier
	kinds   kinds
	states  []State
}

// stage applies the objects from start to before end.
func (r *applyRun) stage(ctx context.Context, start, end int) {
	var group errgroup.Group
	group.SetLimit(concurrency)
	for i := start; i < end; i++ {
		if r.states[i].Synced {
			continue
		}
		group.Go(func() error {
			r.one(ctx, &r.states[i])
			return nil
		})
	}
	_ = group.Wait() // the states hold the errors
}

// one applies one object, and waits for a definition that others in this sync need.
func (r *applyRun) one(ctx context.Context, state *State) {
	if state.Live != nil && state.Live.GetDeletionTimestamp() != nil {
		state.Difference, state.Compared = beingDeleted, true
		return
	}
	outcome, err := r.apply(ctx, state)
	if err != nil {
		state.Err = &Error{Op: "apply", ID: state.ID, Err: err, Hint: hintFor(err, state)}
		state.Difference = "can't be applied: " + wordsOf(err)
		return
	}
	if outcome.leaving {
		state.Difference, state.Compared = beingDeleted, true
		return
	}
	state.Changed = state.Live == nil || Fingerprint(state.Live) != Fingerprint(outcome.Object)
	state.Live, state.Conflicts = outcome.Object, outcome.Conflicts
	state.Synced, state.Compared, state.Difference, state.Err = true, true, "", nil
	if state.ID.Kind == kindCRD && r.needed(state.ID.Name) {
		if err := r.applier.established(ctx, state.ID); err != nil {
			state.Synced, state.Difference = false, "isn't established"
			state.Err = &Error{Op: "apply", ID: state.ID, Err: err}
		}
	}
}

// settle bounds the time in which a kind that was just defined must be served by every part of the API server.
const settle = 10 * time.Second

// beingDeleted is the difference of an object that is on its way out.
const beingDeleted = "is being deleted, and is created again when it is gone"

// apply applies an object, unless it turns out that this changes nothing. One of a kind that was just defined may meet an
// API server that doesn't serve it yet.
func (r *applyRun) apply(ctx context.Context, state *State) (Outcome, error) {
	w, found, err := r.applier.writing(ctx, r.kinds, state)
	if err != nil {
		return Outcome{}, err
	}
	if state.Live != nil && !state.Compared {
		dry, err := w.dryRun(ctx)
		if err == nil && dry.same(state.Live) {
			return Outcome{Object: state.Live}, nil
		}
		w.conflicts = dry.Conflicts
	}
	outcome, err := w.run(ctx)
	if found.definition == "" || !apierrors.IsNotFound(err) || lacksNamespace(err) {
		return outcome, err
	}
	poll(ctx, settle, func() bool {
		outcome, err = w.run(ctx)
		return !apierrors.IsNotFound(err)
	})
	return outcome, err
}

// needed says whether an object of this sync is of a kind that the definition brings.
func (r *applyRun) needed(definition string) bool {
	for i := range r.states {
		if defined, ok := r.kinds.defined[r.states[i].ID.GroupVersionKind()]; ok && defined.definition == definition {
			return true
		}
	}
	return false
}

// blocked says whether a stage failed that others can't do without.
func (r *applyRun) blocked(start, end int) bool {
	for _, state := range r.states[start:end] {
		if state.Err != nil && !state.Synced && (state.ID.Kind == kindNamespace || state.ID.Kind == kindCRD) {
			return true
		}
	}
	return false
}

// failures gathers what failed.
func (r *applyRun) failures() error {
	var failures []*Error
	for _, state := range r.states {
		if failure := (*Error)(nil); errors.As(state.Err, &failure) && failure.Op == "apply" {
			failures = append(failures, failure)
		}
	}
	return errorsOf(failures)
}

// lacksNamespace recognises the refusal of an object whose namespace isn't there.
func lacksNamespace(err error) bool {
	status := apierrors.APIStatus(nil)
	return apierrors.IsNotFound(err) && errors.As(err, &status) && status.Status().Details != nil && status.Status().Details.Kind == "namespaces"
}

// DryRun returns what the object of a state would become if it were applied now. Nothing is written.
func (a *Applier) DryRun(ctx context.Context, state State) (Outcome, error) {
	w, _, err := a.writing(ctx, kindsWith(a.mapper, nil), &state)
	if err != nil {
		return Outcome{}, err
	}
	return w.dryRun(ctx)
}

// Get returns an object as it is now; nil if there is none, or no such kind.
func (a *Applier) Get(ctx context.Context, id ID) (*unstructured.Unstructured, error) {
	found, err := kindsWith(a.mapper, nil).resolve(id.GroupVersionKind())
	if meta.IsNoMatchError(err) {
		return nil, nil //nolint:nilnil // absence is an answer, not a failure
	}
	if err != nil {
		return nil, err
	}
	live, err := a.resource(found, id.Namespace).Get(ctx, id.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil //nolint:nilnil // absence is an answer, not a failure
	}
	return live, err
}

func (a *Applier) resource(found kind, namespace string) dynamic.ResourceInterface {
	if !found.namespaced {
		return a.client.Resource(found.resource)
	}
	return a.client.Resource(found.resource).Namespace(namespace)
}
