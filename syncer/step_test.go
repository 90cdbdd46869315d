package syncer_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fairlead/fairlead/syncer"
)

// thing is a ConfigMap with annotations, "wave=1 hook=PreSync options=PruneLast=true".
func thing(name, annotations string) *unstructured.Unstructured {
	obj := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap"}}
	obj.SetName(name)
	keys := map[string]string{"wave": "fairlead.dev/sync-wave", "hook": "fairlead.dev/hook", "options": "fairlead.dev/sync-options"}
	found := map[string]string{}
	for field := range strings.FieldsSeq(annotations) {
		key, value, _ := strings.Cut(field, "=")
		found[keys[key]] = value
	}
	if len(found) > 0 {
		obj.SetAnnotations(found)
	}
	return obj
}

// things are objects of the form "name: annotations".
func things(texts ...string) []*unstructured.Unstructured {
	objs := make([]*unstructured.Unstructured, len(texts))
	for i, text := range texts {
		name, annotations, _ := strings.Cut(text, ":")
		objs[i] = thing(name, annotations)
	}
	return objs
}

func hooksOf(t *testing.T, texts ...string) []syncer.Hook {
	t.Helper()
	var hooks []syncer.Hook
	for _, obj := range things(texts...) {
		about := syncer.MetaOf(obj)
		for _, phase := range about.Hooks {
			hooks = append(hooks, syncer.Hook{Phase: phase, Wave: about.Wave, Object: obj, Policies: about.DeletePolicies})
		}
	}
	return hooks
}

// describe is a step in one line.
func describe(step syncer.Step) string {
	words := []string{step.String()}
	for _, id := range step.Apply {
		words = append(words, id.Name)
	}
	for _, hook := range step.Hooks {
		words = append(words, "hook:"+hook.ID().Name)
	}
	for _, id := range step.Prune {
		words = append(words, "-"+id.Name)
	}
	return strings.Join(words, " ")
}

func TestStepsOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		reason         string
		desired, hooks []string
		prune          []string
		options        syncer.Options
		want           []string
		onePass        bool
		wantFailure    []string
	}{
		{reason: "nothing is no step", onePass: true},
		{
			reason: "objects of one wave, whichever, and the pruning are done in one pass", desired: []string{"a: wave=3", "b: wave=3"}, prune: []string{"c"},
			want: []string{"Sync 3 a b", "Prune 0 -c"}, onePass: true,
		},
		{
			reason: "lower waves go first", desired: []string{"a: wave=10", "b", "c: wave=-2", "d: wave=2"},
			want: []string{"Sync -2 c", "Sync 0 b", "Sync 2 d", "Sync 10 a"},
		},
		{
			reason:  "hooks stand in their phases, by wave; those of Sync beside the objects",
			hooks:   []string{"post: hook=PostSync", "pre: hook=PreSync", "early: hook=PreSync wave=-1", "beside: hook=Sync", "alone: hook=Sync wave=2", "both: hook=PreSync,PostSync wave=7"},
			desired: []string{"a", "b: wave=1"},
			want: []string{
				"PreSync -1 hook:early", "PreSync 0 hook:pre", "PreSync 7 hook:both", "Sync 0 a hook:beside", "Sync 1 b", "Sync 2 hook:alone",
				"PostSync 0 hook:post", "PostSync 7 hook:both",
			},
		},
		{
			reason: "hooks of a failure, of deletion and skipped ones have no part in it", desired: []string{"a"}, onePass: true,
			hooks: []string{"f: hook=SyncFail", "e: hook=SyncFail wave=-1", "g: hook=SyncFail", "d: hook=PostDelete", "s: hook=Skip"},
			want:  []string{"Sync 0 a"}, wantFailure: []string{"SyncFail -1 hook:e", "SyncFail 0 hook:f hook:g"},
		},
		{
			reason: "pruning goes the other way round, after everything is applied and before PostSync", hooks: []string{"post: hook=PostSync"},
			desired: []string{"a", "b: wave=1"}, prune: []string{"x: wave=-1", "y: wave=2", "z"},
			want: []string{"Sync 0 a", "Sync 1 b", "Prune 2 -y", "Prune 0 -z", "Prune -1 -x", "PostSync 0 hook:post"},
		},
		{
			reason: "what is pruned last is a step of its own, even if there is but one", desired: []string{"a"}, prune: []string{"x: options=PruneLast=true"},
			want: []string{"Sync 0 a", "PruneLast 0 -x"},
		},
		{
			reason: "PruneLast of the Application counts for all, unless an object says otherwise", options: syncer.Options{PruneLast: true},
			prune: []string{"x", "y: wave=1", "z: options=PruneLast=false"},
			want:  []string{"Prune 0 -z", "PruneLast 1 -y", "PruneLast 0 -x"},
		},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			t.Parallel()
			live := map[syncer.ID]*unstructured.Unstructured{}
			var prune []syncer.ID
			for _, obj := range things(test.prune...) {
				live[syncer.IDOf(obj)] = obj
				prune = append(prune, syncer.IDOf(obj))
			}
			hooks := hooksOf(t, test.hooks...)
			steps := syncer.StepsOf(things(test.desired...), hooks, prune, live, test.options)
			var got, failure []string
			for _, step := range steps {
				got = append(got, describe(step))
				if place := syncer.ParsePlace(step.String()); place != step.Place {
					t.Errorf("%s is read as %s", step.Place, place)
				}
			}
			for _, step := range syncer.FailureSteps(hooks) {
				failure = append(failure, describe(step))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wantFailure, failure); diff != "" {
				t.Errorf("of the failure (-want +got):\n%s", diff)
			}
			if got := syncer.InOnePass(steps); got != test.onePass {
				t.Errorf("in one pass: want %t, got %t", test.onePass, got)
			}
		})
	}
}

