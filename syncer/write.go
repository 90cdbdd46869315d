package syncer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// Outcome is what an apply, or a dry run of one, has come to.
type Outcome struct {
	// Object as it is then.
	Object *unstructured.Unstructured
	// Conflicts are the fields that other managers had set otherwise.
	Conflicts []Conflict

	// ignored are the fields that don't count in a comparison.
	ignored []fieldPath
	// whole is true if the object was written in another way than by server-side apply: there is nothing to adopt then.
	whole bool
	// leaving is true, and Object nil, if the object was deleted to be created again and isn't gone yet.
	leaving bool
}

// write is one object on its way to the API server, with the rules that count for it.
type write struct {
	resource dynamic.ResourceInterface
	options  Options
	rules    Rules
	// desired as Prepare made it, live as last seen; nil if it isn't there.
	desired, live *unstructured.Unstructured
	// ignored are the fields of spec.ignoreDifferences.
	ignored []fieldPath
	// conflicts are those that a comparison has found.
	conflicts []Conflict
}

// writing makes a write of an object.
func (a *Applier) writing(ctx context.Context, kinds kinds, state *State) (*write, kind, error) {
	desired, live := state.Desired, state.Live
	found, err := kinds.resolve(desired.GroupVersionKind())
	if err != nil {
		return nil, found, err
	}
	if !found.namespaced && desired.GetNamespace() != "" {
		return nil, found, fmt.Errorf("kind %s is cluster-scoped, which wasn't known yet when the object was prepared: it is prepared anew", desired.GetKind())
	}
	options, err := a.rules.Options.Of(desired)
	if err != nil {
		return nil, found, err
	}
	w := &write{resource: a.resource(found, desired.GetNamespace()), options: options, rules: a.rules, desired: desired, live: live, conflicts: state.Conflicts}
	if live == nil {
		return w, found, nil
	}
	var managers []string
	w.ignored, managers = a.rules.Ignores.of(IDOf(desired))
	if len(managers) == 0 {
		return w, found, nil
	}
	// What is seen in watches has no managed fields.
	current, err := w.resource.Get(ctx, desired.GetName(), metav1.GetOptions{})
	if err != nil {
		return w, found, ignoreNotFound(err)
	}
	owned, err := managedBy(current, managers)
	w.live, w.ignored = current, append(slices.Clip(w.ignored), owned...)
	return w, found, err
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// dryRun says what would become of the object. Nothing is written.
func (w *write) dryRun(ctx context.Context) (Outcome, error) {
	return w.put(ctx, []string{metav1.DryRunAll})
}

// run writes the object.
func (w *write) run(ctx context.Context) (Outcome, error) {
	outcome, err := w.put(ctx, nil)
	if err != nil && w.mayRecreate(err) {
		outcome, err = w.recreate(ctx)
	}
	if err == nil && !outcome.whole && !outcome.leaving {
		outcome.Object, err = w.adopt(ctx, outcome.Object)
	}
	return outcome, err
}

// put applies the object, or replaces it where its options ask for that, or merges it.
func (w *write) put(ctx context.Context, dryRun []string) (Outcome, error) {
	outcome := Outcome{ignored: w.ignored}
	var err error
	switch {
	case w.options.Replace:
		outcome.whole = true
		outcome.Object, err = w.replace(ctx, dryRun)
		return outcome, err
	case w.options.ClientSide:
		outcome.whole = true
		outcome.Object, err = w.merge(ctx, dryRun)
		return outcome, err
	}
	outcome.Conflicts = w.conflicts
	outcome.Object, err = w.patch(ctx, len(w.conflicts) > 0, dryRun)
	if conflicts := conflictsOf(err); len(conflicts) > 0 {
		outcome.Conflicts = conflicts
		outcome.Object, err = w.patch(ctx, true, dryRun)
	}
	if w.options.SkipValidation && misfit(err) {
		outcome.whole = true
		outcome.Object, err = w.replace(ctx, dryRun)
	}
	return outcome, err
}

// body is the object as it is sent. A dry run leaves the revision that stands there: that alone is no difference.
func (w *write) body(dryRun []string) *unstructured.Unstructured {
	body := w.desired
	if w.options.RespectIgnoreDifferences && w.live != nil {
		body = respecting(body, w.live, w.ignored)
	}
	body = body.DeepCopy()
	revision := w.rules.Revision
	if len(dryRun) > 0 || revision == "" {
		revision = revisionOf(w.live)
	}
	markRevision(body, revision)
	return body
}

// patch is a server-side apply.
func (w *write) patch(ctx context.Context, force bool, dryRun []string) (*unstructured.Unstructured, error) {
	body := w.body(dryRun)
	return w.resource.Apply(ctx, body.GetName(), body, metav1.ApplyOptions{FieldManager: FieldManager, Force: force, DryRun: dryRun})
}

// unchangeable says whether a refusal may be one of the change, not of the object: an object that is invalid in itself is
// refused in the same way.
func unchangeable(err error) bool {
	status := apierrors.APIStatus(nil)
	return apierrors.IsInvalid(err) && errors.As(err, &status) && status.Status().Code == http.StatusUnprocessableEntity
}
