package configrepository

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/gitwriter"
)

// look asks the remote for its head when that is due, or a hint says that it moved. In between the head that is known
// counts: a push that was made on an old one is refused by the server and made anew.
func (r *Reconciler) look(ctx context.Context, s *scope) error {
	head, known := s.mirror.Head()
	key := client.ObjectKeyFromObject(s.repository)
	if told := r.hints.due(key, head.Revision, r.now()); known && !told && r.looks.Wait(s.repository, 0) > 0 {
		s.found(head)
		return nil
	}
	r.hints.looked(key, r.now())
	before := head.Revision
	head, err := s.mirror.Refresh(ctx)
	r.countCheck(ctx, key, before, head, err)
	if err != nil {
		s.reason = reasonOf(err)
		r.looks.Delay(s.repository, 0)
		return err
	}
	s.found(head)
	r.looks.Done(s.repository, s.repository.Spec.Interval.Duration)
	return nil
}

// found takes over the head, and notes it if it replaced another by force and nobody was told yet.
func (s *scope) found(head gitwriter.Head) {
	s.result.Head = head
	if told := s.repository.Status.Head; head.Replaces != "" && (told == nil || told.Revision != head.Revision) {
		s.rewrites = append(s.rewrites, gitwriter.Rewrite{From: head.Replaces, To: head.Revision})
	}
}
