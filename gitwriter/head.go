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
}
