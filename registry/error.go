package registry

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Error is a failure at a registry. Its text is the same for the same cause, and holds no secret.
//
// None of them is for ever. A repository may appear (404), and a credential may be mended at the registry without
// anything changing here (401, 403), so that all are tried again; only a name that the registry itself calls invalid
// waits for a change.
type Error struct {
	// Op is what was being done: "list tags of", "resolve", "inspect".
	Op string
	// Registry and Repository name the repository, Tag the tag if one was asked for.
	Registry, Repository, Tag string
	// Host is who answered or didn't: the registry, its token server, or where it redirected to.
	Host string
	// Status is the HTTP status of the answer; 0 if there was none, or if it was understood and was wrong. It may be that
	// of an earlier answer to somebody else, in which the host asked to be left alone: then nothing was sent.
	Status int
	// Code and Message are the registry's own words (OCI distribution specification, "Error codes"), if it had any. They
	// aren't part of the text where the host is to be left alone: some count in them.
	Code, Message string
	// Hint says what to do.
	Hint string
	// Err is why there was no answer, or what was wrong with it; nil if Status is set.
	Err error

	wait time.Duration
}

// Error names the operation, the side, what was found and what to do.
func (e *Error) Error() string {
	ref := e.Registry + "/" + e.Repository
	if e.Tag != "" {
		ref += ":" + e.Tag
	}

	return fmt.Sprintf("%s %s: %s: %s", e.Op, ref, e.found(), e.Hint)
}

// found says what the other side did.
func (e *Error) found() string {
	if e.Status == 0 {
		return fmt.Sprintf("%s: %v", e.Host, e.Err)
	}

	var words []string

	answer := strings.TrimSpace(fmt.Sprintf("%s answered %d %s", e.Host, e.Status, http.StatusText(e.Status)))
	if e.wait > 0 {
		return answer
	}

	for _, word := range []string{e.Code, e.Message} {
		if word != "" {
			words = append(words, word)
		}
	}

	if len(words) == 0 {
		return answer
	}

	return answer + " (" + strings.Join(words, ": ") + ")"
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Terminal reports whether it is useless to try again before something is changed: the image's name, or what was given
// to reach the registry by.
func (e *Error) Terminal() bool {
	_, unusable := errors.AsType[*InputError](e.Err)

	return unusable || e.Status == http.StatusBadRequest && e.Code == "NAME_INVALID"
}

// RetryAfter returns how long the host is left alone, at most an hour: as long as it asked for (429 and 503 with
// Retry-After), or for a growing time after a 429 that didn't say. Nothing is sent to it by then, whoever asks. Zero if
// waiting isn't known to help.
func (e *Error) RetryAfter() time.Duration { return e.wait }
