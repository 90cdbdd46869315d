package syncer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// AnnotationRun is the annotation of a hook's object that tells one run of the hook from another.
const AnnotationRun = "fairlead.dev/hook-run"

// Hook is an object that is made, and has to come to its end or to be healthy, in one phase of each sync. It is no part of
// the inventory.
type Hook struct {
	// Phase and Wave in which it runs.
	Phase HookPhase
	Wave  int
	// Object as Prepare would make it. It has no name as long as it has a generateName and no run.
	Object *unstructured.Unstructured
	// Policies say when the object is deleted.
	Policies []DeletePolicy
	// Run names the sync that the hook runs in; empty as long as that isn't known.
	Run string
}

// PrepareHooks makes rendered hooks ready to be run, as Prepare does with other objects: one Hook for each phase of each. The
// result is in the order of running, within one phase and wave. The errors are those of Prepare.
func PrepareHooks(objs []*unstructured.Unstructured, owner Owner, scope Scope, options Options, mapper meta.RESTMapper) ([]Hook, error) {
	if !slices.ContainsFunc(objs, func(obj *unstructured.Unstructured) bool { return MetaOf(obj).IsHook() }) {
		return nil, nil
	}
	ready, err := prepare(objs, preparation{
		owner: owner, scope: scope, options: options, kinds: kindsWith(mapper, objs), seen: map[ID]place{}, hooks: true,
	})
	if err != nil {
		return nil, err
	}
	var hooks []Hook
	for _, obj := range ready {
		about := MetaOf(obj)
		for _, phase := range about.Hooks {
			hooks = append(hooks, Hook{Phase: phase, Wave: about.Wave, Object: obj, Policies: about.DeletePolicies})
		}
	}
	if len(hooks) > maxHooks {
		return nil, &RefusedError{Problems: []string{fmt.Sprintf("%d hooks: there may be %d", len(hooks), maxHooks)}}
	}
	return hooks, nil
}

// maxHooks bounds the hooks of an Application: what becomes of each stands in its status.
const maxHooks = 256

// In is the hook as it runs in one sync, which a text names that no other sync of the Application has. The same text gives the
// same object, so that a hook which was started and then forgotten is found again rather than started twice.
func (h Hook) In(sync string) Hook {
	h.Run = fmt.Sprintf("%s %s", h.Phase, sync)
	h.Object = h.Object.DeepCopy()
	if h.Object.GetName() == "" {
		sum := sha256.Sum256([]byte(h.Run))
		h.Object.SetName(h.Object.GetGenerateName() + hex.EncodeToString(sum[:4]))
	}
	annotations := h.Object.GetAnnotations()
	annotations[AnnotationRun] = h.Run // there are annotations: one of them makes it a hook
	h.Object.SetAnnotations(annotations)
	return h
}

// ID names the hook's object.
func (h Hook) ID() ID { return IDOf(h.Object) }

// Deletes says whether the object is deleted by a policy.
func (h Hook) Deletes(policy DeletePolicy) bool { return slices.Contains(h.Policies, policy) }

// HookStatus says how far a hook is. Empty: it wasn't started yet.
type HookStatus string

// Hook statuses.
const (
	// HookRunning: it hasn't ended.
	HookRunning HookStatus = "Running"
	// HookDone: it has ended well, or is healthy.
	HookDone HookStatus = "Succeeded"
	// HookBroken: it has failed.
	HookBroken HookStatus = "Failed"
)

// HookResult is what became of a hook.
type HookResult struct {
	Status HookStatus
	// Message names the object and says what it waits for or why it has failed.
	Message string
}

// Assess tells what became of a hook from its object, nil if it isn't there. started is true if it was started before: then an
// object that isn't there was deleted by somebody. health tells how objects fare that don't end by themselves.
func (h Hook) Assess(live *unstructured.Unstructured, started bool, health func(ID, *unstructured.Unstructured) Health) HookResult {
	if live == nil || live.GetAnnotations()[AnnotationRun] != h.Run {
		if started {
			return HookResult{Status: HookBroken, Message: fmt.Sprintf(
				"%s was deleted before its end was seen: a hook needs no ttlSecondsAfterFinished, its delete policy takes care of it", h.ID())}
		}
		return HookResult{}
	}
	switch found := endOf(h.ID(), live, health); found.Status {
	case Healthy:
		return HookResult{Status: HookDone}
	case Degraded:
		return HookResult{Status: HookBroken, Message: found.Message}
	case Suspended, Progressing, Missing, Unknown:
		return HookResult{Status: HookRunning, Message: found.Message}
	default:
		return HookResult{Status: HookRunning, Message: found.Message}
	}
}

// endOf is the health of a hook's object. What ends by itself is healthy when it has ended well, not as long as it runs.
func endOf(id ID, live *unstructured.Unstructured, health func(ID, *unstructured.Unstructured) Health) Health {
	kind := live.GroupVersionKind().GroupKind()
	phase, _, _ := unstructured.NestedString(live.Object, "status", "phase")
	restarts, _, _ := unstructured.NestedString(live.Object, "spec", "restartPolicy")
	switch {
	case kind == schema.GroupKind{Kind: kindPod} && restarts != "Always":
	case kind == schema.GroupKind{Group: "argoproj.io", Kind: "Workflow"}:
	case kind == schema.GroupKind{Group: "batch", Kind: kindJob}:
		found := health(id, live)
		if why := failureOfJob(live); found.Status == Degraded && why != "" {
			found.Message = fmt.Sprintf("%s has failed: %s", id, why)
		}
		return found
	default:
		return health(id, live)
	}
	message, _, _ := unstructured.NestedString(live.Object, "status", "message")
	if message != "" {
		message = ": " + message
	}
	switch phase {
	case "Succeeded":
		return Health{Status: Healthy}
	case "Failed", "Error":
		return Health{Status: Degraded, Message: fmt.Sprintf("%s has failed%s", id, message)}
	}
	return Health{Status: Progressing, Message: fmt.Sprintf("%s is running%s", id, message)}
}

// failureOfJob is the Job's own reason for its failure; empty if it gives none.
func failureOfJob(live *unstructured.Unstructured) string {
	conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
	for _, entry := range conditions {
		condition, _ := entry.(map[string]any)
		if message, _ := condition["message"].(string); condition["type"] == "Failed" && condition["status"] == "True" {
			return message
		}
	}
	return ""
}

// endsByItself says whether an object of this kind does its work once.
func endsByItself(id ID) bool {
	switch (schema.GroupKind{Group: id.Group, Kind: id.Kind}) {
	case schema.GroupKind{Group: "batch", Kind: kindJob}, schema.GroupKind{Kind: kindPod}, schema.GroupKind{Group: "argoproj.io", Kind: "Workflow"}:
		return true
	}
	return false
}
