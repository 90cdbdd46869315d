package syncer

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Error is the failure of one operation on one object.
type Error struct {
	// Op is what was being done: "apply", "compare", "prune".
	Op string
	// ID of the object.
	ID ID
	// Err is the cause, with the API server's own words.
	Err error
	// Hint says what to do, where the API server's words don't.
	Hint string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Hint != "" {
		return fmt.Sprintf("%s %s: %s: %s", e.Op, e.ID, wordsOf(e.Err), e.Hint)
	}
	return fmt.Sprintf("%s %s: %s", e.Op, e.ID, wordsOf(e.Err))
}

// maxCause bounds the words of a cause, in bytes. The API server quotes what it refuses, which may be a whole pod template.
const maxCause = 1024

// wordsOf are the words of a cause: if there are too many, their beginning, which names the field, and their end, which says what is
// wrong with it.
func wordsOf(err error) string {
	text := err.Error()
	if len(text) <= maxCause {
		return text
	}
	half := maxCause / 2
	return strings.ToValidUTF8(text[:half], "") + " ... " + strings.ToValidUTF8(text[len(text)-half:], "")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Terminal reports whether the same object will be refused again: its kind's own validation found it invalid, or it
// doesn't fit its kind's schema. What a person may mend elsewhere isn't terminal, because nothing here would see it
// mended: missing rights, quotas, admission webhooks and policies, a namespace that is missing or on its way out.
func (e *Error) Terminal() bool {
	if misfit(e.Err) {
		return true
	}
	status := apierrors.APIStatus(nil)
	if !apierrors.IsInvalid(e.Err) || !errors.As(e.Err, &status) || strings.HasPrefix(status.Status().Message, "admission webhook") {
		return false
	}
	details := status.Status().Details
	if details == nil || len(details.Causes) == 0 {
		return false
	}
	for _, cause := range details.Causes {
		// A ValidatingAdmissionPolicy gives a cause without a field, a kind's own validation names one.
		if cause.Field == "" {
			return false
		}
	}
	return true
}

// goneInterval is the time between two tries while a namespace is on its way out: nobody tells when it is gone.
const goneInterval = time.Second

// RetryAfter is how long the API server asks to wait; zero if it doesn't say.
func (e *Error) RetryAfter() time.Duration {
	if errors.Is(e.Err, errTerminating) || losesNamespace(e.Err) {
		return goneInterval
	}
	seconds, _ := apierrors.SuggestsClientDelay(e.Err)
	return time.Duration(seconds) * time.Second
}

// misfit recognises an object that doesn't fit the schema of its kind: server-side apply answers it with an internal
// error that only its text tells from others.
func misfit(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), "failed to create typed patch object")
}

// refused says whether the API server has understood and refused, as opposed to not having been able to answer.
func refused(err error) bool {
	if misfit(err) {
		return true
	}
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) {
		return false
	}
	switch code := status.Status().Code; code {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooManyRequests:
		return false
	default:
		return code >= 400 && code < 500
	}
}

// maxNamed bounds how many failures an error names.
const maxNamed = 3

// FailuresError is the failure of several objects.
type FailuresError struct {
	// Failures, in the order of the objects. There is at least one.
	Failures []*Error
}

// errorsOf gathers failures; nil if there is none.
func errorsOf(failures []*Error) error {
	if len(failures) == 0 {
		return nil
	}
	return &FailuresError{Failures: failures}
}

// Error names each object, the first three in full.
func (e *FailuresError) Error() string {
	messages := make([]string, len(e.Failures))
	for i, failure := range e.Failures {
		messages[i] = failure.Error()
	}
	return enumerate(messages)
}

// Unwrap returns the failures.
func (e *FailuresError) Unwrap() []error {
	unwrapped := make([]error, len(e.Failures))
	for i, failure := range e.Failures {
		unwrapped[i] = failure
	}
	return unwrapped
}

// Terminal reports whether every failure is terminal: as long as one may pass, trying again can help.
func (e *FailuresError) Terminal() bool {
	for _, failure := range e.Failures {
		if !failure.Terminal() {
			return false
		}
	}
	return true
}

// RetryAfter is the longest wait that was asked for.
func (e *FailuresError) RetryAfter() time.Duration {
	longest := time.Duration(0)
	for _, failure := range e.Failures {
		longest = max(longest, failure.RetryAfter())
	}
	return longest
}

// RefusedError says why the objects of a revision are not to be applied at all. Nothing was sent to the API server.
type RefusedError struct {
	// Problems, one for each thing that is wrong. There is at least one.
	Problems []string
	// Passing is true if all problems may go away without a change of the revision: kinds that aren't known yet, objects
	// that another Application still claims.
	Passing bool
}

// Error names the problems, the first three in full.
func (e *RefusedError) Error() string { return enumerate(e.Problems) }

// Terminal reports whether only a change of the revision can help.
func (e *RefusedError) Terminal() bool { return !e.Passing }

func enumerate(messages []string) string {
	if more := len(messages) - maxNamed; more > 0 {
		return fmt.Sprintf("%s; and %d more", strings.Join(messages[:maxNamed], "; "), more)
	}
	return strings.Join(messages, "; ")
}
