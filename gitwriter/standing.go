package gitwriter

import (
	"slices"
	"time"
)

// Standing is what a target holds at a head, and what its history says of it. It is read from Git alone: from the values
// that stand there, and from the trailers of the commits that the head reaches.
type Standing struct {
	// Current are the values that stand there, in the order of Target.Values.
	Current []string
	// Written is what was written there by commits with trailers, the newest first; empty if nothing was, in this history.
	// If the newest is what stands there, it is the only one; else there are as many as maxWritten.
	Written []Written
}

// takenBack reports whether something else stands there than what was written last.
func (s Standing) takenBack() bool {
	return len(s.Written) > 0 && !slices.Equal(s.Written[0].Values, s.Current)
}

// Written is what one commit wrote to a target: its trailers say so, and its tree and its parent's bear that out.
type Written struct {
	// Tag and Digest are those of the trailer Image-To; Digest may be empty.
	Tag, Digest string
	// Values are those of the target in the commit's tree, in the order of Target.Values.
	Values []string
	// Policy is the trailer Image-Policy.
	Policy string
	// Revision is the commit, and Time when it was committed.
	Revision string
	Time     time.Time
}

// Commit describes a commit for people.
type Commit struct {
	// Revision is the commit's id, 40 hexadecimal digits.
	Revision string
	// Author, Email and Subject are the commit's, each on one line and of bounded length.
	Author, Email, Subject string
	// Time is when it was committed.
	Time time.Time
}
