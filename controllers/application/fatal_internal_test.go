package application

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

func TestTriesOf(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	noted := func(tries int32, ago time.Duration) *v1alpha1.RenderingStatus {
		return &v1alpha1.RenderingStatus{Inputs: "same", Tries: tries, Since: metav1.NewTime(now.Add(-ago)), ReconcileAt: "monday"}
	}
	const twice = "2 times the controller was ended while it rendered this, last after 2026-11-23T11:59:00Z: does a template call itself, or take all memory? " +
		"It is tried again at 2026-11-23T12:04:00Z, when the source changes, and when fairlead reconcile asks for it"
	cases := map[string]struct {
		reason string
		noted  *v1alpha1.RenderingStatus
		asked  string
		tries  int32
		err    string
		rest   time.Duration
	}{
		"Never":  {reason: "nothing is known of it", asked: "monday"},
		"Other":  {reason: "another source was the trouble", noted: &v1alpha1.RenderingStatus{Inputs: "other", Tries: 7, Since: metav1.NewTime(now)}},
		"Once":   {reason: "the process may have been ended by something else", noted: noted(1, time.Minute), asked: "monday", tries: 1},
		"Twice":  {reason: "that is no chance any more", noted: noted(2, time.Minute), asked: "monday", tries: 2, err: twice, rest: 4 * time.Minute},
		"Rested": {reason: "perhaps there is more memory by now", noted: noted(2, 5*time.Minute), asked: "monday", tries: 2},
		"Asked":  {reason: "somebody knows better", noted: noted(2, time.Minute), asked: "tuesday", tries: 2},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := &v1alpha1.Application{Status: v1alpha1.ApplicationStatus{Rendering: tc.noted}}
			app.Annotations = map[string]string{v1alpha1.ReconcileAtAnnotation: tc.asked}
			tries, err := triesOf(app, "same", now)
			text, rest := "", time.Duration(0)
			if failure, ok := err.(*fatalError); ok { //nolint:errorlint // it is returned as it is
				text, rest = failure.Error(), failure.RetryAfter()
			}
			if diff := cmp.Diff([]any{tc.tries, tc.err, tc.rest}, []any{tries, text, rest}); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRestAfter(t *testing.T) {
	t.Parallel()
	want := map[int32]time.Duration{2: 5 * time.Minute, 3: 10 * time.Minute, 5: 40 * time.Minute, 6: time.Hour, 1_000_000: time.Hour}
	for tries, rest := range want {
		if got := restAfter(tries); got != rest {
			t.Errorf("after %d tries it rests %s, want %s", tries, got, rest)
		}
	}
}
