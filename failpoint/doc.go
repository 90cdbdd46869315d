// Package failpoint names the steps of a commit at which a test has the process killed, to prove that none of them can repeat
// a change or lose one. The calls stand in the product, and come to nothing there: only a build with the tag failpoint can
// kill itself.
//
// It knows steps, hits and how a process ends. It must never know what is done between two steps.
package failpoint

// Variable is the environment variable that a build with the tag failpoint reads, once: "step:hit" has the process kill
// itself when it reaches the step for the hit-th time, counted from 1. If it is unset or empty, nothing is killed.
const Variable = "FAIRLEAD_FAILPOINT"

// Step is a named place in the product.
type Step string

// The steps of a change on its way into Git, and back into the status.
const (
	// BeforeEdit: what to write is decided, and no file is edited yet.
	BeforeEdit Step = "before-edit"
	// AfterObjects: the commits and what they hold are encoded, and nothing of it is sent.
	AfterObjects Step = "after-objects"
	// DuringPush: a part of the push was sent.
	DuringPush Step = "during-push"
	// AfterPush: the server has answered the push, and nobody has looked at the answer.
	AfterPush Step = "after-push"
	// BeforeStatus: a run that pushed something hasn't told anybody.
	BeforeStatus Step = "before-status"
	// BetweenStatus: it has told the ConfigRepository, which the Applications wait for, and no policy.
	BetweenStatus Step = "between-status"
	// AfterStatus: it has told everybody.
	AfterStatus Step = "after-status"
)

// Steps are all of them, in the order in which a run reaches them.
func Steps() []Step {
	return []Step{BeforeEdit, AfterObjects, DuringPush, AfterPush, BeforeStatus, BetweenStatus, AfterStatus}
}
