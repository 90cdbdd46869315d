package configrepository

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/schedule"
	"github.com/fairlead/fairlead/gitwriter"
)

func TestNext(t *testing.T) {
	t.Parallel()
	failure := errors.New("no route to host")
	cases := map[string]struct {
		reason string
		took   time.Duration
		err    error
		want   reconcile.Result
		fails  error
	}{
		"Quick":    {reason: "the look that is scheduled follows", took: time.Second, want: reconcile.Result{RequeueAfter: 9 * time.Second}},
		"Slow":     {reason: "a look that became due meanwhile follows at once: 0 would mean never", took: 11 * time.Second, want: reconcile.Result{RequeueAfter: time.Millisecond}},
		"Stalled":  {reason: "what only people can mend is asked for at the interval", err: &gitwriter.Error{Reason: gitwriter.ReasonRefused}, want: reconcile.Result{RequeueAfter: time.Minute}},
		"Retrying": {reason: "the rest is retried with a growing delay", err: failure, fails: failure},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1e9, 0)
			r := &Reconciler{looks: schedule.New(func() time.Time { return now })}
			repository := &v1alpha1.ConfigRepository{
				ObjectMeta: metav1.ObjectMeta{Namespace: "fairlead", Name: "config", Generation: 1},
				Spec:       v1alpha1.ConfigRepositorySpec{Interval: metav1.Duration{Duration: time.Minute}},
			}
			r.looks.Delay(repository, 10*time.Second)
			now = now.Add(tc.took)
			got, err := r.next(&scope{repository: repository, err: tc.err})
			if diff := cmp.Diff(tc.want, got); diff != "" || !errors.Is(err, tc.fails) {
				t.Errorf("%s (-want +got):\n%s%v", tc.reason, diff, err)
			}
		})
	}
}
