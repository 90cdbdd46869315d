package syncer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead/fairlead/syncer"
)

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: www}
spec:
  replicas: 2
  selector: {matchLabels: {app: www}}
  template:
    metadata: {labels: {app: www}}
    spec:
      containers:
      - name: www
        image: registry.example.com/www:v1.0.35
        resources: {requests: {cpu: 1000m}}
`

func TestHealthOf(t *testing.T) {
	t.Parallel()
	const head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {namespace: web, name: www, generation: 2}\n"
	const up = "observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2"
	cases := map[string]struct {
		reason   string
		manifest string
		status   syncer.HealthStatus
		message  string
	}{
		"Unseen":    {"its controller hasn't seen this generation", head + "status: {observedGeneration: 1}", syncer.Progressing, "Deployment web/www waits for its controller"},
		"Up":        {"all pods are of this generation and available", head + "spec: {replicas: 2}\nstatus: {" + up + ", conditions: [{type: Available, status: 'True'}]}", syncer.Healthy, ""},
		"Replacing": {"some pods are old", head + "spec: {replicas: 2}\nstatus: {observedGeneration: 2, replicas: 2, updatedReplicas: 1}", syncer.Progressing, "Deployment web/www waits for its pods to be replaced"},
		"NotUp":     {"some pods are not available", head + "spec: {replicas: 2}\nstatus: {observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 1}", syncer.Progressing, "Deployment web/www waits for its pods to be available"},
		"TooLate": {
			"the progress deadline is over", head + "status: {observedGeneration: 2, conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded, message: it took too long}]}",
			syncer.Degraded, "Deployment web/www has failed: Progress deadline exceeded: it took too long",
		},
		"Paused": {"somebody paused it on purpose", head + "spec: {paused: true}", syncer.Suspended, "Deployment web/www is paused"},
		"Going":  {"it is on its way out", "apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: web, name: c, deletionTimestamp: '2026-01-01T00:00:00Z'}", syncer.Progressing, "ConfigMap web/c is being deleted"},
		"CronJob": {
			"a CronJob has no state of its own", "apiVersion: batch/v1\nkind: CronJob\nmetadata: {namespace: web, name: c}\nspec: {suspend: false}", syncer.Healthy, "",
		},
		"SuspendedCronJob": {"unless it is suspended", "apiVersion: batch/v1\nkind: CronJob\nmetadata: {namespace: web, name: c}\nspec: {suspend: true}", syncer.Suspended, "CronJob web/c is paused"},
		"RunningJob":       {"a Job that runs isn't done", "apiVersion: batch/v1\nkind: Job\nmetadata: {namespace: web, name: j}\nstatus: {startTime: '2026-01-01T00:00:00Z', active: 1}", syncer.Progressing, "Job web/j is running"},
		"DoneJob": {
			"a Job that is done", "apiVersion: batch/v1\nkind: Job\nmetadata: {namespace: web, name: j}\nstatus: {completionTime: '2026-01-01T00:00:00Z', conditions: [{type: Complete, status: 'True'}]}", syncer.Healthy, "",
		},
		"FailedJob": {"a Job that failed", "apiVersion: batch/v1\nkind: Job\nmetadata: {namespace: web, name: j}\nstatus: {failed: 1, conditions: [{type: Failed, status: 'True'}]}", syncer.Degraded, "Job web/j has failed: Job Failed. failed: 1/1"},
		"FailedPod": {"a Pod that failed", "apiVersion: v1\nkind: Pod\nmetadata: {namespace: web, name: p}\nstatus: {phase: Failed}", syncer.Degraded, "Pod web/p has failed"},
		"OddPod":    {"a phase that nobody knows", "apiVersion: v1\nkind: Pod\nmetadata: {namespace: web, name: p}\nstatus: {phase: Odd}", syncer.Unknown, "Pod web/p: unknown phase Odd"},
		"Claim":     {"a claim waits for its volume", "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {namespace: web, name: v}\nstatus: {phase: Pending}", syncer.Progressing, "PersistentVolumeClaim web/v is in progress: PVC is not Bound. phase: Pending"},
		"Custom": {
			"of any other kind the condition Ready counts", "apiVersion: example.com/v1\nkind: Ship\nmetadata: {namespace: web, name: s}\nstatus: {conditions: [{type: Ready, status: 'False', reason: Docked, message: no crew}]}",
			syncer.Progressing, "Ship web/s is in progress: no crew",
		},
		"Plain": {"an object without a status is fine when it is there", "apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: web, name: c}", syncer.Healthy, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live := objects(t, tc.manifest)[0]
			want := syncer.Health{Status: tc.status, Message: tc.message}
			if diff := cmp.Diff(want, syncer.HealthOf(syncer.IDOf(live), live)); diff != "" {
				t.Errorf("\n%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestWorst(t *testing.T) {
	t.Parallel()
	missing := syncer.HealthOf(syncer.ID{Kind: "Service", Namespace: "web", Name: "s"}, nil)
	if diff := cmp.Diff(syncer.Health{Status: syncer.Missing, Message: "Service web/s is missing"}, missing); diff != "" {
		t.Error(diff)
	}
	inOrder := []syncer.HealthStatus{syncer.Healthy, syncer.Suspended, syncer.Progressing, syncer.Missing, syncer.Degraded, syncer.Unknown}
	for i, worse := range inOrder {
		for _, better := range inOrder[:i+1] {
			first := syncer.Health{Status: worse, Message: "first"}
			got := syncer.Worst([]syncer.Health{{Status: better}, first, {Status: better}, {Status: worse, Message: "second"}})
			if better != worse && got != first {
				t.Errorf("of %s and %s the worst is the first %s, got %v", better, worse, worse, got)
			}
		}
	}
	if got := syncer.Worst(nil); got.Status != syncer.Healthy {
		t.Errorf("nothing is healthy, got %v", got)
	}
}

func TestImages(t *testing.T) {
	t.Parallel()
	got := syncer.Images(objects(t, deployment+`
---
apiVersion: batch/v1
kind: CronJob
spec: {jobTemplate: {spec: {template: {spec: {initContainers: [{image: b}], containers: [{image: a}, {image: b}]}}}}}
---
apiVersion: v1
kind: Pod
spec: {containers: [{image: p}, {name: none}]}
---
apiVersion: example.com/v1
kind: Rollout
spec: {template: {spec: {containers: [{image: r}]}}}
---
apiVersion: example.com/v1
kind: Ship
spec: {containers: [{image: cargo}], template: text}
---
kind: ConfigMap`))
	if diff := cmp.Diff([]string{"a", "b", "p", "r", "registry.example.com/www:v1.0.35"}, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

// TestHealthBecause: what can't get better by itself isn't waited for.
func TestHealthBecause(t *testing.T) {
	t.Parallel()
	waits := syncer.Health{Status: syncer.Progressing, Message: "Deployment web/www waits for its pods to be available"}
	cases := map[string]struct {
		reason string
		found  syncer.Trouble
		want   syncer.Health
	}{
		"Failed": {
			"an image that can't be pulled",
			syncer.Trouble{Pod: "www-1", Container: "www", Reason: "ImagePullBackOff", Failed: true},
			syncer.Health{Status: syncer.Degraded, Message: "Deployment web/www waits for its pods to be available: pod www-1, container www: ImagePullBackOff"},
		},
		"MayPass": {
			"a node may come",
			syncer.Trouble{Pod: "www-1", Reason: "Unschedulable", Message: "no node"},
			syncer.Health{Status: syncer.Progressing, Message: "Deployment web/www waits for its pods to be available: pod www-1: Unschedulable: no node"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, waits.Because(tc.found)); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
