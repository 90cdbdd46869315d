package status

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
)

// maxNote is the length of an event's note that the API server takes; a longer one is refused with the whole event.
const maxNote = 1024

// Recorder records events whose notes are cut to what the API server takes.
type Recorder struct{ recorder events.EventRecorder }

// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// NewRecorder returns a Recorder that hands its events on to another.
func NewRecorder(recorder events.EventRecorder) Recorder { return Recorder{recorder: recorder} }

// Eventf records an event.
func (r Recorder) Eventf(regarding, related runtime.Object, kind, reason, action, note string, args ...any) {
	r.recorder.Eventf(regarding, related, kind, reason, action, "%s", cut(fmt.Sprintf(note, args...), maxNote))
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
