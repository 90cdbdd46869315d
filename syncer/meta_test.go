package syncer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fairlead/fairlead/syncer"
)

func TestMetaOf(t *testing.T) {
	t.Parallel()
	before := []syncer.DeletePolicy{syncer.BeforeHookCreation}
	tests := []struct {
		reason      string
		annotations map[string]string
		want        syncer.Meta
	}{
		{reason: "an object without annotations is applied in wave 0 and kept"},
		{
			reason: "annotations that aren't about syncing say nothing", annotations: map[string]string{"a": "b"},
		},
		{
			reason: "Argo CD's wave counts", annotations: map[string]string{"argocd.argoproj.io/sync-wave": "-5"}, want: syncer.Meta{Wave: -5},
		},
		{
			reason: "Fairlead's wave counts before Argo CD's, and that before Helm's weight",
			annotations: map[string]string{
				"fairlead.dev/sync-wave": "3", "argocd.argoproj.io/sync-wave": "2", "helm.sh/hook-weight": "1",
			},
			want: syncer.Meta{Wave: 3},
		},
		{
			reason: "a wave that is no number is a problem, not wave 0", annotations: map[string]string{"fairlead.dev/sync-wave": "first"},
			want: syncer.Meta{Problems: []string{`annotation fairlead.dev/sync-wave: "first" can't be understood: it takes a whole number`}},
		},
		{
			reason: "a hook may run in several phases", annotations: map[string]string{"argocd.argoproj.io/hook": "PreSync, PostSync,PreSync"},
			want: syncer.Meta{Hooks: []syncer.HookPhase{syncer.PreSync, syncer.PostSync}, DeletePolicies: before},
		},
		{
			reason: "Helm's installation and upgrade are one sync; its weight is the wave",
			annotations: map[string]string{
				"helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-weight": "-1", "helm.sh/hook-delete-policy": "hook-succeeded,hook-failed",
			},
			want: syncer.Meta{
				Wave: -1, Hooks: []syncer.HookPhase{syncer.PreSync}, DeletePolicies: []syncer.DeletePolicy{syncer.HookSucceeded, syncer.HookFailed},
			},
		},
		{
			reason:      "Helm's own hook doesn't count where Argo CD's is given",
			annotations: map[string]string{"helm.sh/hook": "pre-upgrade", "argocd.argoproj.io/hook": "Skip"},
			want:        syncer.Meta{Hooks: []syncer.HookPhase{syncer.Skip}, DeletePolicies: before},
		},
		{
			reason: "Helm's test is skipped", annotations: map[string]string{"helm.sh/hook": "test"},
			want: syncer.Meta{Hooks: []syncer.HookPhase{syncer.Skip}, DeletePolicies: before},
		},
		{
			reason: "what is skipped doesn't keep a hook from its other phases", annotations: map[string]string{"helm.sh/hook": "post-install,post-rollback"},
			want: syncer.Meta{Hooks: []syncer.HookPhase{syncer.PostSync}, DeletePolicies: before},
		},
		{
			reason: "Helm's crd-install is an object like any other", annotations: map[string]string{"helm.sh/hook": "crd-install"},
		},
		{
			reason: "Helm's hooks of deletion", annotations: map[string]string{"helm.sh/hook": "pre-delete,post-delete"},
			want: syncer.Meta{Hooks: []syncer.HookPhase{syncer.PreDelete, syncer.PostDelete}, DeletePolicies: before},
		},
		{
			reason:      "words that there aren't are named",
			annotations: map[string]string{"argocd.argoproj.io/hook": "PreSync,Presync", "argocd.argoproj.io/hook-delete-policy": "Never"},
			want: syncer.Meta{Hooks: []syncer.HookPhase{syncer.PreSync}, DeletePolicies: before, Problems: []string{
				`annotation argocd.argoproj.io/hook: "Presync" can't be understood: it takes PostDelete, PostSync, PreDelete, PreSync, Skip, Sync, SyncFail`,
				`annotation argocd.argoproj.io/hook-delete-policy: "Never" can't be understood: it takes BeforeHookCreation, HookFailed, HookSucceeded`,
			}},
		},
		{
			reason: "extraneous objects may be ignored", annotations: map[string]string{"argocd.argoproj.io/compare-options": "IgnoreExtraneous,ServerSideDiff=true"},
			want: syncer.Meta{IgnoreExtraneous: true},
		},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			t.Parallel()
			obj := &unstructured.Unstructured{Object: map[string]any{}}
			if test.annotations != nil {
				obj.SetAnnotations(test.annotations)
			}
			if diff := cmp.Diff(test.want, syncer.MetaOf(obj)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
