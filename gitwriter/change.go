package gitwriter

import (
	"time"

	"github.com/fairlead/fairlead/gitwriter/edit"
)

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
	// Signer, if set, signs every commit. If it can't, nothing is pushed, and its error is that of the Write.
	Signer Signer
}

// Signer makes the signature of a commit: gitwriter/signing has those that git verifies.
type Signer interface {
	// Sign returns the signature of a commit's bytes, armored as the header gpgsig holds it.
	Sign(payload []byte) (armored string, err error)
}

// Change is one policy's wish. It becomes one commit, or none if nothing differs.
type Change struct {
	// Policy is "namespace/name": the key of the results.
	Policy string
	// Image is the repository without tag, Tag the selected tag, Digest ("sha256:...", may be empty) what the tag stood
	// for. They serve the message alone: what is written is said in Targets.
	Image, Tag, Digest string
	// Selection says how the tag was selected, for the message: "semver >=1.0.0, newest of 42 tags".
	Selection string
	// Seen is when the tag was first seen, for the message; zero if nobody knows.
	Seen time.Time
	// Targets are what to write where.
	Targets []Target
	// Message, if set, is the whole message of the commit, in place of the template's and without trailers. The commit is a
	// person's then: what it replaces counts as taken back.
	Message string
	// Forward, if set, is asked before a target is written, at the head that the commit is made on: with the target's index
	// in Targets, and what stands there in Git. An error means: keep it all; the outcome carries the error. It may be called
	// more than once and must not block.
	Forward func(target int, at Standing) error
}

// Target is one or more scalars in one file that say together which image runs. It is written whole or not at all.
type Target struct {
	// Application is whom the file configures, for the message; empty if nobody in particular.
	Application string
	// File is slash-separated and relative to the repository's root.
	File string
	// Values are the scalars, at least one.
	Values []Value
}

// Value is one scalar, and what belongs there.
type Value struct {
	// Part says what the scalar holds, and thereby what may be written to it.
	Part Part
	// Path is the key path in the file.
	Path edit.Path
	// Value is what belongs there.
	Value string
}

// Part is the part of an image reference that a scalar holds.
type Part string

// The parts. Their grammars are those of the OCI specifications; nothing else is written.
const (
	// PartTag: "v1.0.36".
	PartTag Part = "tag"
	// PartDigest: "sha256:...".
	PartDigest Part = "digest"
	// PartRepository: "registry.example.com/web-hook/www", with or without a host.
	PartRepository Part = "repository"
	// PartImage: a repository, then ":" and a tag, "@" and a digest, or both.
	PartImage Part = "image"
)

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
	// many HTTP requests, or commands over SSH, all of it cost.
	Commits, Attempts, Requests int
	// Conflicts is how many of the attempts somebody else's push overtook.
	Conflicts int
	// Rewrites are the times that somebody replaced the branch's history by force while this ran. The changes were decided
	// anew each time, from what stands there now.
	Rewrites []Rewrite
}

// Outcome is what became of one target.
type Outcome struct {
	// Target is the target as it was asked for.
	Target Target
	// State is what happened.
	State OutcomeState
	// Current are the values at the result's head, in the order of Target.Values; nil if they couldn't be read.
	Current []string
	// Previous are the values that were replaced, in the same order, if State is Committed. Where only some of the values
	// differed, the others are in it as well.
	Previous []string
	// Revision is the commit that wrote it, if State is Committed.
	Revision string
	// TakenBack is the commit that replaced what was last written here by what stands here now, if State is Kept and Err is
	// Forward's and says by a method OnPurpose() bool that somebody's word is in the way. Nil if nothing was written here
	// before, if it stands still, and if the commit isn't found.
	TakenBack *Commit
	// Err says why, if State is Kept or Failed.
	Err error

	// standing is what Forward was told, if it said no.
	standing Standing
}

// OutcomeState is what happened to a target.
type OutcomeState string

const (
	// Unchanged: all the values stood there already.
	Unchanged OutcomeState = "Unchanged"
	// Committed: the values were written, and the server has them.
	Committed OutcomeState = "Committed"
	// Kept: other values stand there and stay, because Forward said so, or because another target of the same
	// policy failed.
	Kept OutcomeState = "Kept"
	// Failed: the target can't be read or written.
	Failed OutcomeState = "Failed"
)
