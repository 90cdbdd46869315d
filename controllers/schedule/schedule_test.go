package schedule_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/schedule"
)

func TestWait(t *testing.T) {
	t.Parallel()
	const interval = time.Minute
	policy := &v1alpha1.ImagePolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "fairlead", Name: "www", Generation: 1}}
	asked := policy.DeepCopy()
	asked.Annotations = map[string]string{v1alpha1.ReconcileAtAnnotation: "now"}
	recreated := policy.DeepCopy()
	recreated.UID = "another"
	changed := policy.DeepCopy()
	changed.Generation = 2
	now := time.Unix(1e9, 0)
	cases := map[string]struct {
		reason string
		before func(*schedule.Schedule)
		policy *v1alpha1.ImagePolicy
		first  time.Duration
		least  time.Duration
		most   time.Duration
	}{
		"New":       {reason: "an object that nobody has looked at is due", before: func(*schedule.Schedule) {}, policy: policy},
		"Restart":   {reason: "one that an earlier process has looked at may wait", before: func(*schedule.Schedule) {}, policy: policy, first: 7 * time.Second, least: 7 * time.Second, most: 7 * time.Second},
		"Done":      {reason: "the next look is an interval off, give or take", before: func(s *schedule.Schedule) { s.Done(policy, interval) }, policy: policy, least: interval * 9 / 10, most: interval * 11 / 10},
		"Asked":     {reason: "a new word in the annotation is obeyed at once", before: func(s *schedule.Schedule) { s.Done(policy, interval) }, policy: asked},
		"Changed":   {reason: "a new spec is obeyed at once", before: func(s *schedule.Schedule) { s.Done(policy, interval) }, policy: changed},
		"Obeyed":    {reason: "the same word is obeyed once", before: func(s *schedule.Schedule) { s.Done(asked, interval) }, policy: asked, least: interval * 9 / 10, most: interval * 11 / 10},
		"Failed":    {reason: "what failed is still due", before: func(s *schedule.Schedule) { s.Done(policy, interval); s.Delay(policy, 0) }, policy: policy},
		"Recreated": {reason: "another object of the same name tells nothing of the old one", before: func(s *schedule.Schedule) { s.Done(policy, interval) }, policy: recreated},
		"HeldBack":  {reason: "a server that asks for time gets it", before: func(s *schedule.Schedule) { s.Delay(policy, time.Hour) }, policy: policy, least: time.Hour, most: time.Hour},
		"Advanced": {reason: "a hint brings a look forward", before: func(s *schedule.Schedule) {
			s.Delay(policy, time.Hour)
			s.Advance(client.ObjectKeyFromObject(policy), time.Second)
		}, policy: policy, least: time.Second, most: time.Second},
		"NotPutOff": {reason: "and never puts it off", before: func(s *schedule.Schedule) {
			s.Delay(policy, time.Second)
			s.Advance(client.ObjectKeyFromObject(policy), time.Hour)
		}, policy: policy, least: time.Second, most: time.Second},
		"Postponed": {reason: "the end of a look sets the next one", before: func(s *schedule.Schedule) {
			s.Delay(policy, time.Second)
			s.Postpone(policy, time.Hour)
		}, policy: policy, least: time.Hour, most: time.Hour},
		"PostponedButAsked": {reason: "what was asked for since the look began is still due", before: func(s *schedule.Schedule) {
			s.Delay(policy, time.Second)
			s.Postpone(policy, time.Hour)
		}, policy: asked},
		"PostponedButChanged": {reason: "so is another spec", before: func(s *schedule.Schedule) {
			s.Delay(changed, 0)
			s.Postpone(policy, time.Hour)
		}, policy: changed},
		"Forgotten": {reason: "a deleted object leaves nothing behind", before: func(s *schedule.Schedule) {
			s.Done(policy, interval)
			s.Forget(client.ObjectKeyFromObject(policy))
		}, policy: policy},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := schedule.New(func() time.Time { return now })
			tc.before(s)
			if got := s.Wait(tc.policy, tc.first); got < tc.least || got > tc.most {
				t.Errorf("\n%s\ngot %s, want %s to %s", tc.reason, got, tc.least, tc.most)
			}
		})
	}
}

func TestSpread(t *testing.T) {
	t.Parallel()
	for range 1000 {
		if got := schedule.Spread(time.Minute); got < 0 || got >= time.Minute {
			t.Fatalf("a part of a minute, got %s", got)
		}
	}
}
