package application

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/syncer"
)

// TestDeletionHooks tells from the status alone which hooks are due, and what each of the two cascades deletes.
func TestDeletionHooks(t *testing.T) {
	t.Parallel()
	const object, namespace, hook = "ConfigMap web/object", "Namespace web", "ConfigMap web/hook"
	cases := map[string]struct {
		reason        string
		noted         string
		step          string
		phase         v1alpha1.OperationPhase
		before, after bool
		first, last   []string
	}{
		"None": {reason: "without hooks there is one cascade, of everything", step: "Sync 0", phase: v1alpha1.OperationSucceeded, first: []string{object, namespace, hook}},
		"NotBegun": {
			reason: "what was noted when it was applied is due", noted: "a", phase: v1alpha1.OperationSucceeded,
			before: true, after: true, first: []string{object, namespace, hook},
		},
		"OfASync": {
			reason: "a sync that failed at a hook is no deletion", noted: "a", step: "PreSync 0", phase: v1alpha1.OperationFailed,
			before: true, after: true, first: []string{object, namespace, hook},
		},
		"Before": {
			reason: "the hooks before it run", noted: "a", step: "PreDelete -1", phase: v1alpha1.OperationRunning,
			before: true, after: true, first: []string{object, hook},
		},
		"Held": {
			reason: "they have failed, and are due still", noted: "a", step: "PreDelete 0", phase: v1alpha1.OperationFailed,
			before: true, after: true, first: []string{object, hook},
		},
		"Cascade": {
			reason: "they aren't run twice, and a namespace waits for the hooks that come after", noted: "a", step: "Delete 0", phase: v1alpha1.OperationRunning,
			after: true, first: []string{object, hook},
		},
		"CascadeIsLast": {
			reason: "without hooks that come after, nothing waits for them", noted: "a", step: "Delete 0", phase: v1alpha1.OperationSucceeded,
			first: []string{object, namespace, hook},
		},
		"After": {
			reason: "the objects of hooks that run aren't deleted", noted: "a", step: "PostDelete 3", phase: v1alpha1.OperationRunning,
			after: true, last: []string{object, namespace, hook},
		},
		"Done": {
			reason: "then everything goes that is left", noted: "a", step: "PostDelete 3", phase: v1alpha1.OperationSucceeded,
			last: []string{object, namespace, hook},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := &v1alpha1.Application{Status: v1alpha1.ApplicationStatus{
				DeletionHooksAt: tc.noted,
				Resources: []v1alpha1.ResourceStatus{
					{Version: "v1", Kind: "ConfigMap", Namespace: "web", Name: "object"}, {Version: "v1", Kind: "Namespace", Name: "web"},
				},
				Operation: &v1alpha1.OperationStatus{
					Phase: tc.phase, Step: tc.step, Hooks: []v1alpha1.HookStatus{{Version: "v1", Kind: "ConfigMap", Namespace: "web", Name: "hook"}},
				},
			}}
			before, after := hooksAreDue(app, syncer.PreDelete), hooksAreDue(app, syncer.PostDelete)
			if before != tc.before || after != tc.after {
				t.Errorf("%s: want the hooks before to be due: %t, those after: %t; got %t, %t", tc.reason, tc.before, tc.after, before, after)
			}
			if diff := cmp.Diff(tc.first, texts(pendingObjects(app))); diff != "" {
				t.Errorf("%s: first cascade (-want +got):\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.last, texts(remainingObjects(app))); diff != "" {
				t.Errorf("%s: last cascade (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func texts(ids []syncer.ID) []string {
	var list []string
	for _, id := range ids {
		list = append(list, id.String())
	}
	return list
}

func TestDeletionIsAskedAgain(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason     string
		asked      string
		generation int64
		want       bool
	}{
		"Nothing": {reason: "what was obeyed isn't obeyed twice", asked: "1", generation: 3},
		"Asked":   {reason: "there is a new word in the annotation", asked: "2", generation: 3, want: true},
		"Changed": {reason: "the spec is another one", asked: "1", generation: 4, want: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := &v1alpha1.Application{
				ObjectMeta: metav1.ObjectMeta{Generation: tc.generation, Annotations: map[string]string{v1alpha1.ReconcileAtAnnotation: tc.asked}},
				Status:     v1alpha1.ApplicationStatus{ObservedGeneration: 3, LastHandledReconcileAt: "1"},
			}
			if got := isAskedAgain(app); got != tc.want {
				t.Errorf("%s: want %t, got %t", tc.reason, tc.want, got)
			}
		})
	}
}
