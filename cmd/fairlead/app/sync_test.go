package app_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/app"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
	"github.com/fairlead/fairlead/e2e/apiserver"
)

// quiet is an Application at rest, with one object that differs and one that is left over.
const quiet = `
apiVersion: fairlead.dev/v1alpha1
kind: Application
metadata: {name: webhooks}
spec: {source: {repositoryRef: {name: config}}, destination: {namespace: webhooks}}
status:
  observedGeneration: 1
  sync: {status: OutOfSync, revision: 4f1c0a9d2b7e4f1c0a9d2b7e4f1c0a9d2b7e4f1c, reason: "Service w/www differs in spec.ports"}
  health: {status: Healthy}
  resources:
  - {version: v1, kind: Service, namespace: w, name: www, status: OutOfSync, health: Healthy}
  - {version: v1, kind: ConfigMap, namespace: w, name: new, status: OutOfSync, health: Missing}
  - {version: v1, kind: ConfigMap, namespace: w, name: old, status: OutOfSync, requiresPruning: true}
  - {version: v1, kind: ConfigMap, namespace: w, name: same, status: Synced, health: Healthy}
`

// takesUp does with the status what the controller does: it takes up what is asked for, once somebody asks.
func (o *office) takesUp(ctx context.Context, then func(status *v1alpha1.ApplicationStatus)) error {
	for {
		found := &v1alpha1.Application{}
		if err := o.Admin.Get(ctx, o.key("webhooks"), found); err != nil {
			return err
		}
		if found.Operation == nil {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(10 * time.Millisecond):
			}
			continue
		}
		found.Status.Operation = &v1alpha1.OperationStatus{
			Operation: found.Operation.DeepCopy(), Phase: v1alpha1.OperationRunning, Revision: found.Status.Sync.Revision, StartedAt: metav1.NewMicroTime(noon),
		}
		then(&found.Status)
		if err := o.Admin.Status().Update(ctx, found); err != nil {
			return err
		}
		found.Operation = nil
		return o.Admin.Update(ctx, found)
	}
}

