package syncer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// HookPhase is the part of a sync in which a hook runs.
type HookPhase string

// Hook phases.
const (
	// PreSync: before anything is applied.
	PreSync HookPhase = "PreSync"
	// SyncPhase: beside the objects of its wave.
	SyncPhase HookPhase = "Sync"
	// PostSync: when everything is applied and healthy.
	PostSync HookPhase = "PostSync"
	// SyncFail: when the sync has failed.
	SyncFail HookPhase = "SyncFail"
	// PreDelete: before the Application is deleted with its objects.
	PreDelete HookPhase = "PreDelete"
	// PostDelete: when the Application's objects are deleted.
	PostDelete HookPhase = "PostDelete"
	// Skip: never; the object isn't applied at all.
	Skip HookPhase = "Skip"
)

// DeletePolicy says when the object of a hook is deleted.
type DeletePolicy string

// Delete policies.
const (
	// BeforeHookCreation: before the hook runs the next time. It counts where a hook names none.
	BeforeHookCreation DeletePolicy = "BeforeHookCreation"
	// HookSucceeded: when it succeeded.
	HookSucceeded DeletePolicy = "HookSucceeded"
	// HookFailed: when it failed.
	HookFailed DeletePolicy = "HookFailed"
)

// Annotations that say when an object is applied. The one of Fairlead counts before the one of Argo CD, and that before
// those of Helm.
const (
	annotationWave         = "sync-wave"
	annotationHook         = "hook"
	annotationDeletePolicy = "hook-delete-policy"
	annotationCompare      = "compare-options"
	helmHook               = "helm.sh/hook"
	helmWeight             = "helm.sh/hook-weight"
	helmDeletePolicy       = "helm.sh/hook-delete-policy"
)

// Meta is what the annotations of an object say about its place in a sync. Its sync options are told by Options.Of.
type Meta struct {
	// Wave in which it is applied: lower ones first.
	Wave int
	// Hooks are the phases in which it runs; none for an object that is applied and kept.
	Hooks []HookPhase
	// DeletePolicies say when the object of a hook is deleted: at least one for a hook, none for another object.
	DeletePolicies []DeletePolicy
	// IgnoreExtraneous is true for an object that doesn't make the Application OutOfSync when the revision doesn't hold it.
	IgnoreExtraneous bool
	// Problems are the annotations that can't be understood.
	Problems []string
}

// MetaOf reads the annotations of an object.
func MetaOf(obj *unstructured.Unstructured) Meta {
	read := metaReader{annotations: obj.GetAnnotations()}
	if len(read.annotations) == 0 {
		return Meta{}
	}
	meta := Meta{Wave: read.wave(), Hooks: read.hooks(), IgnoreExtraneous: read.ignoreExtraneous()}
	if len(meta.Hooks) > 0 {
		meta.DeletePolicies = read.deletePolicies()
	}
	meta.Problems = read.problems
	return meta
}

// IsHook says whether the object is a hook, rather than one that is applied and kept.
func (m Meta) IsHook() bool { return len(m.Hooks) > 0 }

// RunsOnDeletion says whether the object is a hook that runs when its Application is deleted.
func (m Meta) RunsOnDeletion() bool {
	return slices.Contains(m.Hooks, PreDelete) || slices.Contains(m.Hooks, PostDelete)
}

// Deletes says whether the object of a hook is deleted by a policy.
func (m Meta) Deletes(policy DeletePolicy) bool { return slices.Contains(m.DeletePolicies, policy) }

// metaReader reads the annotations of one object.
type metaReader struct {
	annotations map[string]string
	problems    []string
}

// own is the value of an annotation that Fairlead and Argo CD both have, and its whole name.
func (r *metaReader) own(name string) (key, value string, found bool) {
	for _, prefix := range []string{"fairlead.dev/", "argocd.argoproj.io/"} {
		if value, found = r.annotations[prefix+name]; found {
			return prefix + name, value, true
		}
	}
	return "", "", false
}

func (r *metaReader) wave() int {
	key, value, found := r.own(annotationWave)
	if !found {
		key = helmWeight
		if value, found = r.annotations[key]; !found {
			return 0
		}
	}
	wave, err := strconv.ParseInt(strings.TrimSpace(value), 10, 32)
	if err != nil {
		r.problem(key, value, "it takes a whole number")
	}
	return int(wave)
}

// hooks are the phases of a hook. One of Helm's that has no part in a sync is skipped.
func (r *metaReader) hooks() []HookPhase {
	if key, value, found := r.own(annotationHook); found {
		return words(r, key, value, map[string]HookPhase{
			"PreSync": PreSync, "Sync": SyncPhase, "PostSync": PostSync, "SyncFail": SyncFail, "PreDelete": PreDelete,
			"PostDelete": PostDelete, "Skip": Skip,
		})
	}
	value, found := r.annotations[helmHook]
	if !found {
		return nil
	}
	hooks := words(r, helmHook, strings.ToLower(value), map[string]HookPhase{
		"pre-install": PreSync, "pre-upgrade": PreSync, "post-install": PostSync, "post-upgrade": PostSync,
		"pre-delete": PreDelete, "post-delete": PostDelete, "crd-install": "",
		"test": Skip, "test-success": Skip, "test-failure": Skip, "pre-rollback": Skip, "post-rollback": Skip,
	})
	hooks = slices.DeleteFunc(hooks, func(phase HookPhase) bool { return phase == "" })
	if slices.ContainsFunc(hooks, func(phase HookPhase) bool { return phase != Skip }) {
		hooks = slices.DeleteFunc(hooks, func(phase HookPhase) bool { return phase == Skip })
	}
	if len(hooks) == 0 {
		return nil
	}
	return hooks
}

func (r *metaReader) deletePolicies() []DeletePolicy {
	var policies []DeletePolicy
	if key, value, found := r.own(annotationDeletePolicy); found {
		policies = words(r, key, value, map[string]DeletePolicy{
			"BeforeHookCreation": BeforeHookCreation, "HookSucceeded": HookSucceeded, "HookFailed": HookFailed,
		})
	} else if value, found := r.annotations[helmDeletePolicy]; found {
		policies = words(r, helmDeletePolicy, strings.ToLower(value), map[string]DeletePolicy{
			"before-hook-creation": BeforeHookCreation, "hook-succeeded": HookSucceeded, "hook-failed": HookFailed,
		})
	}
	if len(policies) == 0 {
		policies = []DeletePolicy{BeforeHookCreation}
	}
	return policies
}

// ignoreExtraneous reads the compare options. The others that Argo CD has choose between ways of comparing, of which there is
// one here.
func (r *metaReader) ignoreExtraneous() bool {
	_, value, _ := r.own(annotationCompare)
	for word := range strings.SplitSeq(value, ",") {
		if strings.TrimSpace(word) == "IgnoreExtraneous" {
			return true
		}
	}
	return false
}

// words translates a list of words, each of them once, and notes those that it doesn't know.
func words[T ~string](r *metaReader, key, value string, known map[string]T) []T {
	var found []T
	for word := range strings.SplitSeq(value, ",") {
		word = strings.TrimSpace(word)
		if word == "" {
			continue
		}
		meaning, ok := known[word]
		if !ok {
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			r.problem(key, word, "it takes "+strings.Join(names, ", "))
			continue
		}
		if !slices.Contains(found, meaning) {
			found = append(found, meaning)
		}
	}
	return found
}

func (r *metaReader) problem(key, value, takes string) {
	r.problems = append(r.problems, fmt.Sprintf("annotation %s: %q can't be understood: %s", key, bounded(value), takes))
}
