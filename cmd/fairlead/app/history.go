package app

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/terminal"
)

// History is what an Application has rolled out.
type History struct{ app *v1alpha1.Application }

// HistoryOf is the history of an Application, as its status has it.
func HistoryOf(app *v1alpha1.Application) History { return History{app: app} }

// numbered is an entry with the number that `rollback` takes.
type numbered struct {
	v1alpha1.HistoryEntry `json:",inline"`

	ID int `json:"id"`
}

// Write writes the history, the newest first. The newest has the number 0.
func (h History) Write(to io.Writer, format terminal.Format, paint terminal.Paint) error {
	entries := make([]numbered, len(h.app.Status.History))
	names := make([]string, len(entries))
	for i := range entries {
		entries[i] = numbered{HistoryEntry: h.app.Status.History[i], ID: i}
		names[i] = entries[i].Revision
	}
	return terminal.WriteObjects(to, format, entries, names, func(text *bytes.Buffer) {
		if len(entries) == 0 {
			text.WriteString("Nothing was rolled out yet.\n")
			return
		}
		table := terminal.Table{}
		table.Add(terminal.Bold, "ID", "REVISION", "TIME", "DURATION", "VERDICT", "AUTHOR", "CHANGE", "IMAGES")
		for _, entry := range entries {
			table.Add(colourOfVerdict(entry.Verdict), strconv.Itoa(entry.ID), revisionIn(entry.Revision, format), entry.Time.UTC().Format(time.RFC3339),
				tookOf(entry), string(entry.Verdict), orNone(entry.Author), orNone(entry.Subject), changesIn(entry, format))
		}
		table.Write(text, paint)
	})
}

func revisionIn(revision string, format terminal.Format) string {
	if format == terminal.Wide {
		return revision
	}
	return short(revision)
}

func tookOf(entry numbered) string {
	if entry.Duration == nil {
		return none
	}
	return entry.Duration.Round(time.Millisecond).String()
}

// changesIn are the changes of images, which are shortened unless there is room.
func changesIn(entry numbered, format terminal.Format) string {
	if format == terminal.Wide {
		return orNone(strings.Join(entry.Changes, ", "))
	}
	changes := make([]string, len(entry.Changes))
	for i, change := range entry.Changes {
		words := strings.Fields(change)
		for j, word := range words {
			if word != "->" {
				words[j] = shortImage(word)
			}
		}
		changes[i] = strings.Join(words, " ")
	}
	return orNone(strings.Join(changes, ", "))
}

func colourOfVerdict(verdict v1alpha1.Verdict) string {
	switch verdict {
	case v1alpha1.VerdictDegraded:
		return terminal.Red
	case v1alpha1.VerdictProgressing:
		return terminal.Yellow
	case v1alpha1.VerdictSuperseded:
		return terminal.Faint
	case v1alpha1.VerdictHealthy:
	}
	return ""
}