func TestSync(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.Declare(quiet)
	taken := make(chan error, 1)
	go func() {
		taken <- o.takesUp(t.Context(), func(status *v1alpha1.ApplicationStatus) {
			status.Operation.Phase, status.Operation.Message = v1alpha1.OperationFailed, "Job w/check: BackoffLimitExceeded"
			status.Operation.Hooks = []v1alpha1.HookStatus{{Phase: "PostSync", Group: "batch", Version: "v1", Kind: "Job", Namespace: "w", Name: "check", Status: "Failed", Message: "BackoffLimitExceeded"}}
			status.Resources = append(status.Resources[:2], status.Resources[3])
			for i := range status.Resources {
				status.Resources[i].Status, status.Resources[i].Health = v1alpha1.SyncStatusSynced, v1alpha1.HealthHealthy
			}
		})
	}()
	var told []string
	request := app.SyncRequest{
		Sync: v1alpha1.SyncOperation{Prune: true}, Timeout: time.Minute, Progress: func(line string) { told = append(told, line) },
	}
	synced, err := asks(t, "").Sync(t.Context(), o.key("webhooks"), request)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-taken; err != nil {
		t.Fatal(err)
	}
	want := `Failed Job w/check: BackoffLimitExceeded

KIND       NAMESPACE  NAME   STATUS  HEALTH   RESULT     MESSAGE
Service    w          www    Synced  Healthy  configured -
ConfigMap  w          new    Synced  Healthy  created    -
ConfigMap  w          same   Synced  Healthy  unchanged  -
ConfigMap  w          old    -       -        pruned     -
Job        w          check  Failed  -        PostSync   BackoffLimitExceeded
`
	got := o.shown(func(to *bytes.Buffer) error { return synced.Write(to, terminal.Text, false) })
	if diff := cmp.Diff(squeezed(want), squeezed(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if synced.Succeeded() {
		t.Error("a hook that failed is no success")
	}
	if diff := cmp.Diff([]string{"Failed: Job w/check: BackoffLimitExceeded"}, told); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if by := o.get().Status.Operation.Operation.InitiatedBy; by == "" {
		t.Error("nobody knows who asked")
	}
}

func TestSyncRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason, spec, user string
		request            app.SyncRequest
		status             func(*v1alpha1.ApplicationStatus)
		want               string
	}{
		"Suspended": {
			reason: "nothing would happen", spec: "suspend: true, ",
			want: "sync Application OFFICE/webhooks: it is suspended: unset its spec.suspend first",
		},
		"Nobody": {
			reason:  "a sync of nothing would succeed",
			request: app.SyncRequest{Sync: v1alpha1.SyncOperation{Resources: []v1alpha1.SyncResource{{Group: "apps", Kind: "Deployment", Name: "x"}}}},
			want:    `sync Application OFFICE/webhooks: it has no Deployment x of the group "apps": fairlead app get webhooks lists what it has`,
		},
		"Forbidden": {
			reason: "who may look may not ask for it", user: "jane",
			want: `sync Application OFFICE/webhooks: applications.fairlead.dev "webhooks" is forbidden: User "jane" cannot patch resource "applications" ` +
				`in API group "fairlead.dev" in the namespace "OFFICE": Applications are reached with your own rights: ask for that one`,
		},
		"NoController": {
			reason: "nobody takes it up", request: app.SyncRequest{Timeout: 2 * time.Second},
			want: "sync Application OFFICE/webhooks: it isn't over within 2s: the controller hasn't taken it up: is it running?",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.Declare(strings.Replace(quiet, "spec: {", "spec: {"+tc.spec, 1))
			o.Allow(apiserver.User("jane"), rule("fairlead.dev", []string{"applications"}, "get", "list", "watch"))
			_, err := asks(t, tc.user).Sync(t.Context(), o.key("webhooks"), tc.request)
			if err == nil {
				t.Fatalf("%s: it is done", tc.reason)
			}
			if diff := cmp.Diff(tc.want, o.named(err.Error())); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestParseResource(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		want v1alpha1.SyncResource
		err  string
	}{
		"apps:Deployment:www":                               {want: v1alpha1.SyncResource{Group: "apps", Kind: "Deployment", Name: "www"}},
		":Service:webhooks/www":                             {want: v1alpha1.SyncResource{Kind: "Service", Namespace: "webhooks", Name: "www"}},
		"rbac.authorization.k8s.io:ClusterRole:system:node": {want: v1alpha1.SyncResource{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: "system:node"}},
		"Deployment/www":                                    {err: `--resource "Deployment/www": write GROUP:KIND:NAME or GROUP:KIND:NAMESPACE/NAME, such as apps:Deployment:www or :Service:webhooks/www`},
		":Service:w/":                                       {err: `--resource ":Service:w/": it names no object: write GROUP:KIND:NAME or GROUP:KIND:NAMESPACE/NAME`},
	}
	for text, tc := range cases {
		got, err := app.ParseResource(text)
		message := ""
		if err != nil {
			message = err.Error()
		}
		if diff := cmp.Diff(tc.err, message); diff != "" {
			t.Errorf("%s: -want +got:\n%s", text, diff)
		}
		if diff := cmp.Diff(tc.want, got); tc.err == "" && diff != "" {
			t.Errorf("%s: -want +got:\n%s", text, diff)
		}
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	const short = 2 * time.Second // enough for the first look
	cases := map[string]struct {
		reason string
		wanted app.WaitFor
		status func(*v1alpha1.ApplicationStatus)
		want   string
	}{
		"All": {
			reason: "everything is waited for, and what is missing is told",
			status: func(status *v1alpha1.ApplicationStatus) {
				status.Operation = &v1alpha1.OperationStatus{Phase: v1alpha1.OperationRunning, Step: "Sync 1", Message: "Deployment w/www waits", StartedAt: metav1.NewMicroTime(noon)}
				status.Health = v1alpha1.HealthStatus{Status: v1alpha1.HealthProgressing, Message: "Deployment w/www waits"}
			},
			want: "wait for Application OFFICE/webhooks: not within 2s: the sync is Running, at Sync 1: Deployment w/www waits; " +
				"sync is OutOfSync: Service w/www differs in spec.ports; health is Progressing: Deployment w/www waits",
		},
		"Health":   {reason: "only what is named", wanted: app.WaitFor{Health: true}},
		"Revision": {reason: "the beginning of an id will do", wanted: app.WaitFor{Health: true, Revision: "4f1c0a9"}},
		"Other": {
			reason: "another one won't", wanted: app.WaitFor{Operation: true, Revision: "0b1946c5a7de0b19"},
			want: "wait for Application OFFICE/webhooks: not within 2s: it is at revision 4f1c0a9d2b, not 0b1946c5a7",
		},
		"Old": {
			reason: "a status of an older spec says nothing", wanted: app.WaitFor{Health: true},
			status: func(status *v1alpha1.ApplicationStatus) { status.ObservedGeneration = 0 },
			want:   "wait for Application OFFICE/webhooks: not within 2s: the controller hasn't seen the newest spec",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.Declare(quiet)
			if tc.status != nil {
				o.status(tc.status)
			}
			tc.wanted.Timeout = short
			found, err := asks(t, "").Wait(t.Context(), o.key("webhooks"), tc.wanted)
			message := ""
			if err != nil {
				message = o.named(err.Error())
			}
			if diff := cmp.Diff(tc.want, message); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			if err == nil && o.named(app.Summary(found)) != "Application OFFICE/webhooks is OutOfSync at 4f1c0a9d2b and Healthy" {
				t.Errorf("%s: %s", tc.reason, app.Summary(found))
			}
		})
	}
}

// TestWaitSees: a change ends the waiting, also for somebody who may not watch.
func TestWaitSees(t *testing.T) {
	t.Parallel()
	for user, verbs := range map[string][]string{"jane": {"get", "watch", "list"}, "jack": {"get"}} {
		o := newOffice(t)
		o.Declare(quiet)
		o.Allow(apiserver.User(user), rule("fairlead.dev", []string{"applications"}, verbs...))
		waited := make(chan error, 1)
		go func() {
			_, err := asks(t, user).Wait(t.Context(), o.key("webhooks"), app.WaitFor{Sync: true, Timeout: time.Minute})
			waited <- err
		}()
		o.status(func(status *v1alpha1.ApplicationStatus) { status.Sync.Status = v1alpha1.SyncStatusSynced })
		if err := <-waited; err != nil {
			t.Errorf("as %s: %v", user, err)
		}
	}
}
