package syncer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fairlead/fairlead/syncer"
)

func TestParseOptions(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason  string
		list    []string
		want    syncer.Options
		wantErr string
	}{
		"None": {reason: "the zero value are the defaults"},
		"Switches": {
			reason: "each switch sets its own field",
			list: []string{
				"CreateNamespace=true", "ApplyOutOfSyncOnly=true", "PruneLast=true", "Replace=true", "Force=true",
				"SkipDryRunOnMissingResource=true", "FailOnSharedResource=true", "RespectIgnoreDifferences=true",
			},
			want: syncer.Options{
				CreateNamespace: true, ApplyOutOfSyncOnly: true, PruneLast: true, Replace: true, Force: true,
				SkipDryRunOnMissingResource: true, FailOnSharedResource: true, RespectIgnoreDifferences: true,
			},
		},
		"Negative": {
			reason: "options that are on unless they are switched off",
			list:   []string{"Validate=false", "ClientSideApplyMigration=false"},
			want:   syncer.Options{SkipValidation: true, KeepManagers: true},
		},
		"Permissions": {
			reason: "three answers",
			list:   []string{"Prune=confirm", "Delete=false"},
			want:   syncer.Options{Prune: syncer.Confirm, Delete: syncer.Forbidden},
		},
		"Propagation": {
			reason: "as the API server spells it",
			list:   []string{"PrunePropagationPolicy=foreground"},
			want:   syncer.Options{Propagation: metav1.DeletePropagationForeground},
		},
		"Twice": {
			reason: "the later counts",
			list:   []string{"Replace=true", "Replace=false", " Prune=false ", ""},
			want:   syncer.Options{Prune: syncer.Forbidden},
		},
		"ServerSide": {reason: "what is the default may be said", list: []string{"ServerSideApply=true"}},
		"ClientSide": {reason: "it is a name for the lack of another", list: []string{"ServerSideApply=false"}, want: syncer.Options{ClientSide: true}},
		"Unknown": {
			reason: "the error says what there is",
			list:   []string{"Replace=true", "PruneFirst=true"},
			wantErr: `sync option "PruneFirst=true": there is no such option: there are CreateNamespace, ApplyOutOfSyncOnly, PruneLast, Replace, Force, ` +
				"ServerSideApply, ClientSideApplyMigration, Validate, SkipDryRunOnMissingResource, FailOnSharedResource, RespectIgnoreDifferences, Prune, Delete, PrunePropagationPolicy",
		},
		"Value": {reason: "and what it may be", list: []string{"Prune=maybe"}, wantErr: `sync option "Prune=maybe": Prune is one of true, false, confirm`},
		"Bare":  {reason: "an option without a value", list: []string{"Replace"}, wantErr: `sync option "Replace": Replace is one of true, false`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := syncer.ParseOptions(tc.list)
			if diff := cmp.Diff(tc.want, got); tc.wantErr == "" && diff != "" {
				t.Errorf("%s: (-want +got)\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.wantErr, text(err)); diff != "" {
				t.Errorf("%s: error (-want +got)\n%s", tc.reason, diff)
			}
		})
	}
}

func TestOptionsOf(t *testing.T) {
	t.Parallel()
	base := syncer.Options{Prune: syncer.Confirm, Replace: true}
	cases := map[string]struct {
		reason      string
		annotations map[string]string
		want        syncer.Options
		wantErr     string
	}{
		"None": {reason: "the Application's count", want: base},
		"Ours": {
			reason:      "an object overrides its Application, both ways",
			annotations: map[string]string{"fairlead.dev/sync-options": "Prune=true, Force=true"},
			want:        syncer.Options{Prune: syncer.Allowed, Replace: true, Force: true},
		},
		"Argo": {
			reason:      "Argo CD's spelling counts, too",
			annotations: map[string]string{"argocd.argoproj.io/sync-options": "Replace=false"},
			want:        syncer.Options{Prune: syncer.Confirm},
		},
		"Both": {
			reason: "ours stands in for Argo CD's where both are there",
			annotations: map[string]string{
				"fairlead.dev/sync-options": "Prune=false", "argocd.argoproj.io/sync-options": "Replace=false",
			},
			want: syncer.Options{Prune: syncer.Forbidden, Replace: true},
		},
		"Whole": {
			reason:      "what counts for a whole Application isn't an object's to say",
			annotations: map[string]string{"argocd.argoproj.io/sync-options": "CreateNamespace=true"},
			want:        base,
			wantErr: "annotation argocd.argoproj.io/sync-options: sync option CreateNamespace=true counts for a whole Application: " +
				"move it to spec.syncPolicy.syncOptions",
		},
		"Unknown": {
			reason:      "only an object's options are listed",
			annotations: map[string]string{"fairlead.dev/sync-options": "Prune"},
			want:        base,
			wantErr:     `annotation fairlead.dev/sync-options: sync option "Prune": Prune is one of true, false, confirm`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			obj := &unstructured.Unstructured{Object: map[string]any{}}
			obj.SetAnnotations(tc.annotations)
			got, err := base.Of(obj)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.wantErr, text(err)); diff != "" {
				t.Errorf("%s: error (-want +got)\n%s", tc.reason, diff)
			}
		})
	}
}
