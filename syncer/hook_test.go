package syncer_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fairlead/fairlead/syncer"
)

const jobHook = `
apiVersion: batch/v1
kind: Job
metadata: {NAME, annotations: {argocd.argoproj.io/hook: PreSync, argocd.argoproj.io/hook-delete-policy: POLICY}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: registry.example.com/c}]}}}`

// hookIn prepares a Job as a hook of a sync.
func hookIn(t *testing.T, namespace, name, policy, sync string) syncer.Hook {
	t.Helper()
	manifest := strings.NewReplacer("NAME", name, "POLICY", policy).Replace(jobHook)
	hooks, err := syncer.PrepareHooks(objects(t, manifest), owner, syncer.Scope{Namespace: namespace}, syncer.Options{}, mapper)
	if err != nil || len(hooks) != 1 {
		t.Fatal(hooks, err)
	}
	return hooks[0].In(sync)
}

func TestHookRuns(t *testing.T) {
	t.Parallel()
	namespace, applier := newNamespace(t), syncer.NewApplier(admin, mapper)
	first := hookIn(t, namespace, "name: migrate", "BeforeHookCreation", "1")
	made, err := applier.StartHook(t.Context(), owner, first)
	if err != nil {
		t.Fatal(err)
	}
	again, err := applier.StartHook(t.Context(), owner, first)
	if err != nil || again.GetUID() != made.GetUID() {
		t.Errorf("what was started isn't started twice: %v", err)
	}
	second := hookIn(t, namespace, "name: migrate", "BeforeHookCreation", "2")
	var next string
	eventually(t, "the Job of the first sync makes room for that of the second", func() bool {
		started, err := applier.StartHook(t.Context(), owner, second)
		if err != nil {
			t.Fatal(err)
		}
		if started == nil {
			return false
		}
		next = string(started.GetUID())
		return true
	})
	if next == string(made.GetUID()) {
		t.Error("the second run has the object of the first")
	}
	if err := applier.DeleteHook(t.Context(), second.ID(), made.GetUID()); err != nil {
		t.Errorf("an object that is another one by now is no failure: %v", err)
	}
	if live, err := applier.Get(t.Context(), second.ID()); err != nil || live == nil {
		t.Errorf("and is left alone: %v", err)
	}
}

func TestHookNames(t *testing.T) {
	t.Parallel()
	one := hookIn(t, "web", "generateName: migrate-", "HookSucceeded", "1")
	if other := hookIn(t, "web", "generateName: migrate-", "HookSucceeded", "1"); other.ID() != one.ID() {
		t.Errorf("the same run has the same name: %s, %s", one.ID(), other.ID())
	}
	if other := hookIn(t, "web", "generateName: migrate-", "HookSucceeded", "2"); other.ID() == one.ID() {
		t.Errorf("another run has another name: %s", one.ID())
	}
}

