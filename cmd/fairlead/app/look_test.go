package app_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fairlead/fairlead/cmd/fairlead/app"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/e2e/apiserver"
)

// running is an Application in the middle of a rollout, with what belongs to it. The controllers of Kubernetes would have made
// the ReplicaSets and Pods; here they are declared.
const running = `
apiVersion: fairlead.dev/v1alpha1
kind: Application
metadata: {name: webhooks}
spec:
  source: {repoURL: "https://git.example.com/web-hook/config.git", targetRevision: main, path: apps/webhooks, helm: {valueFiles: [values.yaml]}}
  destination: {namespace: webhooks}
  syncPolicy: {automated: {prune: true, selfHeal: true}, syncOptions: [CreateNamespace=true]}
  info: [{name: dashboard, value: "https://grafana.example.com/d/webhooks"}]
status:
  observedGeneration: 1
  sourceType: Helm
  sync: {status: OutOfSync, revision: 4f1c0a9d2b7e4f1c0a9d2b7e4f1c0a9d2b7e4f1c, reason: "Service OFFICE/www differs in spec.ports; and 1 more"}
  health: {status: Degraded, message: "Deployment OFFICE/www: ImagePullBackOff"}
  images: [registry.example.com/web-hook/api:v1.4.2, "registry.example.com/web-hook/www:v1.0.36"]
  resources:
  - {version: v1, kind: Service, namespace: OFFICE, name: www, status: OutOfSync, health: Healthy, message: differs in spec.ports}
  - {group: apps, version: v1, kind: Deployment, namespace: OFFICE, name: www, status: Synced, health: Degraded, message: ImagePullBackOff, syncWave: 1}
  - {version: v1, kind: ConfigMap, namespace: OFFICE, name: old, status: OutOfSync, message: is not in the revision any more, requiresPruning: true}
  operation:
    phase: Failed
    operation: {sync: {}, initiatedBy: grace}
    message: "Job migrate: BackoffLimitExceeded"
    revision: 4f1c0a9d2b7e4f1c0a9d2b7e4f1c0a9d2b7e4f1c
    startedAt: "2026-11-23T11:54:00.000000Z"
    finishedAt: "2026-11-23T11:55:00.000000Z"
    hooks: [{phase: PreSync, group: batch, version: v1, kind: Job, namespace: OFFICE, name: migrate, status: Failed, message: BackoffLimitExceeded}]
  history:
  - revision: 4f1c0a9d2b7e4f1c0a9d2b7e4f1c0a9d2b7e4f1c
    subject: "deploy(www): v1.0.35 -> v1.0.36"
    author: Fairlead
    time: "2026-11-23T11:54:00.000000Z"
    images: [registry.example.com/web-hook/www:v1.0.36]
    changes: ["registry.example.com/web-hook/www:v1.0.35 -> registry.example.com/web-hook/www:v1.0.36"]
    verdict: Progressing
  - revision: 0b1946c5a7de0b1946c5a7de0b1946c5a7de0b19
    subject: "deploy(www): v1.0.34 -> v1.0.35"
    author: Fairlead
    time: "2026-11-22T11:54:00.000000Z"
    duration: 2.345678s
    changes: ["registry.example.com/web-hook/www:v1.0.34 -> registry.example.com/web-hook/www:v1.0.35"]
    verdict: Healthy
  conditions:
  - {type: Ready, status: "False", reason: SyncFailed, message: "Job migrate: BackoffLimitExceeded", lastTransitionTime: "2026-11-23T11:55:00Z"}
`

// rolling makes the Application with its pods: two of the old image, one of which is ready, and one of the new.
func rolling(t *testing.T) *office {
	t.Helper()
	o := newOffice(t)
	o.Declare(strings.ReplaceAll(running, "OFFICE", o.Namespace))
	owner := o.owned("apps/v1", "Deployment", "www", nil, map[string]any{
		"selector": map[string]any{"matchLabels": labels}, "template": podTemplate("v1.0.36"),
	}, nil)
	for version, replicas := range map[string]int64{"34": 0, "35": 2, "36": 1} {
		set := o.owned("apps/v1", "ReplicaSet", "www-"+version, owner, map[string]any{
			"replicas": replicas, "selector": map[string]any{"matchLabels": labels}, "template": podTemplate("v1.0." + version),
		}, map[string]any{"replicas": replicas, "fullyLabeledReplicas": replicas, "observedGeneration": int64(1), "readyReplicas": replicas, "availableReplicas": replicas})
		for i := range replicas {
			ready := "True"
			if version == "36" || i == 1 {
				ready = "False"
			}
			o.owned("v1", "Pod", "www-"+version+"-"+string(rune('a'+i)), set, podTemplate("v1.0." + version)["spec"].(map[string]any), map[string]any{
				"phase": "Running", "conditions": []any{map[string]any{"type": "Ready", "status": ready}},
			})
		}
	}
	o.owned("discovery.k8s.io/v1", "EndpointSlice", "www-abcde", &metav1.OwnerReference{APIVersion: "v1", Kind: "Service", Name: "www", UID: "1"}, nil, nil)
	return o
}

