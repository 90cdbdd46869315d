package imagepolicy

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

func TestExpects(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	www := types.NamespacedName{Namespace: "fairlead", Name: "www"}
	cases := map[string]struct {
		reason string
		known  remembered
		want   bool
	}{
		"AtRest":   {reason: "nobody said anything", known: remembered{consumed: now.Add(-time.Minute)}},
		"Polled":   {reason: "a scan that is merely due seldom finds anything", known: remembered{running: true, consumed: now.Add(-time.Minute)}},
		"Hinted":   {reason: "somebody pushed, and the tags weren't listed since", known: remembered{hinted: now, consumed: now.Add(-time.Minute)}, want: true},
		"Listed":   {reason: "the tags were listed since", known: remembered{hinted: now, consumed: now.Add(time.Millisecond)}},
		"Hangs":    {reason: "a registry that doesn't answer isn't waited for", known: remembered{running: true, hinted: now.Add(-expectedFor)}},
		"PutOff":   {reason: "a second hint is obeyed later, and the lone tag of another policy doesn't wait for that", known: remembered{hinted: now, due: now.Add(hintEvery)}},
		"Found":    {reason: "what was found is going to be recorded", known: remembered{found: &scan{}}, want: true},
		"Settling": {reason: "what was found is being recorded", known: remembered{settling: true}, want: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemory()
			m.with(www, func(r *remembered) { *r = tc.known })
			if got := m.expects("fairlead", now.Add(-expectedFor), now); got != tc.want {
				t.Errorf("\n%s\nwant %v, got %v", tc.reason, tc.want, got)
			}
			if m.expects("other", now.Add(-expectedFor), now) {
				t.Error("a namespace expects what happens in another")
			}
		})
	}
}

func TestSettling(t *testing.T) {
	t.Parallel()
	www := types.NamespacedName{Namespace: "fairlead", Name: "www"}
	m := newMemory()
	m.with(www, func(r *remembered) { r.found = &scan{} })
	if m.take(www) == nil || !m.expects("fairlead", time.Time{}, time.Now()) {
		t.Error("what was taken isn't recorded yet")
	}
	m.settled(www)
	if m.take(www) != nil || m.expects("fairlead", time.Time{}, time.Now()) {
		t.Error("what was recorded is expected no more")
	}
}