func TestParsePlace(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "Sync", "Sync one", "Nowhere 1", "Skip 0"} {
		if got := syncer.ParsePlace(text); got != (syncer.Place{}) {
			t.Errorf("%q: what can't be read begins anew, got %s", text, got)
		}
	}
}

func TestNextMove(t *testing.T) {
	t.Parallel()
	applied := func(status syncer.HealthStatus) syncer.ObjectProgress {
		return syncer.ObjectProgress{Applied: true, Health: syncer.Health{Status: status, Message: "it is " + strings.ToLower(string(status))}}
	}
	tests := []struct {
		reason  string
		at      string
		objects map[string]syncer.ObjectProgress
		hooks   map[string]syncer.HookResult
		left    map[string]bool
		want    string
	}{
		{reason: "it begins with the first step", want: "PreSync 0 start pre"},
		{
			reason: "a hook that runs is waited for", hooks: map[string]syncer.HookResult{"pre": {Status: syncer.HookRunning, Message: "Job pre is running"}},
			want: "PreSync 0 waits for PreSync hooks: Job pre is running",
		},
		{
			reason: "a hook that fails ends it", hooks: map[string]syncer.HookResult{"pre": {Status: syncer.HookBroken, Message: "Job pre has failed"}},
			want: "PreSync 0 failed: PreSync hooks: Job pre has failed",
		},
		{reason: "after the hooks come the objects of the first wave, and its hooks", hooks: done("pre"), want: "Sync 0 apply a b start beside"},
		{
			reason: "what is applied already isn't applied again", hooks: done("pre"), at: "Sync 0",
			objects: map[string]syncer.ObjectProgress{"a": applied(syncer.Progressing)}, want: "Sync 0 apply b start beside",
		},
		{
			reason: "a wave waits until everything of it is healthy", hooks: done("pre", "beside"), at: "Sync 0",
			objects: map[string]syncer.ObjectProgress{"a": applied(syncer.Progressing), "b": applied(syncer.Missing)},
			want:    "Sync 0 waits for wave 0: it is progressing; it is missing",
		},
		{
			reason: "what is paused on purpose isn't waited for", hooks: done("pre", "beside"), at: "Sync 0",
			objects: map[string]syncer.ObjectProgress{"a": applied(syncer.Suspended), "b": applied(syncer.Healthy)}, want: "Sync 1 apply c",
		},
		{
			reason: "what is degraded ends it", hooks: done("pre", "beside"), at: "Sync 0",
			objects: map[string]syncer.ObjectProgress{"a": applied(syncer.Degraded), "b": applied(syncer.Progressing)}, want: "Sync 0 failed: wave 0: it is degraded",
		},
		{
			reason: "steps that are over aren't looked at again, whatever became of their objects", at: "Sync 1",
			objects: map[string]syncer.ObjectProgress{"a": applied(syncer.Degraded)}, want: "Sync 1 apply c",
		},
		{
			reason: "an object that can't be applied yet is waited for", at: "Sync 1",
			objects: map[string]syncer.ObjectProgress{"c": {Blocked: "is being deleted"}}, want: "Sync 1 waits for wave 1: ConfigMap c is being deleted",
		},
		{
			reason: "pruning comes when the last wave is healthy", at: "Sync 1", left: map[string]bool{"x": false, "y": false},
			objects: map[string]syncer.ObjectProgress{"c": applied(syncer.Healthy)}, want: "Prune 1 prune y",
		},
		{
			reason: "and waits for each wave to be gone", at: "Prune 1", left: map[string]bool{"x": false, "y": true},
			want: "Prune 1 waits for pruning: ConfigMap y is being deleted",
		},
		{reason: "the wave below follows", at: "Prune 1", left: map[string]bool{"x": false}, want: "Prune 0 prune x"},
		{reason: "a step whose objects are gone is passed", at: "Prune 0", want: "PostSync 0 start post"},
		{reason: "a restart with the last hook done finds nothing to do", at: "PostSync 0", hooks: done("post"), want: "PostSync 0 over"},
	}
	hooks := hooksOf(t, "pre: hook=PreSync", "beside: hook=Sync", "post: hook=PostSync")
	live := map[syncer.ID]*unstructured.Unstructured{}
	var prune []syncer.ID
	for _, obj := range things("x", "y: wave=1") {
		live[syncer.IDOf(obj)] = obj
		prune = append(prune, syncer.IDOf(obj))
	}
	steps := syncer.StepsOf(things("a", "b", "c: wave=1"), hooks, prune, live, syncer.Options{})
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			t.Parallel()
			progress := syncer.Progress{
				At: syncer.ParsePlace(test.at), Object: func(id syncer.ID) syncer.ObjectProgress { return test.objects[id.Name] },
				Hooks: map[syncer.HookKey]syncer.HookResult{}, Left: map[syncer.ID]bool{},
			}
			for _, hook := range hooks {
				progress.Hooks[hook.Key()] = test.hooks[hook.ID().Name]
			}
			for _, id := range prune {
				if leaving, there := test.left[id.Name]; there {
					progress.Left[id] = leaving
				}
			}
			if diff := cmp.Diff(test.want, describeMove(syncer.NextMove(steps, progress))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestNextMoveOfTheLastStep holds that nobody waits for objects that nothing waits for.
func TestNextMoveOfTheLastStep(t *testing.T) {
	t.Parallel()
	steps := syncer.StepsOf(things("a", "b: wave=1"), nil, nil, nil, syncer.Options{})
	move := syncer.NextMove(steps, syncer.Progress{At: syncer.ParsePlace("Sync 1"), Object: func(syncer.ID) syncer.ObjectProgress {
		return syncer.ObjectProgress{Applied: true, Health: syncer.Health{Status: syncer.Degraded}}
	}})
	if want, got := "Sync 1 over", describeMove(move); want != got {
		t.Errorf("want %s, got %s", want, got)
	}
}

// TestDeletionSteps holds that each phase of a deletion is hooks alone, by wave, and that what is over isn't run again.
func TestDeletionSteps(t *testing.T) {
	t.Parallel()
	hooks := hooksOf(t, "late: hook=PreDelete wave=2", "early: hook=PreDelete", "sync: hook=PreSync", "after: hook=PostDelete")
	tests := []struct {
		reason, at string
		phase      syncer.HookPhase
		hooks      map[string]syncer.HookResult
		want       string
	}{
		{reason: "the first wave comes first", phase: syncer.PreDelete, want: "PreDelete 0 start early"},
		{reason: "then the next", phase: syncer.PreDelete, at: "PreDelete 0", hooks: done("early"), want: "PreDelete 2 start late"},
		{reason: "after the last it is over", phase: syncer.PreDelete, at: "PreDelete 2", hooks: done("early", "late"), want: "PreDelete 2 over"},
		{reason: "with the cascade begun they don't run, whatever became of them", phase: syncer.PreDelete, at: "Delete 0", want: "Delete 0 over"},
		{
			reason: "one that failed ends it", phase: syncer.PreDelete, at: "PreDelete 0",
			hooks: map[string]syncer.HookResult{"early": {Status: syncer.HookBroken, Message: "it has failed"}},
			want:  "PreDelete 0 failed: PreDelete hooks: it has failed",
		},
		{reason: "those after the cascade are a phase of their own", phase: syncer.PostDelete, at: "PostDelete 0", want: "PostDelete 0 start after"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			t.Parallel()
			progress := syncer.Progress{At: syncer.ParsePlace(test.at), Hooks: map[syncer.HookKey]syncer.HookResult{}}
			for _, hook := range hooks {
				progress.Hooks[hook.Key()] = test.hooks[hook.ID().Name]
			}
			move := syncer.NextMove(syncer.DeletionSteps(hooks, test.phase), progress)
			if diff := cmp.Diff(test.want, describeMove(move)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func done(names ...string) map[string]syncer.HookResult {
	results := map[string]syncer.HookResult{}
	for _, name := range names {
		results[name] = syncer.HookResult{Status: syncer.HookDone}
	}
	return results
}

// describeMove is a move in one line.
func describeMove(move syncer.Move) string {
	words := []string{move.Place.String()}
	if move.Over() {
		words = append(words, "over")
	}
	list := func(verb string, ids []syncer.ID) {
		if len(ids) > 0 {
			words = append(words, verb)
		}
		for _, id := range ids {
			words = append(words, id.Name)
		}
	}
	list("apply", move.Apply)
	var started []syncer.ID
	for _, hook := range move.Start {
		started = append(started, hook.ID())
	}
	list("start", started)
	list("prune", move.Prune)
	if move.Failed != "" {
		words = append(words, "failed:", move.Failed)
	}
	return strings.TrimSpace(strings.Join(append(words, move.Waits), " "))
}
