package application

import (
	"strings"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/syncer"
)

// maxTaken is how many objects have an event of their own when fields of many are taken over, as where a chart is adopted.
const maxTaken = 5

// tellTaken tells whose fields were set back to what the revision says.
func (r *Reconciler) tellTaken(s *scope) {
	for i, state := range s.taken {
		if more := len(s.taken) - i; i == maxTaken {
			r.recorder.Tell(s.app, nil, v1alpha1.ReasonFieldsTaken, "took fields of %d more objects", more)
			return
		}
		r.recorder.Tell(s.app, nil, v1alpha1.ReasonFieldsTaken, "%s: took %s", state.ID, taken(state.Conflicts))
	}
}

// taken names fields that were set back, and who had set them.
func taken(conflicts []syncer.Conflict) string {
	texts := make([]string, len(conflicts))
	for i, conflict := range conflicts {
		texts[i] = conflict.String()
	}
	return strings.Join(texts, "; ")
}
