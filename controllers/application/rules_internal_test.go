package application

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/syncer"
)

func TestApprovedSince(t *testing.T) {
	t.Parallel()
	asked := time.Date(2026, 11, 23, 12, 0, 0, 700000000, time.UTC)
	cases := map[string]struct {
		reason      string
		annotations map[string]string
		want        bool
	}{
		"None":   {reason: "nobody has said anything"},
		"Before": {reason: "an older confirmation was of something else", annotations: map[string]string{v1alpha1.DeletionApprovedAnnotation: "2026-11-23T11:59:59Z"}},
		"Second": {reason: "confirmations are written in whole seconds", annotations: map[string]string{v1alpha1.DeletionApprovedAnnotation: "2026-11-23T12:00:00Z"}, want: true},
		"Zone":   {reason: "in whatever zone", annotations: map[string]string{v1alpha1.ArgoDeletionApprovedAnnotation: "2026-11-23T13:00:01+01:00"}, want: true},
		"Later": {
			reason: "of two the later counts",
			annotations: map[string]string{
				v1alpha1.DeletionApprovedAnnotation: "2025-01-01T00:00:00Z", v1alpha1.ArgoDeletionApprovedAnnotation: "2026-11-24T00:00:00Z",
			},
			want: true,
		},
		"Word": {reason: "a word is no time", annotations: map[string]string{v1alpha1.DeletionApprovedAnnotation: "yes"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := &v1alpha1.Application{}
			app.Annotations = tc.annotations
			if got := approvedSince(app, asked); got != tc.want {
				t.Errorf("%s: got %v", tc.reason, got)
			}
		})
	}
}

func TestRulesOf(t *testing.T) {
	t.Parallel()
	app := &v1alpha1.Application{}
	app.Spec.SyncPolicy.SyncOptions = []string{"Prune=confirm", "Replace=true"}
	rules, err := RulesOf(app, []string{"Replace=false"})
	if diff := cmp.Diff(syncer.Options{Prune: syncer.Confirm}, rules.Options); diff != "" || err != nil {
		t.Errorf("what was asked for counts before the policy, got %v (-want, +got):\n%s", err, diff)
	}
	app.Spec.SyncPolicy.SyncOptions = []string{"ServerSideApply=no"}
	_, err = RulesOf(app, nil)
	want := "spec.syncPolicy.syncOptions: sync option \"ServerSideApply=no\": ServerSideApply is one of true, false"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
