package access

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

func TestKnownHead(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason   string
		head     *v1alpha1.Head
		observed int64
		want     string
	}{
		"Never":   {reason: "nobody has looked yet", observed: 2},
		"Seen":    {reason: "of the branch that the spec names", head: &v1alpha1.Head{Revision: "a"}, observed: 2, want: "a"},
		"Changed": {reason: "the spec may name another branch now", head: &v1alpha1.Head{Revision: "a"}, observed: 1},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repository := &v1alpha1.ConfigRepository{
				ObjectMeta: metav1.ObjectMeta{Generation: 2},
				Status:     v1alpha1.ConfigRepositoryStatus{Head: tc.head, ObservedGeneration: tc.observed},
			}
			if got := knownHead(repository); got != tc.want {
				t.Errorf("%s: want %q, got %q", tc.reason, tc.want, got)
			}
		})
	}
}
