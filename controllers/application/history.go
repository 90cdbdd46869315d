package application

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead/fairlead/api/v1alpha1"
)

// maxHistory is the number of entries that the history keeps.
const maxHistory = 10

// begin puts a revision that was applied in front of the history. The one before it, if it isn't over yet, is superseded.
func begin(history []v1alpha1.HistoryEntry, head v1alpha1.Head, images []string, now time.Time) []v1alpha1.HistoryEntry {
	history = slices.Clone(history)
	if len(history) > 0 {
		conclude(history, v1alpha1.VerdictSuperseded, now)
	}
	entry := v1alpha1.HistoryEntry{
		Revision: head.Revision, Subject: head.Subject, Author: head.Author,
		Time: metav1.NewMicroTime(now), Images: images, Verdict: v1alpha1.VerdictProgressing,
	}
	return slices.Insert(history, 0, entry)[:min(maxHistory, len(history)+1)]
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

// conclude ends the newest rollout, unless it has ended already.
func conclude(history []v1alpha1.HistoryEntry, verdict v1alpha1.Verdict, now time.Time) {
	if history[0].Verdict != v1alpha1.VerdictProgressing {
		return
	}
	history[0].Verdict = verdict
	history[0].Duration = &metav1.Duration{Duration: now.Sub(history[0].Time.Time).Round(time.Millisecond)}
}
