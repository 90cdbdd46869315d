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
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// Applier writes objects to the API server. What it may do is what its client may do.
type Applier struct {
	client dynamic.Interface
	mapper meta.RESTMapper
}

// NewApplier returns an Applier that acts through client, which may impersonate somebody, and finds resources by mapper.
func NewApplier(client dynamic.Interface, mapper meta.RESTMapper) *Applier {
	return &Applier{client: client, mapper: mapper}
}

// Apply applies the desired object of each state that isn't synced, and returns the states as they are afterwards, in the
// same order, which must be that of Prepare. Objects whose kinds are at the same place in the order of applying are
// applied at the same time.
//
// It is a server-side apply that takes fields from other managers (force): what Git says is meant. Fields that Git doesn't
// name are left to whoever sets them.
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
	live, err := r.apply(ctx, state.Desired)
	if err != nil {
		state.Err = &Error{Op: "apply", ID: state.ID, Err: err, Hint: hintFor(err, state.ID)}
		state.Difference = fmt.Sprintf("can't be applied: %v", err)
		return
	}
	state.Changed = state.Live == nil || Fingerprint(state.Live) != Fingerprint(live)
	state.Live, state.Synced, state.Difference, state.Err = live, true, "", nil
	if state.ID.Kind == kindCRD && r.needed(state.ID.Name) {
		if err := r.applier.established(ctx, state.ID); err != nil {
			state.Synced, state.Difference = false, "isn't established"
			state.Err = &Error{Op: "apply", ID: state.ID, Err: err}
		}
	}
}

// settle bounds the time in which a kind that was just defined must be served by every part of the API server.
const settle = 10 * time.Second

// apply applies an object. One of a kind that was just defined may meet an API server that doesn't serve it yet.
func (r *applyRun) apply(ctx context.Context, desired *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	found, err := r.kinds.resolve(desired.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	live, err := r.applier.patch(ctx, found, desired, nil)
	if found.definition == "" || !apierrors.IsNotFound(err) || lacksNamespace(err) {
		return live, err
	}
	poll(ctx, settle, func() bool {
		live, err = r.applier.patch(ctx, found, desired, nil)
		return !apierrors.IsNotFound(err)
	})
	return live, err
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

// hintFor says what to do where the API server's words don't.
func hintFor(err error, id ID) string {
	if lacksNamespace(err) {
		return fmt.Sprintf("create namespace %s, or set the sync option CreateNamespace=true", id.Namespace)
	}
	return ""
}

// lacksNamespace recognises the refusal of an object whose namespace isn't there.
func lacksNamespace(err error) bool {
	status := apierrors.APIStatus(nil)
	return apierrors.IsNotFound(err) && errors.As(err, &status) && status.Status().Details != nil && status.Status().Details.Kind == "namespaces"
}

// DryRun returns what desired would become if it were applied now. Nothing is written.
func (a *Applier) DryRun(ctx context.Context, desired *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	found, err := kindsWith(a.mapper, nil).resolve(desired.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	return a.patch(ctx, found, desired, []string{metav1.DryRunAll})
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

func (a *Applier) patch(ctx context.Context, found kind, desired *unstructured.Unstructured, dryRun []string) (*unstructured.Unstructured, error) {
	options := metav1.ApplyOptions{FieldManager: FieldManager, Force: true, DryRun: dryRun}
	return a.resource(found, desired.GetNamespace()).Apply(ctx, desired.GetName(), desired, options)
}

func (a *Applier) resource(found kind, namespace string) dynamic.ResourceInterface {
	if !found.namespaced {
		return a.client.Resource(found.resource)
	}
	return a.client.Resource(found.resource).Namespace(namespace)
}

// EnsureNamespace creates a namespace if it is missing, and says whether it did. The namespace is nobody's: it carries no
// labels of an Application and is never pruned, since more than the Application may live in it.
func (a *Applier) EnsureNamespace(ctx context.Context, name string) (bool, error) {
	id := ID{Version: "v1", Kind: kindNamespace, Name: name}
	namespaces := a.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	_, err := namespaces.Get(ctx, name, metav1.GetOptions{})
	if err == nil {
		return false, nil
	}
	if !apierrors.IsNotFound(err) {
		return false, &Error{Op: "look for", ID: id, Err: err}
	}
	namespace := &unstructured.Unstructured{}
	namespace.SetGroupVersionKind(id.GroupVersionKind())
	namespace.SetName(name)
	_, err = namespaces.Create(ctx, namespace, metav1.CreateOptions{FieldManager: FieldManager})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return false, &Error{Op: "create", ID: id, Err: err}
	}
	return err == nil, nil
}
