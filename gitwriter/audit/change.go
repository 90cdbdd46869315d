package audit

import "time"

// History is what a branch's history says of the images in it.
type History struct {
	// Tip is the commit that it is the history of, Commits how many it holds.
	Tip     string
	Commits int
	// Changes are the newest first: no commit stands before one that was made on top of it.
	Changes []Change
	// Renames are the watched files that got another name, the newest first.
	Renames []Rename
	// Cut are the oldest commits that are here, where the repository lacks what came before them.
	Cut []Revision
}

// Revision is a commit.
type Revision struct {
	// Commit is its id, 40 hexadecimal digits, Time when it was committed.
	Commit string    `json:"commit"`
	Time   time.Time `json:"time"`
}

// Rename is a file that got another name.
type Rename struct {
	Revision

	From string `json:"from"`
	To   string `json:"to"`
}

// Change is one target's change by one commit. A target are the places that stand beside each other in a file and that
// Fairlead wrote, such as www.tag and www.digest: together they say which image runs.
type Change struct {
	Revision

	// Subject is the first line of the commit's message.
	Subject string `json:"subject"`
	// Places are the target's, as "file#key.path".
	Places []string `json:"places"`
	// Policy is the one that last wrote the target by then; or, before any did, the first to write it.
	Policy string `json:"policy"`
	// From and To are what the target said before and after; nil: nothing, or nobody knows, since the history is cut there.
	From *Reference `json:"from"`
	To   *Reference `json:"to"`
	// By is who made the change.
	By Actor `json:"by"`
	// Arrived is the commit with which the change came to the branch, if it was made elsewhere: a merge.
	Arrived *Revision `json:"arrived,omitempty"`
	// Seen is when the tag was first seen in the registry, if the commit says so.
	Seen *time.Time `json:"seen,omitempty"`
	// Outcome is what became of it.
	Outcome Outcome `json:"outcome"`

	// stands is when the branch had it; writers are all policies that ever wrote the target.
	stands  time.Time
	writers []string
}

// Actor is who made a change.
type Actor struct {
	// Kind tells how to read the rest.
	Kind ActorKind `json:"kind"`
	// Policy is "namespace/name" unless Kind is Person.
	Policy string `json:"policy,omitempty"`
	// Name and Email are the person's; of a policy's commit, the author's that Fairlead was told to use.
	Name  string `json:"name"`
	Email string `json:"email"`
}

// ActorKind is the kind of an Actor.
type ActorKind string

// The kinds of actors.
const (
	// Policy: Fairlead made the commit for a policy.
	Policy ActorKind = "policy"
	// Person: somebody else made it.
	Person ActorKind = "person"
	// Carried: somebody else brought here what Fairlead had committed for a policy, by a squash, a cherry-pick or a rebase.
	Carried ActorKind = "carried"
)

// Outcome is what became of a change.
type Outcome struct {
	// State is one word of a closed list.
	State State `json:"state"`
	// By is who ended it, At the commit that brought the end to the branch; nil while it stands.
	By *Actor    `json:"by,omitempty"`
	At *Revision `json:"at,omitempty"`
	// To is what came instead; nil if nothing did.
	To *Reference `json:"to,omitempty"`
	// Stood is for how many seconds the branch had it, zero while it stands.
	Stood int64 `json:"stoodSeconds"`
}

// State is what became of a change, in one word.
type State string

// The states.
const (
	// Current: it stands at the tip.
	Current State = "current"
	// Superseded: something else came, which hadn't stood there before.
	Superseded State = "superseded"
	// Reverted: what came instead had stood there before this change.
	Reverted State = "reverted"
	// Removed: the place is gone, and came back nowhere.
	Removed State = "removed"
	// Dropped: it never stood at the branch's head. Another commit of the same line had replaced it, or the merge took something else.
	Dropped State = "dropped"
)
