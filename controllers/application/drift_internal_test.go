package application

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/syncer"
)

// change is one change of the object by somebody else, some time after the one before, and what is to come of it.
type change struct {
	after time.Duration
	// wait until it is set back: 0 is at once.
	wait time.Duration
	// begins is true if this is told as a fight.
	begins bool
}

func TestFights(t *testing.T) {
	t.Parallel()
	id := syncer.ID{Group: "apps", Version: "v1", Kind: "Deployment", Namespace: "web", Name: "www"}
	soon := 10 * time.Millisecond
	cases := map[string]struct {
		reason  string
		changes []change
	}{
		"Once": {
			reason:  "drift is healed at once",
			changes: []change{{}},
		},
		"ByHand": {
			reason:  "who changes it now and then isn't fought with",
			changes: []change{{}, {after: time.Minute}, {after: time.Minute}, {after: time.Minute}, {after: time.Minute}},
		},
		"AtOnce": {
			reason: "a controller that answers at once is healed ever later",
			changes: []change{
				{},
				{after: soon},
				{after: soon, begins: true},
				{after: soon, wait: time.Second - soon},
				{after: soon, wait: 2*time.Second - soon},
				{after: soon, wait: 4*time.Second - soon},
			},
		},
		"Slower": {
			reason: "one that is slower than the wait isn't delayed, and the wait grows all the same",
			changes: []change{
				{},
				{after: soon},
				{after: soon, begins: true},
				{after: 30 * time.Second},
				{after: 30 * time.Second},
				{after: 30 * time.Second},
				{after: 30 * time.Second},
				{after: 30 * time.Second},
				{after: 30 * time.Second, wait: 2 * time.Second},
			},
		},
		"Over": {
			reason: "after a minute of peace it is healed at once again, and a new fight is told again",
			changes: []change{
				{},
				{after: soon},
				{after: soon, begins: true},
				{after: soon, wait: time.Second - soon},
				{after: time.Minute},
				{after: soon},
				{after: soon, begins: true},
			},
		},
		"NotOver": {
			reason: "a pause of less than twice the last wait is none",
			changes: append([]change{
				{}, {after: soon}, {after: soon, begins: true},
			}, append(doubling(soon, 9), change{after: 9 * time.Minute}, change{after: soon, wait: 5*time.Minute - soon}, change{after: 10 * time.Minute}, change{after: soon})...),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			known, now := fights{}, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
			got := make([]change, 0, len(tc.changes))
			for _, step := range tc.changes {
				now = now.Add(step.after)
				known.forget(now)
				wait := known.hold(id, now)
				now = now.Add(wait)
				known.forget(now)
				if left := known.hold(id, now); left != 0 {
					t.Errorf("%s: after the wait it is to wait for %s", tc.reason, left)
				}
				got = append(got, change{after: step.after, wait: wait, begins: known.heal(id, now)})
			}
			if diff := cmp.Diff(tc.changes, got, cmp.AllowUnexported(change{})); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// doubling are changes that each come soon after the heal before, while the wait grows from 1 s to its bound.
func doubling(soon time.Duration, times int) []change {
	changes := make([]change, times)
	wait := fightFirst
	for i := range changes {
		changes[i] = change{after: soon, wait: wait - soon}
		wait = min(2*wait, fightLast)
	}
	return changes
}

func TestFightsAreApart(t *testing.T) {
	t.Parallel()
	fought, other := syncer.ID{Kind: "Service", Name: "a"}, syncer.ID{Kind: "Service", Name: "b"}
	known, now := fights{}, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for range freeHeals {
		known.heal(fought, now)
	}
	got := []time.Duration{known.hold(fought, now), known.hold(other, now)}
	if diff := cmp.Diff([]time.Duration{time.Second, 0}, got); diff != "" {
		t.Errorf("an object that nobody fights over must not wait: -want, +got:\n%s", diff)
	}
}

func TestFought(t *testing.T) {
	t.Parallel()
	const rest = " changes it again and again, and it is set back ever later: leave the fields to them by spec.ignoreDifferences, or have them leave the object alone"
	cases := map[string]struct {
		reason string
		given  []syncer.Conflict
		want   string
	}{
		"Nobody": {reason: "who deletes an object leaves no field", want: "somebody" + rest},
		"One": {
			reason: "who and what", given: []syncer.Conflict{{Manager: "autoscaler", Fields: []string{"spec.replicas"}}},
			want: "autoscaler" + rest + " (spec.replicas from autoscaler)",
		},
		"Two": {
			reason: "all of them", given: []syncer.Conflict{{Manager: "a", Fields: []string{"spec.x"}}, {Manager: "b", Fields: []string{"spec.y"}}},
			want: "a and b" + rest + " (spec.x from a; spec.y from b)",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, fought(tc.given)+over(tc.given)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
