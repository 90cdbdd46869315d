package configrepository

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
)

const ms = time.Millisecond

// burst is what arrives for one repository, in times since its beginning.
type burst struct {
	// limit of the window; 0: the default, less: none.
	limit time.Duration
	// arrivals of changes, in order.
	arrivals []time.Duration
	// run is how long one takes to write what has gathered.
	run time.Duration
	// expected is until when changes are expected.
	expected time.Duration
}

// runs plays the burst, and tells when each run began and what it took: a run takes what has arrived before it.
func (b burst) runs() []string {
	began := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	key := types.NamespacedName{Namespace: "fairlead", Name: "config"}
	var now time.Duration
	ws := newWindows(Gathering{Limit: b.limit, Expects: func(string) bool { return now < b.expected }})
	var runs []string
	arrived, waiting, until := 0, 0, time.Duration(-1)
	for end := b.arrivals[len(b.arrivals)-1] + time.Minute; now < end; now += ms {
		for ; arrived < len(b.arrivals) && b.arrivals[arrived] == now; arrived++ {
			ws.arrived(key, began.Add(now))
			waiting++
		}
		if until == now {
			ws.end(key)
			until = -1
		}
		if until < 0 && waiting > 0 && ws.begin(key, began.Add(now)) == 0 {
			runs = append(runs, fmt.Sprintf("%s: %d", now, waiting))
			waiting, until = 0, now+b.run
		}
	}
	if len(ws.open) > 0 {
		runs = append(runs, "something is kept")
	}
	return runs
}

// every gives the times of n changes.
func every(interval time.Duration, n int) []time.Duration {
	times := make([]time.Duration, n)
	for i := range times {
		times[i] = time.Duration(i) * interval
	}
	return times
}

func TestWindow(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		burst  burst
		want   []string
	}{
		"Lone": {
			reason: "a lone change waits no longer than it takes to see that it is one",
			burst:  burst{arrivals: []time.Duration{0}, run: 50 * ms},
			want:   []string{"15ms: 1"},
		},
		"OneAfterTheOther": {
			reason: "changes that don't meet are no burst, however many there are",
			burst:  burst{arrivals: every(100*ms, 4), run: 50 * ms},
			want:   []string{"15ms: 1", "115ms: 1", "215ms: 1", "315ms: 1"},
		},
		"Together": {
			reason: "three policies of one image select within milliseconds, and hardly wait for one another",
			burst:  burst{arrivals: []time.Duration{0, 4 * ms, 9 * ms}, run: 50 * ms},
			want:   []string{"24ms: 3"},
		},
		"Expected": {
			reason: "what is known to come is waited for, through gaps, and no longer than it is expected",
			burst:  burst{arrivals: []time.Duration{0, 200 * ms, 400 * ms}, run: 50 * ms, expected: 410 * ms},
			want:   []string{"415ms: 3"},
		},
		"ExpectedInVain": {
			reason: "a registry that hangs holds back the others for the first window at most",
			burst:  burst{arrivals: []time.Duration{0}, run: 50 * ms, expected: time.Hour},
			want:   []string{"1s: 1"},
		},
		"DuringAPush": {
			reason: "a change that arrives while another is pushed waits for others, but not for long",
			burst:  burst{arrivals: []time.Duration{0, 40 * ms}, run: 50 * ms},
			want:   []string{"15ms: 1", "100ms: 1"},
		},
		"Polled": {
			reason: "a burst that nobody announced is known by what arrives during the pushes",
			burst:  burst{arrivals: every(50*ms, 200), run: 200 * ms},
			want:   []string{"15ms: 1", "2.05s: 41", "6.1s: 81", "10.91s: 77"},
		},
		"Long": {
			reason: "each window of a burst is twice as long as the one before, up to the limit",
			burst:  burst{arrivals: every(10*ms, 1500), run: 300 * ms, expected: 15 * time.Second},
			want:   []string{"1s: 101", "3.01s: 201", "7.02s: 401", "12.03s: 501", "17.04s: 296"},
		},
		"ShortLimit": {
			reason: "the limit holds for every window",
			burst:  burst{limit: 100 * ms, arrivals: every(10*ms, 30), run: 100 * ms, expected: time.Hour},
			want:   []string{"100ms: 11", "210ms: 11", "320ms: 8"},
		},
		"NoWindow": {
			reason: "without a window no change waits but for the push before it",
			burst:  burst{limit: -1, arrivals: []time.Duration{0, 40 * ms, 50 * ms}, run: 100 * ms, expected: time.Hour},
			want:   []string{"0s: 1", "100ms: 2"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.burst.limit == 0 {
				tc.burst.limit = 5 * time.Second
			}
			if diff := cmp.Diff(tc.want, tc.burst.runs()); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestWindowsOfOthers(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	one, other := types.NamespacedName{Namespace: "a", Name: "config"}, types.NamespacedName{Namespace: "b", Name: "config"}
	ws := newWindows(Gathering{Limit: time.Second, Expects: func(namespace string) bool { return namespace == "a" }})
	ws.arrived(one, now)
	if wait := ws.begin(other, now); wait != 0 {
		t.Errorf("a repository for which nothing has arrived waits %s for those of another", wait)
	}
	ws.arrived(other, now)
	ws.end(other)
	if wait := ws.begin(other, now.Add(quietFirst<<2)); wait != 0 {
		t.Errorf("what is expected in another namespace is waited for %s", wait)
	}
	if wait := ws.begin(one, now.Add(quietFirst)); wait != expectEvery {
		t.Errorf("what is expected is looked for again after %s, got %s", expectEvery, wait)
	}
}
