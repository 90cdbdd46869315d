package application

import (
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/syncer"
)

// behindInterval is the time between two looks at whether other Applications were looked at.
const behindInterval = 200 * time.Millisecond

// left is an object that the revision doesn't hold any more.
type left struct {
	// since is when that was first seen.
	since metav1.Time
	// kept says why it isn't to be pruned, to be read after the ID; empty if it may be.
	kept string
	// extraneous is true if it is no difference by its own word (IgnoreExtraneous).
	extraneous bool
	// settled is true if it stays as it is: it requires no pruning.
	settled bool
}

// guard finds out which of the objects that are left over may be pruned, and what is in the way of the others.
func (r *Reconciler) guard(ctx context.Context, s *scope, plan syncer.Plan) error {
	s.left = make(map[syncer.ID]left, len(plan.Prune))
	if len(plan.Prune) == 0 {
		return nil
	}
	whole, err := r.keepsAll(ctx, s)
	if err != nil {
		return err
	}
	since := leftoverSince(s.app, r.now())
	rules := s.rules
	rules.Confirmed = func(id syncer.ID) bool { return approvedSince(s.app, since(id).Time) }
	for _, id := range plan.Prune {
		entry := left{since: since(id), kept: whole, extraneous: s.live[id] != nil && syncer.MetaOf(s.live[id]).IgnoreExtraneous}
		pruning := rules.Pruning(id, s.live[id])
		other, handed := plan.Handed[id]
		switch {
		case handed:
			entry.kept = fmt.Sprintf("is declared by Application %s by now, and left to it", other)
		case pruning.Waits:
			entry.kept = fmt.Sprintf("is not in the revision any more, and %s: annotate the Application with %s=<the time now, RFC 3339>",
				pruning.Kept, v1alpha1.DeletionApprovedAnnotation)
		case pruning.Kept != "":
			entry.kept, entry.settled = "is not in the revision any more, and "+pruning.Kept, true
		}
		s.left[id] = entry
	}
	s.applier = s.applier.Under(rules)
	return nil
}

// keepsAll says why nothing at all may be pruned now.
func (r *Reconciler) keepsAll(ctx context.Context, s *scope) (string, error) {
	asked, automated := s.asked(), s.app.Spec.SyncPolicy.Automated
	if len(s.desired) == 0 && automated != nil && !automated.AllowEmpty && (asked == nil || !asked.Prune) {
		return "is not in the revision any more; the revision holds no object at all, so that everything would be pruned: " +
			"if that is meant, set syncPolicy.automated.allowEmpty", nil
	}
	var apps v1alpha1.ApplicationList
	if err := r.client.List(ctx, &apps, client.InNamespace(s.key.Namespace)); err != nil {
		return "", fmt.Errorf("list Applications: %w", err)
	}
	for i := range apps.Items {
		other := client.ObjectKeyFromObject(&apps.Items[i])
		if other != s.key && apps.Items[i].DeletionTimestamp == nil && r.claims.behind(other, s.repository.UID, s.head.Revision) {
			s.again = behindInterval
			return "is not in the revision any more; it stays until it is known whether another Application declares it at this revision", nil
		}
	}
	return "", nil
}

// surplus are the objects that are left over and make the cluster differ from the revision.
func (s *scope) surplus() []syncer.ID {
	return slices.DeleteFunc(slices.Clone(s.leftover), func(id syncer.ID) bool { return s.left[id].extraneous })
}

// prunable are the objects that are left over and may be pruned, in the order of deletion.
func (s *scope) prunable() []syncer.ID {
	var ids []syncer.ID
	for _, id := range s.leftover {
		if s.left[id].kept == "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// leftoverSince tells since when an object is left over: as the status says, or from now on.
func leftoverSince(app *v1alpha1.Application, now time.Time) func(syncer.ID) metav1.Time {
	known := map[syncer.ID]metav1.Time{}
	for i := range app.Status.Resources {
		if since := app.Status.Resources[i].LeftoverSince; since != nil {
			known[idOf(&app.Status.Resources[i])] = *since
		}
	}
	return func(id syncer.ID) metav1.Time {
		if since, ok := known[id]; ok {
			return since
		}
		return metav1.NewTime(now)
	}
}

func idOf(resource *v1alpha1.ResourceStatus) syncer.ID {
	return syncer.ID{Group: resource.Group, Version: resource.Version, Kind: resource.Kind, Namespace: resource.Namespace, Name: resource.Name}
}

// lookAgain asks for another look after a while, unless there is one sooner; 0 asks for none.
func (s *scope) lookAgain(after time.Duration) {
	if after > 0 && (s.again == 0 || after < s.again) {
		s.again = after
	}
}
