package application

import (
	"slices"
	"time"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/syncer"
)

// RulesOf is what the spec says of how objects are compared, applied and deleted, and beside it the sync options that were asked for.
func RulesOf(app *v1alpha1.Application, asked []string) (syncer.Rules, error) {
	options, err := syncer.ParseOptions(slices.Concat(app.Spec.SyncPolicy.SyncOptions, asked))
	if err != nil {
		return syncer.Rules{}, &syncer.RefusedError{Problems: []string{"spec.syncPolicy.syncOptions: " + err.Error()}}
	}
	list := make([]syncer.Ignore, 0, len(app.Spec.IgnoreDifferences))
	for _, entry := range app.Spec.IgnoreDifferences {
		list = append(list, syncer.Ignore{
			Group: entry.Group, Kind: entry.Kind, Name: entry.Name, Namespace: entry.Namespace,
			Pointers: entry.JSONPointers, Expressions: entry.JQPathExpressions, Managers: entry.ManagedFieldsManagers,
		})
	}
	ignores, err := syncer.CompileIgnores(list)
	return syncer.Rules{Options: options, Ignores: ignores}, err
}

// clusterOf names the cluster that an Application deploys to; empty: the one that Fairlead runs in.
func clusterOf(app *v1alpha1.Application) string {
	name := app.Spec.Destination.Name
	if name == "" || name == v1alpha1.InClusterName {
		return ""
	}
	return app.Namespace + "/" + name
}

// approvedAt is when a person has last confirmed deletions; the zero time if never.
func approvedAt(app *v1alpha1.Application) time.Time {
	latest := time.Time{}
	for _, annotation := range []string{v1alpha1.DeletionApprovedAnnotation, v1alpha1.ArgoDeletionApprovedAnnotation} {
		if at, err := time.Parse(time.RFC3339, app.Annotations[annotation]); err == nil && at.After(latest) {
			latest = at
		}
	}
	return latest
}

// approvedSince says whether deletions were confirmed at or after a time. Confirmations are written in whole seconds.
func approvedSince(app *v1alpha1.Application, since time.Time) bool {
	at := approvedAt(app)
	return !at.IsZero() && !at.Before(since.Truncate(time.Second))
}
