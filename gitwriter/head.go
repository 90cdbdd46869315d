package gitwriter

import "time"

// Head is the newest commit of a branch.
type Head struct {
	// Revision is the commit's id, 40 hexadecimal digits.
	Revision string
	// Author, Email and Subject are the commit's, each on one line and of bounded length.
	Author, Email, Subject string
	// Time is when it was committed.
	Time time.Time
	// Replaces is the revision of the head that was known before, if this one doesn't descend from it: somebody rewrote the
	// branch's history by force, or set it back, and it was followed. Empty otherwise.
	Replaces string
}

// Rewrite is a history that was replaced by force: the branch moved From one revision To another that doesn't descend from it.
type Rewrite struct{ From, To string }