func TestHookInTheWay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		reason, policy string
		labels         map[string]string
		annotations    map[string]string
		want           string
	}{
		{
			reason: "what is no hook isn't deleted for one", policy: "BeforeHookCreation",
			want: "hook Job NS/migrate: there is an object of this name that is no hook: rename the hook, or delete the object",
		},
		{
			reason: "another Application's hook is left to it", policy: "BeforeHookCreation",
			labels: map[string]string{syncer.LabelApplication: "other", syncer.LabelApplicationNamespace: "fairlead"}, annotations: map[string]string{"helm.sh/hook": "pre-install"},
			want: "hook Job NS/migrate belongs to Application fairlead/other: rename one of the two",
		},
		{
			reason: "what its policy keeps can't run twice", policy: "HookFailed", annotations: map[string]string{"helm.sh/hook": "pre-install"},
			want: "hook Job NS/migrate is still there from an earlier run, and its delete policy keeps it: add BeforeHookCreation, use metadata.generateName, or delete it",
		},
		{
			reason: "a hook that Helm or Argo CD has left behind makes room", policy: "BeforeHookCreation", annotations: map[string]string{"helm.sh/hook": "pre-install"},
		},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			t.Parallel()
			namespace, applier := newNamespace(t), syncer.NewApplier(admin, mapper)
			theirs := objects(t, strings.NewReplacer("NAME", "name: migrate", "annotations: {argocd.argoproj.io/hook: PreSync, argocd.argoproj.io/hook-delete-policy: POLICY}", "annotations: {}").Replace(jobHook))[0]
			theirs.SetLabels(test.labels)
			theirs.SetAnnotations(test.annotations)
			jobs := admin.Resource(jobsResource).Namespace(namespace)
			if _, err := jobs.Create(t.Context(), theirs, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			_, err := applier.StartHook(t.Context(), owner, hookIn(t, namespace, "name: migrate", test.policy, "1"))
			if diff := cmp.Diff(strings.ReplaceAll(test.want, "NS", namespace), text(err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if test.want != "" {
				if !terminal(err) {
					t.Error("only a person can help")
				}
				return
			}
			eventually(t, "it is gone", func() bool {
				_, err := jobs.Get(t.Context(), "migrate", metav1.GetOptions{})
				return apierrors.IsNotFound(err)
			})
		})
	}
}

func TestHookRefused(t *testing.T) {
	t.Parallel()
	hook := hookIn(t, "no-such-namespace", "name: migrate", "BeforeHookCreation", "1")
	_, err := syncer.NewApplier(admin, mapper).StartHook(t.Context(), owner, hook)
	want := `run hook Job no-such-namespace/migrate: namespaces "no-such-namespace" not found: create namespace no-such-namespace, or set the sync option CreateNamespace=true`
	if diff := cmp.Diff(want, text(err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHookAssess(t *testing.T) {
	t.Parallel()
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {fairlead.dev/hook: PreSync, fairlead.dev/hook-run: PreSync 1}}\n"
	tests := []struct {
		reason, live string
		started      bool
		want         syncer.HookResult
	}{
		{reason: "one that isn't there wasn't started"},
		{
			reason: "unless it was", started: true,
			want: syncer.HookResult{Status: syncer.HookBroken, Message: "Pod p was deleted before its end was seen: a hook needs no ttlSecondsAfterFinished, its delete policy takes care of it"},
		},
		{reason: "the object of another run is none of this", live: strings.ReplaceAll(pod, "PreSync 1", "PreSync 0")},
		{
			reason: "a pod that does its work once is running though it is ready", live: pod + "spec: {restartPolicy: Never}\nstatus: {phase: Running}",
			want: syncer.HookResult{Status: syncer.HookRunning, Message: "Pod p is running"},
		},
		{reason: "and has ended well", live: pod + "spec: {restartPolicy: Never}\nstatus: {phase: Succeeded}", want: syncer.HookResult{Status: syncer.HookDone}},
		{
			reason: "or badly, as it says", live: pod + "spec: {restartPolicy: OnFailure}\nstatus: {phase: Failed, message: out of memory}",
			want: syncer.HookResult{Status: syncer.HookBroken, Message: "Pod p has failed: out of memory"},
		},
		{
			reason: "an Argo Workflow fails with an error", live: "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: p, annotations: {fairlead.dev/hook-run: PreSync 1}}\nstatus: {phase: Error}",
			want: syncer.HookResult{Status: syncer.HookBroken, Message: "Pod p has failed"},
		},
		{
			reason: "an object that does nothing is done", live: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: p, annotations: {fairlead.dev/hook-run: PreSync 1}}",
			want: syncer.HookResult{Status: syncer.HookDone},
		},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			t.Parallel()
			hook := syncer.Hook{Phase: syncer.PreSync, Object: objects(t, pod)[0]}.In("1")
			var live *unstructured.Unstructured
			if test.live != "" {
				live = objects(t, test.live)[0]
			}
			if diff := cmp.Diff(test.want, hook.Assess(live, test.started, syncer.HealthOf)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
