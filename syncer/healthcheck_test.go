package syncer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/syncer"
)

func TestHealthChecks(t *testing.T) {
	t.Parallel()
	const head = "apiVersion: example.com/v1\nkind: Ship\nmetadata: {namespace: web, name: s}\n"
	ship := syncer.HealthCheck{
		APIVersion: "example.com/v1", Kind: "Ship",
		Degraded: "self.status.phase == 'Sunk'", Healthy: "self.status.phase == 'Sailing' && self.status.crew.all(c, c.awake)",
		Suspended: "has(self.spec.docked) && self.spec.docked", Message: "self.status.word",
	}
	cases := map[string]struct {
		reason   string
		manifest string
		want     syncer.Health
	}{
		"Healthy": {"the expression is true", head + "spec: {}\nstatus: {phase: Sailing, crew: [{awake: true}]}", syncer.Health{Status: syncer.Healthy}},
		"Degraded": {
			"the check's message says why", head + "spec: {}\nstatus: {phase: Sunk, word: an iceberg}",
			syncer.Health{Status: syncer.Degraded, Message: "Ship web/s is degraded: an iceberg"},
		},
		"Suspended": {
			"a message that can't be had is left out", head + "spec: {docked: true}\nstatus: {phase: Moored}",
			syncer.Health{Status: syncer.Suspended, Message: "Ship web/s is suspended"},
		},
		"Otherwise": {
			"what no expression is true for is on its way", head + "spec: {}\nstatus: {phase: Moored}",
			syncer.Health{Status: syncer.Progressing, Message: "Ship web/s isn't healthy by its health check"},
		},
		"New": {
			"an object that nobody has looked at yet has no status", head + "spec: {}",
			syncer.Health{Status: syncer.Progressing, Message: "Ship web/s isn't as its health check expects: no such key: status"},
		},
		"Going": {
			"what is deleted isn't asked", "apiVersion: example.com/v1\nkind: Ship\nmetadata: {namespace: web, name: s, deletionTimestamp: '2026-01-01T00:00:00Z'}\nstatus: {phase: Sailing}",
			syncer.Health{Status: syncer.Progressing, Message: "Ship web/s is being deleted"},
		},
		"OtherKind": {
			"a kind without a check fares as before", "apiVersion: example.com/v1\nkind: Boat\nmetadata: {namespace: web, name: b}\nstatus: {conditions: [{type: Ready, status: 'True'}]}",
			syncer.Health{Status: syncer.Healthy},
		},
	}
	checks, err := syncer.CompileHealthChecks([]syncer.HealthCheck{ship})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			obj := objects(t, tc.manifest)[0]
			if diff := cmp.Diff(tc.want, checks.HealthOf(syncer.IDOf(obj), obj)); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestHealthCheckRefused(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		check  syncer.HealthCheck
		want   string
	}{
		"Syntax": {
			"the compiler's words, and which expression",
			syncer.HealthCheck{APIVersion: "v1", Kind: "K", Healthy: "self.status.phase =="},
			"healthChecks[0].healthy: ERROR: <input>:1:21: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER} | self.status.phase == | ....................^",
		},
		"Type": {
			"health is a yes or a no",
			syncer.HealthCheck{APIVersion: "v1", Kind: "K", Healthy: "1 + 1"},
			"healthChecks[0].healthy: it gives a int, and must give a bool",
		},
		"MessageType": {
			"a message is a text",
			syncer.HealthCheck{APIVersion: "v1", Kind: "K", Healthy: "true", Message: "true"},
			"healthChecks[0].message: it gives a bool, and must give a string",
		},
		"Version": {
			"a version has one slash",
			syncer.HealthCheck{APIVersion: "a/b/c", Kind: "K", Healthy: "true"},
			"healthChecks[0].apiVersion: unexpected GroupVersion string: a/b/c",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := syncer.CompileHealthChecks([]syncer.HealthCheck{tc.check})
			if text(err) != tc.want || !terminal(err) {
				t.Errorf("%s:\ngot  %s (terminal: %v)\nwant %s", tc.reason, text(err), terminal(err), tc.want)
			}
		})
	}
}

// TestHealthCheckBounded: an expression that would take for ever ends, and the object isn't healthy by it.
func TestHealthCheckBounded(t *testing.T) {
	t.Parallel()
	endless := "[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, [1,2,3,4,5,6,7,8,9].all(c, [1,2,3,4,5,6,7,8,9].all(d, [1,2,3,4,5,6,7,8,9].all(e, [1,2,3,4,5,6,7,8,9].all(f, [1,2,3,4,5,6,7,8,9].all(g, self.x)))))))"
	checks, err := syncer.CompileHealthChecks([]syncer.HealthCheck{{APIVersion: "v1", Kind: "K", Healthy: endless}})
	if err != nil {
		t.Fatal(err)
	}
	obj := objects(t, "apiVersion: v1\nkind: K\nmetadata: {name: k}\nx: true")[0]
	got := checks.HealthOf(syncer.IDOf(obj), obj)
	if got.Status != syncer.Progressing {
		t.Errorf("HealthOf() = %v, an expression without end made it healthy", got)
	}
}
