package explain

import "github.com/fairlead/fairlead/registry/selection"

// Answer is what a policy takes, and why. Its JSON is described by docs/explain.schema.json.
type Answer struct {
	// Chosen is the tag that is taken, nil if none is.
	Chosen *Chosen `json:"chosen"`
	// Reason says in one line why it is taken, or why none is.
	Reason string `json:"reason"`
	// Tags are all tags, each once: the newest first, then those without a place in the order by their bytes.
	Tags []Tag `json:"tags"`
	// Warnings are what is legal and probably not meant, never nil.
	Warnings []string `json:"warnings"`

	// waiting are the tags whose minimum age runs, the newest first.
	waiting []selection.Waiting
}

// Chosen is the tag that is taken.
type Chosen struct {
	// Tag as it is spelt.
	Tag string `json:"tag"`
	// Digest of the tag, empty if it isn't known.
	Digest string `json:"digest"`
}

// Tag is the verdict on one tag.
type Tag struct {
	// Tag as it is spelt.
	Tag string `json:"tag"`
	// Verdict is one word of a closed list.
	Verdict selection.Verdict `json:"verdict"`
	// Reason is one line.
	Reason string `json:"reason"`
}

// answer turns an explanation into an answer.
func answer(explained selection.Explanation, warnings []string) Answer {
	made := Answer{
		Reason: explained.Reason, Tags: make([]Tag, 0, len(explained.Verdicts)),
		Warnings: append(append([]string{}, warnings...), explained.Warnings...), waiting: explained.Waiting,
	}
	if explained.Tag != "" {
		made.Chosen = &Chosen{Tag: explained.Tag, Digest: explained.Digest}
	}
	for _, v := range explained.Verdicts {
		made.Tags = append(made.Tags, Tag{Tag: v.Tag, Verdict: v.Verdict, Reason: v.Reason})
	}
	return made
}
