package gitwriter

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Reason says in one word why talking to a Git server failed. It is stable: callers may turn it into a condition.
type Reason string

const (
	// ReasonInvalidRemote: the Remote can't be used as it is written.
	ReasonInvalidRemote Reason = "InvalidRemote"
	// ReasonAuthentication: the server wants other credentials.
	ReasonAuthentication Reason = "Authentication"
	// ReasonForbidden: the server knows the credentials, and they may not do this.
	ReasonForbidden Reason = "Forbidden"
	// ReasonServerNotTrusted: the server's certificate or host key isn't known, or it doesn't take the client's certificate.
	ReasonServerNotTrusted Reason = "ServerNotTrusted"
	// ReasonProxy: the proxy doesn't connect to the server.
	ReasonProxy Reason = "Proxy"
	// ReasonRepositoryMissing: the server knows no such repository, or shows none to these credentials.
	ReasonRepositoryMissing Reason = "RepositoryMissing"
	// ReasonRepositoryEmpty: the repository has no branch at all.
	ReasonRepositoryEmpty Reason = "RepositoryEmpty"
	// ReasonBranchMissing: the repository has branches, but not this one.
	ReasonBranchMissing Reason = "BranchMissing"
	// ReasonRevisionMissing: the revision isn't in the branch's history.
	ReasonRevisionMissing Reason = "RevisionMissing"
	// ReasonRefused: the server took the push and said no, for a reason that isn't known.
	ReasonRefused Reason = "PushRefused"
	// ReasonBranchProtected: the server took the push and said no, because a rule of it protects the branch.
	ReasonBranchProtected Reason = "BranchProtected"
	// ReasonHookDeclined: the server took the push, and one of its hooks said no.
	ReasonHookDeclined Reason = "HookDeclined"
	// ReasonQuota: the repository, a file in it or the account is at a limit of the server.
	ReasonQuota Reason = "QuotaExceeded"
	// ReasonConflict: others kept moving the branch for as many attempts as one Write makes.
	ReasonConflict Reason = "Conflict"
	// ReasonRedirected: the server sent the request to another place, where credentials mustn't follow.
	ReasonRedirected Reason = "Redirected"
	// ReasonUnavailable: no answer, or one that says "later" (429, 5xx, a lost connection, a timeout).
	ReasonUnavailable Reason = "Unavailable"
	// ReasonProtocol: the answer isn't what the Git protocol asks for, or the server lacks what is needed.
	ReasonProtocol Reason = "Protocol"
	// ReasonTooLarge: the answer is larger than the bound that protects this process.
	ReasonTooLarge Reason = "TooLarge"
)

// Error is a failure on the way to a Git server, or in what it answered. It names the host, never credentials.
type Error struct {
	// Op is what was being done: "read the head", "fetch", "push".
	Op string
	// Host is the server's host and port as the Remote's URL has them; empty if the URL has none.
	Host string
	// Reason classifies the failure.
	Reason Reason
	// Message is for a person: what was found and what to do, the server's own words included.
	Message string
	// Err is the cause, if there is one; its text is part of Message already.
	Err error

	retryAfter time.Duration
	// later: it may be better by itself.
	later bool
}

// Error names operation, host and what to do.
func (e *Error) Error() string {
	if e.Host == "" {
		return e.Op + ": " + e.Message
	}
	return e.Op + " at " + e.Host + ": " + e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Terminal reports that asking again at once can't help: somebody has to change the Remote, the credentials, or
// something on the server. Since the latter isn't seen from here, a slow poll (Refresh at the repository's interval)
// should go on.
func (e *Error) Terminal() bool {
	switch e.Reason {
	case ReasonUnavailable, ReasonConflict:
		return false
	default:
		return !e.later && e.retryAfter == 0 // Hosts answer 403 with Retry-After when a rate limit is used up.
	}
}

// RetryAfter is the time that the server asked to be left alone, or zero.
func (e *Error) RetryAfter() time.Duration { return e.retryAfter }

// TargetError says why one target can't be read or written. It concerns that target's policy alone.
type TargetError struct {
	// File is the target's file as the target names it, Path its key path ("" if the file as a whole is meant).
	File, Path string
	// Message is for a person: what was found and what to do.
	Message string
	// Err is the cause, if there is one (an *edit.Error for what stands in the file); its text is part of Message.
	Err error
}

// Error names the file, and what is wrong there.
func (e *TargetError) Error() string { return e.File + ": " + e.Message }

// Unwrap gives the cause.
func (e *TargetError) Unwrap() error { return e.Err }

// Terminal reports true: the same file and the same target fail in the same way.
func (e *TargetError) Terminal() bool { return true }

// invalidRemote is the error of a Remote that can't be used.
func invalidRemote(host, message string) *Error {
	return &Error{Op: "open the repository", Host: host, Reason: ReasonInvalidRemote, Message: message}
}

// quote shows a foreign string in an error: escaped, and cut where it stops being helpful.
func quote(s string) string { return strconv.Quote(truncate(s, 120)) }

// truncate cuts s to at most limit bytes at a rune's border.
func truncate(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}

// oneLine makes a foreign text fit to stand in a line of its own: control characters and line breaks become spaces,
// runs of spaces one, and what is longer than limit bytes is cut.
func oneLine(s string, limit int) string {
	s = strings.ToValidUTF8(s, "�")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
	return truncate(strings.Join(strings.Fields(s), " "), limit)
}
