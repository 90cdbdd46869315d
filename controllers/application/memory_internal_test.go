package application

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead/fairlead/syncer"
)

func version(uid types.UID, resourceVersion string) *unstructured.Unstructured {
	obj := &unstructured.Unstructured{Object: map[string]any{}}
	obj.SetUID(uid)
	obj.SetResourceVersion(resourceVersion)
	return obj
}

func TestNewest(t *testing.T) {
	t.Parallel()
	id := syncer.ID{Kind: "Deployment", Name: "www"}
	cases := map[string]struct {
		reason  string
		written *unstructured.Unstructured
		seen    *unstructured.Unstructured
		want    *unstructured.Unstructured
		kept    bool
		unsure  bool
	}{
		"NothingWritten": {reason: "the watch is all there is", seen: version("a", "5"), want: version("a", "5")},
		"Behind":         {reason: "the watch shows what was before the write", written: version("a", "10"), seen: version("a", "9"), want: version("a", "10"), kept: true},
		"CaughtUp":       {reason: "the watch shows the write itself", written: version("a", "10"), seen: version("a", "10"), want: version("a", "10")},
		"Ahead":          {reason: "somebody wrote after us", written: version("a", "10"), seen: version("a", "11"), want: version("a", "11")},
		"Recreated":      {reason: "somebody made it anew after us", written: version("a", "10"), seen: version("b", "11"), want: version("b", "11")},
		"Replaced":       {reason: "the watch shows what we made it anew in place of", written: version("a", "10"), seen: version("b", "9"), want: version("a", "10"), kept: true},
		"NotSeen":        {reason: "it was created just now, or deleted since", written: version("a", "10"), kept: true, unsure: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &memory{written: map[syncer.ID]*unstructured.Unstructured{}}
			if tc.written != nil {
				m.written[id] = tc.written
			}
			got, sure := m.newest(id, tc.seen)
			if diff := cmp.Diff(tc.want, got); diff != "" || sure == tc.unsure {
				t.Errorf("\n%s\nsure: %v, -want, +got:\n%s", tc.reason, sure, diff)
			}
			if _, kept := m.written[id]; kept != tc.kept {
				t.Errorf("\n%s\nremembered: %v", tc.reason, kept)
			}
		})
	}
}
