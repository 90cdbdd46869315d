package gitwriter

import "github.com/fairlead/fairlead/gitwriter/edit"

// WriteRequest is a set of changes that go out in one push.
type WriteRequest struct {
	// Changes are committed in this order.
	Changes []Change
	// Author signs the commits; a zero one is DefaultSignature.
	Author Signature
	// Committer is the author unless it is set.
	Committer Signature
	// Template words the commits; nil is the default message.
	Template *MessageTemplate
}

// Change is one policy's wish. It becomes one commit, or none if nothing differs.
type Change struct {
	// Policy is "namespace/name": the key of the results.
	Policy string
	// Image is the repository without tag, Tag the value to write, Digest ("sha256:...", may be empty) what the tag
	// stood for. Image and Digest serve the message alone.
	Image, Tag, Digest string
	// Selection says how the tag was selected, for the message: "semver >=1.0.0, newest of 42 tags".
	Selection string
	// Targets are the places to write the tag to.
	Targets []Target
	// Forward, if set, is asked with the value that stands in Git before it is replaced, at the head that the commit
	// is made on. An error means: keep that value; the outcome carries the error. It may be called more than once
	// and must not block.
	Forward func(current string) error
}

// Target is one scalar in one file.
type Target struct {
	// File is slash-separated and relative to the repository's root.
	File string
	// Path is the key path in the file.
	Path edit.Path
}

// Signature is who made a commit. The time is the Mirror's clock.
type Signature struct {
	Name, Email string
}

// DefaultSignature is the author where none is given.
func DefaultSignature() Signature {
	return Signature{Name: "Fairlead", Email: "fairlead@localhost"}
}

// WriteResult says what became of a WriteRequest.
type WriteResult struct {
	// Head is the branch's head after the run.
	Head Head
	// Outcomes has one entry per policy, with one outcome per target in the order of Change.Targets.
	Outcomes map[string][]Outcome
	// Commits is how many commits were pushed, Attempts how many pushes it took (0: nothing differed), Requests how
	// many HTTP requests all of it cost.
	Commits, Attempts, Requests int
}

// Outcome is what became of one target.
type Outcome struct {
	// Target is the target as it was asked for.
	Target Target
	// State is what happened.
	State OutcomeState
	// Current is the value at the result's head; empty if it couldn't be read.
	Current string
	// Previous is the value that was replaced, if State is Committed.
	Previous string
	// Revision is the commit that wrote it, if State is Committed.
	Revision string
	// Err says why, if State is Kept or Failed.
	Err error
}

// OutcomeState is what happened to a target.
type OutcomeState string

const (
	// Unchanged: the value stood there already.
	Unchanged OutcomeState = "Unchanged"
	// Committed: the value was written, and the server has it.
	Committed OutcomeState = "Committed"
	// Kept: another value stands there and stays, because Forward said so, or because another target of the same
	// policy failed.
	Kept OutcomeState = "Kept"
	// Failed: the target can't be read or written.
	Failed OutcomeState = "Failed"
)
