package status

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// maxNote is the length of an event's note that the API server takes; a longer one is refused with the whole event.
const maxNote = 1024

// Event is one of those that tell an object's story. Each is recorded when it happens, not again while it lasts.
type Event struct {
	// Kind of the object that it is about.
	Kind   string
	Reason v1alpha1.Reason
	// Type is Normal, or Warning where somebody may have to act.
	Type string
	// Action is what Fairlead was at.
	Action string
	// When it is recorded, for docs/events.md.
	When string
}

// Events are all that are recorded, but for the failures: those have the reason of the condition that tells of them.
func Events() []Event {
	const policy, repository, app = "ImagePolicy", "ConfigRepository", "Application"
	const normal, warning = corev1.EventTypeNormal, corev1.EventTypeWarning
	const scan, sync = "Scan", "Sync"
	return []Event{
		{policy, v1alpha1.ReasonTagSelected, normal, "Select", "another tag, or another digest of it, is selected"},
		{policy, v1alpha1.ReasonTagMutated, warning, scan, "another image was pushed under the selected tag"},
		{policy, v1alpha1.ReasonTagCommitted, normal, "Commit", "the server has taken the commit: what was replaced by what, where, and the commit"},
		{policy, v1alpha1.ReasonHeld, warning, "Hold", "somebody took a version back, and a target is held from it: whose commit did, and what releases it"},
		{policy, v1alpha1.ReasonReleased, normal, "Release", "a target isn't held any more"},
		{policy, v1alpha1.ReasonEditRefused, warning, "Edit", "a target's file can't be edited safely: where, and what to write instead"},
		{policy, v1alpha1.ReasonRecovered, normal, scan, "a scan found a tag after scans that failed"},
		{repository, v1alpha1.ReasonPushed, normal, "Push", "the server has taken a push: how many commits, and the head"},
		{repository, v1alpha1.ReasonHistoryRewritten, warning, "Follow", "somebody moved the branch by force: from where, and to where"},
		{repository, v1alpha1.ReasonRecovered, normal, "Reconcile", "the repository can be worked with after failures"},
		{app, v1alpha1.ReasonSynced, normal, sync, "a revision is applied"},
		{app, v1alpha1.ReasonHealthy, normal, sync, "everything is healthy that wasn't"},
		{app, v1alpha1.ReasonDriftHealed, normal, sync, "objects that were changed in the cluster were set back"},
		{app, v1alpha1.ReasonFightingOver, warning, sync, "somebody changes an object again and again: who, and which fields"},
		{app, v1alpha1.ReasonFieldsTaken, normal, sync, "a sync has set fields back that others had set: whose, and which"},
	}
}

// Recorder records events whose notes are cut to what the API server takes.
type Recorder struct{ recorder events.EventRecorder }

// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// NewRecorder returns a Recorder that hands its events on to another.
func NewRecorder(recorder events.EventRecorder) Recorder { return Recorder{recorder: recorder} }

// Tell records one of Events about an object.
func (r Recorder) Tell(regarding, related runtime.Object, reason v1alpha1.Reason, note string, args ...any) {
	for _, event := range Events() {
		if event.Reason == reason && event.Kind == kindOf(regarding) {
			r.record(regarding, related, event.Type, reason, event.Action, fmt.Sprintf(note, args...))
			return
		}
	}
	r.Fail(regarding, reason, "Reconcile", fmt.Sprintf(note, args...))
}

// Fail records that something began to fail, with the reason of the condition that tells of it.
func (r Recorder) Fail(regarding runtime.Object, reason v1alpha1.Reason, action, message string) {
	r.record(regarding, nil, corev1.EventTypeWarning, reason, action, message)
}

func (r Recorder) record(regarding, related runtime.Object, kind string, reason v1alpha1.Reason, action, note string) {
	r.recorder.Eventf(regarding, related, kind, string(reason), action, "%s", cut(note, maxNote))
}

// kindOf is the kind of an object, whose own field may be empty.
func kindOf(obj runtime.Object) string {
	switch obj.(type) {
	case *v1alpha1.ImagePolicy:
		return "ImagePolicy"
	case *v1alpha1.ConfigRepository:
		return "ConfigRepository"
	case *v1alpha1.Application:
		return "Application"
	default:
		return ""
	}
}

// Bounded shortens a message to what a condition takes.
func Bounded(message string) string { return cut(message, maxMessage) }

// cut shortens a text to a number of bytes, and shows that it did.
func cut(text string, length int) string {
	const mark = " ..."
	if len(text) <= length {
		return text
	}
	return strings.ToValidUTF8(text[:length-len(mark)], "") + mark
}
