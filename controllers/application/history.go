package application

import (
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// historyLimit is the number of entries that the history keeps.
func historyLimit(app *v1alpha1.Application) int {
	const usual = 10
	if limit := app.Spec.RevisionHistoryLimit; limit != nil {
		return int(*limit)
	}
	return usual
}

// begin puts a revision that was applied in front of the history. The one before it, if it isn't over yet, is superseded.
func begin(history []v1alpha1.HistoryEntry, head v1alpha1.Head, images []string, limit int, now time.Time) []v1alpha1.HistoryEntry {
	history = slices.Clone(history)
	if len(history) > 0 {
		conclude(history, v1alpha1.VerdictSuperseded, now)
	}
	entry := v1alpha1.HistoryEntry{
		Revision: head.Revision, Subject: head.Subject, Author: head.Author,
		Time: metav1.NewMicroTime(now), Images: images, Verdict: v1alpha1.VerdictProgressing,
	}
	if len(history) > 0 {
		entry.Changes = changesOf(history[0].Images, images)
	}
	return slices.Insert(history, 0, entry)[:min(limit, len(history)+1)]
}

// changesOf says which images took the place of which: those of the same repository. One that has no counterpart stands
// alone on its side of the arrow.
func changesOf(before, after []string) []string {
	gone := slices.DeleteFunc(slices.Clone(before), func(image string) bool { return slices.Contains(after, image) })
	come := slices.DeleteFunc(slices.Clone(after), func(image string) bool { return slices.Contains(before, image) })
	changes := make([]string, 0, len(come)+len(gone))
	for _, image := range come {
		from := ""
		if i := slices.IndexFunc(gone, func(other string) bool { return repositoryOfImage(other) == repositoryOfImage(image) }); i >= 0 {
			from = gone[i] + " "
			gone = slices.Delete(gone, i, i+1)
		}
		changes = append(changes, from+"-> "+image)
	}
	for _, image := range gone {
		changes = append(changes, image+" ->")
	}
	if len(changes) == 0 {
		return nil
	}
	return changes
}

// repositoryOfImage is an image without its tag and digest.
func repositoryOfImage(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if colon := strings.LastIndexByte(image, ':'); colon > strings.LastIndexByte(image, '/') {
		image = image[:colon]
	}
	return image
}

// judge writes the verdict on the newest rollout once it is over.
func judge(history []v1alpha1.HistoryEntry, health v1alpha1.HealthStatusCode, now time.Time) []v1alpha1.HistoryEntry {
	if len(history) == 0 {
		return history
	}
	history = slices.Clone(history)
	switch health { //nolint:exhaustive // every other health means that it isn't over
	case v1alpha1.HealthHealthy, v1alpha1.HealthSuspended:
		conclude(history, v1alpha1.VerdictHealthy, now)
	case v1alpha1.HealthDegraded:
		conclude(history, v1alpha1.VerdictDegraded, now)
	}
	return history
}

// concludeOf ends the newest rollout if it is that of a revision.
func concludeOf(history []v1alpha1.HistoryEntry, revision string, verdict v1alpha1.Verdict, now time.Time) []v1alpha1.HistoryEntry {
	if len(history) == 0 || history[0].Revision != revision {
		return history
	}
	history = slices.Clone(history)
	conclude(history, verdict, now)
	return history
}

// conclude ends the newest rollout, unless it has ended already.
func conclude(history []v1alpha1.HistoryEntry, verdict v1alpha1.Verdict, now time.Time) {
	if history[0].Verdict != v1alpha1.VerdictProgressing {
		return
	}
	history[0].Verdict = verdict
	history[0].Duration = &metav1.Duration{Duration: now.Sub(history[0].Time.Time).Round(time.Millisecond)}
}
