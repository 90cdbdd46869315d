package syncer_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fairlead/fairlead/syncer"
)

func TestFingerprint(t *testing.T) {
	t.Parallel()

	// object has these metadata and nothing else.
	object := func(metadata map[string]any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"metadata": metadata}}
	}
	cases := map[string]struct {
		reason string
		a, b   *unstructured.Unstructured
		same   bool
	}{
		"Bookkeeping": {
			reason: "what the API server counts isn't what anybody said",
			a:      object(map[string]any{"name": "a", "resourceVersion": "1", "generation": int64(1)}),
			b:      object(map[string]any{"name": "a", "resourceVersion": "2", "generation": int64(2)}),
			same:   true,
		},
		"RolloutNumber": {
			reason: "the controller of Deployments numbers each rollout, which must not cost a dry run",
			a:      object(map[string]any{"annotations": map[string]any{"a": "b", "deployment.kubernetes.io/revision": "1"}}),
			b:      object(map[string]any{"annotations": map[string]any{"a": "b", "deployment.kubernetes.io/revision": "2"}}),
			same:   true,
		},
		"FirstRolloutNumber": {
			reason: "the first number brings the annotation",
			a:      object(map[string]any{"annotations": map[string]any{"a": "b"}}),
			b:      object(map[string]any{"annotations": map[string]any{"a": "b", "deployment.kubernetes.io/revision": "1"}}),
			same:   true,
		},
		"AnotherAnnotation": {
			reason: "other annotations are somebody's word",
			a:      object(map[string]any{"annotations": map[string]any{"a": "b"}}),
			b:      object(map[string]any{"annotations": map[string]any{"a": "c"}}),
			same:   false,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if same := syncer.Fingerprint(tc.a) == syncer.Fingerprint(tc.b); same != tc.same {
				t.Errorf("%s: the fingerprints are the same: %t, want %t", tc.reason, same, tc.same)
			}
		})
	}
}
