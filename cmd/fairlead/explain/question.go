package explain

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/controllers/choice"
	"github.com/fairlead/fairlead/registry/selection"
)

// Question is what a person asks without a cluster.
type Question struct {
	// Policy is as ReadPolicy returns it.
	Policy *v1alpha1.ImagePolicy
	// Tags are as ReadTags returns them.
	Tags Tags
	// Current is what Git holds; zero: nothing.
	Current selection.Reference
	// Now is the time at which the question is asked.
	Now time.Time
	// Warnings that reading the files gave.
	Warnings []string
}

// Answer decides as the controller would if the registry held these tags, and if all that the files don't say were in
// order: a tag without a time was first seen now, and has every platform that the policy asks for. The error is a
// *selection.PolicyError.
func (q *Question) Answer() (Answer, error) {
	selector, err := choice.Selector(q.Policy)
	if err != nil {
		return Answer{}, err
	}
	in := selection.Input{Tags: selection.NewTags(q.Tags.Names), Now: q.Now, Current: q.Current}
	if selector.NeedsFacts() {
		in.Known = q.facts()
	}
	explained := selector.Explain(in)
	explained.Digest = q.Tags.Facts[explained.Tag].Digest
	return answer(explained, append(q.warnings(), held(selector, explained.Selection, q.Current)...)), nil
}

// unknown stands for a digest that the file doesn't give: an image has one, whether it is known or not.
const unknown = "unknown"

// facts are what the files say of every tag, and what is taken for granted beyond it.
func (q *Question) facts() map[string]selection.Fact {
	facts := make(map[string]selection.Fact, len(q.Tags.Names))
	for _, tag := range q.Tags.Names {
		fact := q.Tags.Facts[tag]
		fact.Digest, fact.Platforms = cmp.Or(fact.Digest, unknown), q.Policy.Spec.Platforms
		facts[tag] = fact
	}
	return facts
}

// warnings say what the files can't.
func (q *Question) warnings() []string {
	warnings, spec := q.Warnings, &q.Policy.Spec
	if len(spec.Platforms) > 0 {
		warnings = append(warnings, fmt.Sprintf("platforms can't be known without the registry: every tag is taken to have %s", strings.Join(spec.Platforms, ", ")))
	}
	if spec.MinimumAge.Duration > 0 {
		for _, tag := range q.Tags.Names {
			if q.Tags.Facts[tag].FirstSeen.IsZero() {
				return append(warnings, "minimumAge: a tag without a time in the third column is taken to be first seen now")
			}
		}
	}
	return warnings
}

// held says why Git keeps what it holds although a tag is chosen. takenBack is what is known to have been taken back there.
func held(selector *selection.Selector, selected selection.Selection, current selection.Reference, takenBack ...selection.Reference) []string {
	if selected.Tag == "" || current == (selection.Reference{}) {
		return nil
	}
	if err := selector.Move(current, selection.Reference{Tag: selected.Tag, Digest: selected.Digest}, takenBack...); err != nil {
		return []string{err.Error()}
	}
	return nil
}