var labels = map[string]any{"app": "www"}

func podTemplate(version string) map[string]any {
	return map[string]any{"metadata": map[string]any{"labels": labels}, "spec": map[string]any{
		"containers": []any{map[string]any{"name": "www", "image": "registry.example.com/web-hook/www:" + version}},
	}}
}

// owned makes an object, and returns how it is named as an owner.
func (o *office) owned(apiVersion, kind, name string, owner *metav1.OwnerReference, spec, status map[string]any) *metav1.OwnerReference {
	o.T.Helper()
	object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind}}
	object.SetNamespace(o.Namespace)
	object.SetName(name)
	object.SetLabels(map[string]string{"app": "www"})
	if owner != nil {
		object.SetOwnerReferences([]metav1.OwnerReference{*owner})
	}
	if spec != nil {
		object.Object["spec"] = spec
	} else {
		object.Object["addressType"], object.Object["endpoints"] = "IPv4", []any{}
	}
	o.Create(object)
	if status != nil {
		object.Object["status"] = status
		if err := o.Admin.Status().Update(o.T.Context(), object); err != nil {
			o.T.Fatal(err)
		}
	}
	return &metav1.OwnerReference{APIVersion: apiVersion, Kind: kind, Name: name, UID: object.GetUID()}
}

func TestGet(t *testing.T) {
	t.Parallel()
	o := rolling(t)
	jane := "jane"
	o.Allow(apiserver.User(jane), rule("fairlead.dev", []string{"applications"}, "get", "list"))
	want := `Name:        OFFICE/webhooks
Source:      https://git.example.com/web-hook/config.git, path apps/webhooks, branch main, Helm
Destination: cluster in-cluster, namespace webhooks
Policy:      automated, prune, selfHeal; CreateNamespace=true
Sync:        OutOfSync at 4f1c0a9d2b (deploy(www): v1.0.35 -> v1.0.36): Service OFFICE/www differs in spec.ports; and 1 more
Health:      Degraded: Deployment OFFICE/www: ImagePullBackOff
Operation:   Failed 5m ago, asked for by grace: Job migrate: BackoffLimitExceeded
Condition:   Ready=False SyncFailed: Job migrate: BackoffLimitExceeded
Info:        dashboard https://grafana.example.com/d/webhooks
`
	images := `
IMAGE                                      WANTED  PODS  READY
registry.example.com/web-hook/api:v1.4.2   yes     0     0
registry.example.com/web-hook/www:v1.0.36  yes     1     0
registry.example.com/web-hook/www:v1.0.35  no      2     1
`
	objects := `
KIND        NAMESPACE     NAME     STATUS     HEALTH    WAVE     MESSAGE
Service     OFFICE        www      OutOfSync  Healthy   -        differs in spec.ports
Deployment  OFFICE        www      Synced     Degraded  1        ImagePullBackOff
ConfigMap   OFFICE        old      OutOfSync  -         -        requires pruning: is not in the revision any more
Job         OFFICE        migrate  Failed     -         PreSync  BackoffLimitExceeded
`
	notes := `Note: replicasets in namespace OFFICE are left out: you may not list them
Note: jobs in namespace OFFICE are left out: you may not list them
Note: pods in namespace OFFICE are left out: you may not list them
`
	for user, wanted := range map[string]string{
		"":   want + images + objects,
		jane: want + strings.ReplaceAll(strings.ReplaceAll(images, "1     0", "0     0"), "registry.example.com/web-hook/www:v1.0.35  no      2     1\n", "") + objects + notes,
	} {
		cluster := asks(t, user)
		found, err := cluster.Get(t.Context(), o.key("webhooks"))
		if err != nil {
			t.Fatal(err)
		}
		view := cluster.View(t.Context(), found)
		got := o.shown(func(to *bytes.Buffer) error { return view.Write(to, terminal.Text, false) })
		if diff := cmp.Diff(squeezed(wanted), squeezed(got)); diff != "" {
			t.Errorf("as %q: -want +got:\n%s", user, diff)
		}
	}
}

// squeezed is a table without its padding, which depends on the length of a namespace's name.
func squeezed(text string) []string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(line), " ")
	}
	return lines
}

