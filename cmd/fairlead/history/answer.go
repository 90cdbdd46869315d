package history

import (
	"fmt"
	"time"

	"github.com/fairlead/fairlead/gitwriter/audit"
)

// Answer is what a history says. Its JSON is described by docs/history.schema.json.
type Answer struct {
	// Revision is the commit whose history it is, empty if there are no commits; Commits is how many there are.
	Revision string `json:"revision"`
	Commits  int    `json:"commits"`
	// Changes are the newest first.
	Changes []audit.Change `json:"changes"`
	// Renames are the files that went on under another name, the newest first.
	Renames []audit.Rename `json:"renames"`
	// Notes say in a sentence each what keeps the answer from being whole.
	Notes []string `json:"notes"`
	// Stats are the figures, if they were asked for.
	Stats *audit.Stats `json:"stats,omitempty"`

	stats bool
}

// tell notes what a person should know about the history as a whole.
func (a *Answer) tell(h *audit.History, exists bool) {
	a.Renames = append(a.Renames, h.Renames...)
	switch {
	case !exists:
		a.Notes = append(a.Notes, "the repository has no commits")
	case len(h.Changes) == 0:
		a.Notes = append(a.Notes, "in this history Fairlead wrote nothing: to see a place that it will write, name it as FILE#KEYPATH")
	}
	if len(h.Cut) > 0 {
		oldest := h.Cut[0]
		for _, c := range h.Cut[1:] {
			if c.Time.Before(oldest.Time) {
				oldest = c
			}
		}
		a.Notes = append(a.Notes, fmt.Sprintf("the history is cut at %s, %s: this is a shallow clone; git fetch --unshallow brings the rest",
			oldest.Commit[:shortCommit], oldest.Time.Format(time.DateOnly)))
	}
}
