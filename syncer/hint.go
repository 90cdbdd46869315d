package syncer

import (
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// hintFor says what to do where the API server's words don't.
func hintFor(err error, state *State) string {
	switch {
	case lacksNamespace(err):
		return fmt.Sprintf("create namespace %s, or set the sync option CreateNamespace=true", state.ID.Namespace)
	case losesNamespace(err):
		return "it is tried again until the namespace is gone and made anew"
	case state.Live != nil && unchangeable(err) && immutable(err):
		return fmt.Sprintf("the field can't be changed: delete the object, or have it deleted and created again by its annotation %s: Force=true", annotationOptions)
	case asksForReplace(err):
		return fmt.Sprintf("the annotation %s: ServerSideApply=false has it applied as kubectl does it by default, Replace=true has it replaced", annotationOptions)
	}
	return ""
}

// losesNamespace recognises the refusal of an object whose namespace is on its way out.
func losesNamespace(err error) bool {
	return apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause)
}

// wordsOfImmutable are those in which kinds say that a field can't be changed.
//
//nolint:gochecknoglobals // a table; nothing changes it
var wordsOfImmutable = []string{
	"immutable", "may not change", "may not be changed", "cannot change", "cannot be changed", "can not be changed", "updates to", "pod updates",
}

// immutable recognises the refusal of a change to a field that can't be changed. Each kind has its own words for it.
func immutable(err error) bool {
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) || status.Status().Details == nil {
		return false
	}
	for _, cause := range status.Status().Details.Causes {
		message := strings.ToLower(cause.Message)
		for _, words := range wordsOfImmutable {
			if strings.Contains(message, words) {
				return true
			}
		}
	}
	return false
}

// asksForReplace recognises an object that server-side apply can't take, as its lists hold the same key twice.
func asksForReplace(err error) bool {
	return misfit(err) && strings.Contains(err.Error(), "duplicate entries for key")
}