func TestTree(t *testing.T) {
	t.Parallel()
	o := rolling(t)
	tree, err := asks(t, "").Tree(t.Context(), o.get())
	if err != nil {
		t.Fatal(err)
	}
	want := `NAME STATUS HEALTH IMAGES MESSAGE
Application OFFICE/webhooks OutOfSync Degraded - -
├── Service OFFICE/www OutOfSync Healthy - differs in spec.ports
│ └── EndpointSlice OFFICE/www-abcde - Healthy - -
├── Deployment OFFICE/www Synced Degraded - ImagePullBackOff
│ ├── ReplicaSet OFFICE/www-35 - Healthy - -
│ │ ├── Pod OFFICE/www-35-a - Healthy www:v1.0.35 -
│ │ └── Pod OFFICE/www-35-b - Progressing www:v1.0.35 is in progress: Pod is running but is not Ready
│ └── ReplicaSet OFFICE/www-36 - Healthy - -
│ └── Pod OFFICE/www-36-a - Progressing www:v1.0.36 is in progress: Pod is running but is not Ready
├── ConfigMap OFFICE/old OutOfSync - - is not in the revision any more
└── Job OFFICE/migrate - Degraded - BackoffLimitExceeded
`
	got := o.shown(func(to *bytes.Buffer) error { return tree.Write(to, terminal.Text, false) })
	if diff := cmp.Diff(strings.Split(want, "\n"), squeezed(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	wide := o.shown(func(to *bytes.Buffer) error { return tree.Write(to, terminal.Wide, false) })
	if !strings.Contains(wide, "ReplicaSet OFFICE/www-34") || !strings.Contains(wide, "registry.example.com/web-hook/www:v1.0.36") {
		t.Errorf("wide leaves out something:\n%s", wide)
	}
	names := o.shown(func(to *bytes.Buffer) error { return tree.Write(to, terminal.Name, false) })
	if !strings.HasPrefix(names, "service/www\nendpointslice.discovery.k8s.io/www-abcde\ndeployment.apps/www\n") {
		t.Errorf("names:\n%s", names)
	}
}

func TestListAndHistory(t *testing.T) {
	t.Parallel()
	o := rolling(t)
	cases := map[string]struct {
		reason string
		format terminal.Format
		want   string
	}{
		"Text": {
			reason: "what a person asks first", format: terminal.Text,
			want: "NAME SYNC HEALTH REVISION IMAGES CHANGE AGE\n" +
				"webhooks OutOfSync Degraded 4f1c0a9d2b api:v1.4.2,www:v1.0.36 deploy(www): v1.0.35 -> v1.0.36 6m\n",
		},
		"Wide": {
			reason: "and what else there is", format: terminal.Wide,
			want: "NAME SYNC HEALTH REVISION IMAGES CHANGE AGE PATH DESTINATION POLICY MESSAGE\n" +
				"webhooks OutOfSync Degraded 4f1c0a9d2b registry.example.com/web-hook/api:v1.4.2,registry.example.com/web-hook/www:v1.0.36 " +
				"deploy(www): v1.0.35 -> v1.0.36 6m apps/webhooks in-cluster/webhooks automated,prune,selfHeal Job migrate: BackoffLimitExceeded\n",
		},
		"Name": {reason: "as kubectl names them", format: terminal.Name, want: "application.fairlead.dev/webhooks\n"},
	}
	list, err := asks(t, "").List(t.Context(), o.Namespace)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range cases {
		got := o.shown(func(to *bytes.Buffer) error { return list.Write(to, tc.format, false) })
		if diff := cmp.Diff(strings.Split(tc.want, "\n"), squeezed(got)); diff != "" {
			t.Errorf("%s: %s: -want +got:\n%s", name, tc.reason, diff)
		}
	}
	want := `ID REVISION TIME DURATION VERDICT AUTHOR CHANGE IMAGES
0 4f1c0a9d2b 2026-11-23T11:54:00Z - Progressing Fairlead deploy(www): v1.0.35 -> v1.0.36 www:v1.0.35 -> www:v1.0.36
1 0b1946c5a7 2026-11-22T11:54:00Z 2.346s Healthy Fairlead deploy(www): v1.0.34 -> v1.0.35 www:v1.0.34 -> www:v1.0.35
`
	got := o.shown(func(to *bytes.Buffer) error { return app.HistoryOf(o.get()).Write(to, terminal.Text, false) })
	if diff := cmp.Diff(strings.Split(want, "\n"), squeezed(got)); diff != "" {
		t.Errorf("history: -want +got:\n%s", diff)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, err := asks(t, "").Get(t.Context(), o.key("webhooks"))
	if want := "Application OFFICE/webhooks doesn't exist: fairlead app list -A lists those that do"; err == nil || o.named(err.Error()) != want {
		t.Errorf("want %q, got %v", want, err)
	}
	_, err = asks(t, "jane").List(t.Context(), "")
	want := `list Applications: applications.fairlead.dev is forbidden: User "jane" cannot list resource "applications" in API group "fairlead.dev" at the cluster scope: ` +
		"ask for those of a namespace with -n"
	if err == nil || err.Error() != want {
		t.Errorf("want %q, got %v", want, err)
	}
}
